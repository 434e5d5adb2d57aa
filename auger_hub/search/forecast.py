"""Forecasters: they learn a series in the order of time and say how it goes on.

The rows to predict are taken to follow the training rows. Each prediction becomes the history of
the next one: no true value of the future is ever needed, and cross-validation measures the same.
An exported model carries this file along, and `columns.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, clone

from auger_hub.search.columns import to_dates

Array = np.ndarray[Any, Any]
LONGEST_SEASON = 400
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


class SeasonalNaive(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """The last season, repeated: what every other forecast has to beat."""

    def __init__(self, time_column: str | None = None) -> None:
        self.time_column = time_column

    def fit(self, X: pd.DataFrame, y: Array) -> SeasonalNaive:  # noqa: N803 - sklearn's name
        """Keep the last season of the series."""
        series = np.asarray(y, dtype=float)[time_order(X, self.time_column)]
        self.last_season_ = series[-find_season(series) :]
        return self

    def predict(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return the last season over and over."""
        forecast = np.empty(len(X))
        forecast[time_order(X, self.time_column)] = np.resize(self.last_season_, len(X))
        return forecast


class LaggedForecaster(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # the same
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
        order = time_order(X, self.time_column)
        series = np.asarray(y, dtype=float)[order]
        self.season_ = find_season(series)
        self.center_, self.scale_ = float(series.mean()), float(series.std()) or 1.0
        series = (series - self.center_) / self.scale_
        self.steps_ = self._steps(len(series))
        self.features_ = clone(self.features) if self.features is not None else None
        reach = max(self.steps_)
        inputs = [np.stack([series[reach - k : len(series) - k] for k in self.steps_], axis=1)]
        base = inputs[0][:, :1]
        inputs[0] = self._shifted(inputs[0])
        if self.features_ is not None:
            own = self.features_.fit_transform(X.iloc[order], series)
            inputs.append(np.asarray(own, dtype=float)[reach:])
        target = series[reach:] - base[:, 0] if self.difference else series[reach:]
        self.regressor_ = clone(self.regressor).fit(np.hstack(inputs), target)
        self.history_ = series[-reach:]
        # Fed with its own predictions a regressor may run away: not by more than was ever seen.
        span = float(np.ptp(series))
        self.bounds_ = (float(series.min()) - span, float(series.max()) + span)
        return self

    def predict(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return the values of rows that follow the training rows, each seeing the ones before."""
        order = time_order(X, self.time_column)
        own = np.empty((len(X), 0))
        if self.features_ is not None:
            own = np.asarray(self.features_.transform(X.iloc[order]), dtype=float)
        series = [*self.history_]
        for row in own:
            lags = np.array([[series[-k] for k in self.steps_]])
            inputs = np.hstack([self._shifted(lags), row[None, :]])
            base = series[-1] if self.difference else 0.0
            step = base + float(self.regressor_.predict(inputs)[0])
            series.append(float(np.clip(step, *self.bounds_)))
        forecast = np.empty(len(X))
        forecast[order] = series[len(self.history_) :]
        return forecast * self.scale_ + self.center_

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
