"""Forecast a series: learn it in the order of time, and predict how it goes on.

Each prediction becomes the history of the next one: no true value of the future is ever needed, and
cross-validation measures the same. Rows are forecast by their times: a gap is bridged, and rows of
the past get the values that were learned from. Without regular times, the rows to predict are taken
to follow the training rows. An exported model carries this file along, and what it imports.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, clone

from auger_hub.search.columns import to_dates
from auger_hub.search.time_steps import find_clock, steps_after, times_at

Array = np.ndarray[Any, Any]
LONGEST_SEASON = 400
FARTHEST = 100_000
GRID_AT_MOST = 4
CLEAR_SEASON = 0.3  # autocorrelation above which a period is believed


def find_season(series: Array) -> int:
    """Return the period of a series: the clearest autocorrelation of its changes, or 1."""
    change = np.diff(series)
    change = change - change.mean() if len(change) else change
    power = float(change @ change)
    longest = min(len(change) // 3, LONGEST_SEASON)
    if longest < 3 or power == 0:
        return 1
    spectrum = np.fft.rfft(change, 2 * len(change))
    shared = np.fft.irfft(spectrum * spectrum.conj())[: longest + 1] / power
    inner = shared[2:-1]
    peaks = (inner >= shared[1:-2]) & (inner >= shared[3:]) & (inner > CLEAR_SEASON)
    return int(np.argmax(np.where(peaks, inner, -1)) + 2) if peaks.any() else 1


def time_order(X: pd.DataFrame, time_column: str | None) -> Array:  # noqa: N803 - sklearn's name
    """Return the positions of the rows in the order of time; without a column, as they stand."""
    if time_column is None or time_column not in X.columns:
        return np.arange(len(X))
    return np.argsort(to_dates(X[time_column]).to_numpy(), kind="stable")


class Unanswerable(Exception):
    """A forecast cannot be made; the text is one sentence for the user."""


class _Series:
    """The rows of a series on the steps of its times, gaps filled on a straight line.

    `at` says at which step each row is, in the order of time; `clock` is None where the times are
    not regular, and each row is a step.
    """

    def __init__(self, X: pd.DataFrame, y: Array, time_column: str | None) -> None:  # noqa: N803 - sklearn's name
        self.order = time_order(X, time_column)
        values = np.asarray(y, dtype=float)[self.order]
        self.clock = None
        self.at, self.values = np.arange(len(values)), values
        if time_column is None or time_column not in X.columns:
            return
        times = to_dates(X[time_column]).iloc[self.order]
        clock = find_clock(times)
        if clock is None:
            return
        steps = steps_after(clock, times)
        at = steps - steps[0]
        if at[-1] < len(values) * GRID_AT_MOST and (np.diff(at) > 0).all():
            self.clock, self.at = clock, at
            self.values = np.interp(np.arange(at[-1] + 1), at, values)


class _Forecaster(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """What forecasters share: which steps the rows asked for are at."""

    time_column: str | None

    def _learn_times(self, series: _Series) -> None:
        self.clock_ = series.clock
        self.known_ = series.values if series.clock is not None else np.empty(0)

    def predict(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return the values of rows: forecast by their times, or as they follow the training rows.

        Raises:
            Unanswerable: a row has no time, or is too far in the future.
        """
        clock = getattr(self, "clock_", None)  # models of older hubs have none
        forecast = np.empty(len(X))
        if clock is None or self.time_column not in X.columns:
            order = time_order(X, self.time_column)
            forecast[order] = self._follow(X.iloc[order])
            return forecast
        times = to_dates(X[self.time_column])
        if times.isna().any():
            raise Unanswerable(f"A row has no time in `{self.time_column}`.")
        steps = steps_after(clock, times)
        farthest = int(steps.max()) if len(steps) else 0
        if farthest > FARTHEST:
            raise Unanswerable(f"A row is {farthest:,} steps after the last one that was learned.")
        is_future = steps > 0
        if is_future.any():
            path = self._follow(self._every_step(X, steps, farthest, clock))
            forecast[is_future] = path[steps[is_future] - 1]
        place = len(self.known_) - 1 + steps[~is_future]
        past = np.append(self.known_, np.nan)
        forecast[~is_future] = past[np.where(place >= 0, place, len(self.known_))]
        return forecast

    def _every_step(
        self,
        X: pd.DataFrame,  # noqa: N803 - sklearn's name
        steps: Array,
        farthest: int,
        clock: Any,
    ) -> pd.DataFrame:
        """Return a row for each step up to the farthest: of those not asked for, the time alone."""
        first = pd.Series(np.arange(len(steps)), index=steps)
        first = first[~first.index.duplicated() & (first.index > 0)]
        if len(first) == farthest:
            return X.iloc[first.sort_index().to_numpy()]
        rows = X.iloc[first.to_numpy()].set_axis(first.index).reindex(range(1, farthest + 1))
        times = pd.Series(times_at(clock, np.arange(1, farthest + 1)), index=rows.index)
        asked = to_dates(X[self.time_column]).iloc[first.to_numpy()].set_axis(first.index)
        times[asked.index] = asked
        return rows.assign(**{str(self.time_column): times})

    def _follow(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return the values of rows that follow the training rows one by one."""
        raise NotImplementedError


class SeasonalNaive(_Forecaster):
    """The last season, repeated: what every other forecast has to beat."""

    def __init__(self, time_column: str | None = None) -> None:
        self.time_column = time_column

    def fit(self, X: pd.DataFrame, y: Array) -> SeasonalNaive:  # noqa: N803 - sklearn's name
        """Keep the last season of the series."""
        series = _Series(X, y, self.time_column)
        self._learn_times(series)
        self.last_season_ = series.values[-find_season(series.values) :]
        return self

    def _follow(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return the last season over and over."""
        return np.resize(self.last_season_, len(X))


class LaggedForecaster(_Forecaster):
    """A regressor on the row's own features and the values before it.

    Args:
        regressor: learns from numbers.
        features: transformer of the row's features, or None without any.
        time_column: orders the rows.
        lags: how many values before the row are seen, besides the one a season ago.
        difference: learn the change from the last value instead of the value: follows trends.
    """

    def __init__(
        self,
        regressor: Any,
        *,
        features: Any = None,
        time_column: str | None = None,
        lags: int = 12,
        difference: bool = True,
    ) -> None:
        self.regressor = regressor
        self.features = features
        self.time_column = time_column
        self.lags = lags
        self.difference = difference

    def fit(self, X: pd.DataFrame, y: Array) -> LaggedForecaster:  # noqa: N803 - sklearn's name
        """Learn the series; its last values are where predictions begin."""
        rows = _Series(X, y, self.time_column)
        self._learn_times(rows)
        series = rows.values
        self.season_ = find_season(series)
        self.center_, self.scale_ = float(series.mean()), float(series.std()) or 1.0
        series = (series - self.center_) / self.scale_
        self.steps_ = self._steps(len(rows.order))
        self.features_ = clone(self.features) if self.features is not None else None
        reach = max(self.steps_)
        at = rows.at[rows.at >= reach]
        inputs = [np.stack([series[at - k] for k in self.steps_], axis=1)]
        base = inputs[0][:, :1]
        inputs[0] = self._shifted(inputs[0])
        if self.features_ is not None:
            own = self.features_.fit_transform(X.iloc[rows.order], series[rows.at])
            inputs.append(np.asarray(own, dtype=float)[rows.at >= reach])
        target = series[at] - base[:, 0] if self.difference else series[at]
        self.regressor_ = clone(self.regressor).fit(np.hstack(inputs), target)
        self.history_ = series[-reach:]
        # Fed with its own predictions a regressor may run away: not by more than was ever seen.
        span = float(np.ptp(series))
        self.bounds_ = (float(series.min()) - span, float(series.max()) + span)
        return self

    def _follow(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return the values of rows that follow the training rows, each seeing the ones before."""
        own = np.empty((len(X), 0))
        if self.features_ is not None:
            own = np.asarray(self.features_.transform(X), dtype=float)
        series = [*self.history_]
        for row in own:
            lags = np.array([[series[-k] for k in self.steps_]])
            inputs = np.hstack([self._shifted(lags), row[None, :]])
            base = series[-1] if self.difference else 0.0
            step = base + float(self.regressor_.predict(inputs)[0])
            series.append(float(np.clip(step, *self.bounds_)))
        return np.array(series[len(self.history_) :]) * self.scale_ + self.center_

    def _steps(self, rows: int) -> list[int]:
        """Return how far back each lag looks, the nearest first; at most a third of the series."""
        most = max(1, rows // 3)
        season = [self.season_] if self.season_ > 1 else []
        return sorted({k for k in (*range(1, self.lags + 1), *season) if k <= most})

    def _shifted(self, lags: Array) -> Array:
        """Return lags as distances from the last value when changes are learned."""
        if not self.difference:
            return lags
        return np.hstack([lags[:, :1] - lags[:, -1:], lags[:, 1:] - lags[:, :1]])
