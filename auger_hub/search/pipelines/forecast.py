"""Forecast time series: learn them in the order of time, and predict how each goes on.

Rows are forecast by their times: a gap is bridged, and rows of the past get the values that were
learned from. What a row gets depends on its time, its series and its own columns alone, never on
the rows that are asked beside it; so one forecast is the same in one piece and in many. Each
prediction becomes the history of later ones: no true value of the future is ever needed, and
cross-validation measures the same. Without a column of times the rows to predict are taken to
follow the training rows. An exported model carries this file along, and what it imports.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, clone

from auger_hub.search.columns import to_dates, to_number
from auger_hub.search.pipelines.series import (
    Series,
    common_season,
    find_season,
    keys_of,
    split_series,
    time_order,
)
from auger_hub.search.time_steps import steps_after, times_at

__all__ = ["LaggedForecaster", "SeasonalNaive", "Unanswerable", "find_season", "time_order"]

Array = np.ndarray[Any, Any]
FARTHEST = 100_000
_MOST_STEPS = 5_000_000  # of all series together
_MOST_PAIRS = 20_000  # of an origin and a row some steps after it, that are learned from
_MOST_GROUPS = 8  # of steps ahead, each with a regressor of its own


class Unanswerable(Exception):
    """A forecast cannot be made; the text is one sentence for the user."""


class Forecaster(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """What forecasters share: the series they learned, and which steps the rows asked are at.

    Args:
        time_column: orders the rows; None to take them as they stand.
        series: columns that tell several series in one table apart.
    """

    time_column: str | None
    series: Sequence[str] = ()

    def fit(self, X: pd.DataFrame, y: Array) -> Forecaster:  # noqa: N803 - sklearn's name
        """Learn the series; their last values are where predictions begin."""
        found = split_series(X, y, self.time_column, self.series)
        self.keys_ = [one.key for one in found]
        self.clocks_ = [None if one.clock is None else dict(one.clock) for one in found]
        self.values_ = np.concatenate([one.values for one in found])
        self.ends_ = np.cumsum([len(one.values) for one in found])
        self._learn(found, X)
        return self

    def leads(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return how many steps each row is after the last of its series; NaN if it has none.

        Raises:
            Unanswerable: a row has no time.
        """
        which, steps = self._locate(X)
        return np.where(which < 0, np.nan, steps)

    def predict(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return the values of rows; NaN for those of unknown series, or before all that is known.

        Raises:
            Unanswerable: a row has no time, or is too far in the future.
        """
        if not hasattr(self, "keys_"):
            self._adopt()
        which, steps = self._locate(X)
        forecast = np.full(len(X), np.nan)
        if len(steps) and steps.max() > FARTHEST:
            text = f"A row is {int(steps.max()):,} steps after the last one that was learned."
            raise Unanswerable(text)
        future = (which >= 0) & (steps > 0)
        if future.any():
            rows = X.iloc[np.flatnonzero(future)]
            forecast[future] = self._future(which[future], steps[future], rows)
        past = np.flatnonzero((which >= 0) & (steps <= 0))
        if len(past):
            forecast[past] = self._past(which[past], steps[past], X.iloc[past])
        return forecast

    def _learn(self, found: Sequence[Series], X: pd.DataFrame) -> None:  # noqa: N803 - sklearn's name
        """Learn from the series of a table."""
        raise NotImplementedError

    def _future(self, which: Array, steps: Array, X: pd.DataFrame) -> Array:  # noqa: N803
        """Return the values of rows: of which series, how many steps after its last value."""
        raise NotImplementedError

    def _adopt(self) -> None:
        """Take over a model that an older hub has stored: it knows a single series."""
        clock = getattr(self, "clock_", None)
        self.keys_, self.clocks_ = [""], [clock]
        self.values_ = self.known_ if clock is not None else np.zeros(1)
        self.ends_ = np.array([len(self.values_)])

    def _history(self, number: int) -> Array:
        """Return the values of one series."""
        begin = self.ends_[number - 1] if number else 0
        return np.asarray(self.values_[begin : self.ends_[number]])

    def _locate(self, X: pd.DataFrame) -> tuple[Array, Array]:  # noqa: N803 - sklearn's name
        """Return for each row its series, -1 for an unknown one, and the steps after its end."""
        if not hasattr(self, "keys_"):
            self._adopt()
        numbers = {key: number for number, key in enumerate(self.keys_)}
        which = np.array([numbers.get(key, -1) for key in keys_of(X, self.series)], dtype=int)
        if self.time_column is None or self.time_column not in X.columns:
            order = time_order(X, self.time_column)
            return which, _places(which, order)
        times = to_dates(X[self.time_column])
        if times.isna().any():
            raise Unanswerable(f"A row has no time in `{self.time_column}`.")
        steps = np.zeros(len(X), dtype=int)
        for number in np.unique(which[which >= 0]):
            rows = np.flatnonzero(which == number)
            clock = self.clocks_[number]
            if clock is None:
                steps[rows] = _places(which[rows], time_order(X.iloc[rows], self.time_column))
                continue
            found = steps_after(clock, times.iloc[rows])
            if "known" in clock:  # of times that are not regular, any later one is another step
                later = (times.iloc[rows] > pd.Timestamp(clock["last"], unit="us")).to_numpy()
                found = np.where(later, np.maximum(found, 1), np.minimum(found, 0))
            steps[rows] = found
        return which, steps

    def _past(self, which: Array, steps: Array, X: pd.DataFrame) -> Array:  # noqa: N803
        """Return what was learned from of rows that are not in the future."""
        values = np.full(len(which), np.nan)
        for number in np.unique(which):
            rows, history, clock = which == number, self._history(number), self.clocks_[number]
            if clock is not None and "known" in clock:
                at = to_dates(X.loc[rows, str(self.time_column)]).dt.as_unit("us")
                stamps = at.to_numpy().astype("int64")
                values[rows] = np.interp(stamps, clock["known"], history, left=np.nan)
            else:
                place = len(history) - 1 + steps[rows]
                values[rows] = np.append(history, np.nan)[np.where(place >= 0, place, len(history))]
        return values


def _places(which: Array, order: Array) -> Array:
    """Return for each row its place among those of its series, from 1."""
    places = np.empty(len(which), dtype=int)
    places[order] = pd.Series(which[order]).groupby(which[order]).cumcount().to_numpy() + 1
    return places


class SeasonalNaive(Forecaster):
    """The last season, repeated: what every other forecast has to beat."""

    def __init__(self, time_column: str | None = None, series: Sequence[str] = ()) -> None:
        self.time_column = time_column
        self.series = series

    def _learn(self, found: Sequence[Series], X: pd.DataFrame) -> None:  # noqa: ARG002, N803
        period = common_season(found)
        self.seasons_ = [one.values[-period:] for one in found]

    def _adopt(self) -> None:
        super()._adopt()
        self.seasons_ = [self.last_season_]

    def _future(self, which: Array, steps: Array, X: pd.DataFrame) -> Array:  # noqa: ARG002, N803
        values = np.empty(len(which))
        for number in np.unique(which):
            rows, season = which == number, self.seasons_[number]
            values[rows] = season[(steps[rows] - 1) % len(season)]
        return values


class LaggedForecaster(Forecaster):
    """A regressor on the row's own columns and the values before it; of many series, one for all.

    With `horizon` 1 it is fed with its own forecasts (recursive); with more, it learns every step
    up to the horizon from what is known where the forecast begins (direct), and feeds itself with
    whole horizons beyond.

    Args:
        regressor: learns from numbers.
        features: transformer of the row's own columns, or None without any.
        time_column: orders the rows.
        lags: how many values before the row are seen, besides the one a season ago.
        difference: learn the change from the last value instead of the value, which follows trends;
            `season`: from the value a season ago.
        series: columns that tell several series apart.
        horizon: steps that are forecast from one origin.
        past: columns that are known of the past only: their last value is seen.
    """

    def __init__(  # noqa: PLR0913 - scikit-learn's form of settings
        self,
        regressor: Any,
        *,
        features: Any = None,
        time_column: str | None = None,
        lags: int = 12,
        difference: bool | str = True,
        series: Sequence[str] = (),
        horizon: int = 1,
        past: Sequence[str] = (),
    ) -> None:
        self.regressor = regressor
        self.features = features
        self.time_column = time_column
        self.lags = lags
        self.difference = difference
        self.series = series
        self.horizon = horizon
        self.past = past

    def _learn(self, found: Sequence[Series], X: pd.DataFrame) -> None:  # noqa: N803 - sklearn's name
        self.season_ = common_season(found)
        self.steps_ = self._steps(max(len(one.rows) for one in found))
        scaled = [self._scale(one.values) for one in found]
        self.centers_, self.scales_, self.lows_, self.highs_ = np.array([s[1:] for s in scaled]).T
        own = self._learn_own(found, X, [s[0] for s in scaled])
        known = [self._past_values(one, X) for one in found]
        self.past_ = np.array([values[-1] for values in known])
        leads = [
            self._pairs(one, sum(len(other.rows) for other in found), number)
            for number, one in enumerate(found)
        ]
        inputs, targets, ahead = [], [], []
        begin = 0
        for one, (values, *_), seen, (rows, lead) in zip(found, scaled, known, leads, strict=True):
            pad = self._reach + self.horizon
            ext = np.concatenate([np.full(pad, values[0]), values])[None, :]
            at = one.at[rows]
            origin = np.maximum(at - lead, 0) + pad
            series = np.zeros(len(rows), dtype=int)
            lagged, base = self._inputs(ext, series, at - lead + pad, lead)
            inputs.append(np.hstack([lagged, seen[origin - pad], own[begin + rows]]))
            targets.append(values[at] - base)
            ahead.append(lead)
            begin += len(one.rows)
        self._fit_regressors(np.vstack(inputs), np.concatenate(targets), np.concatenate(ahead))

    def _fit_regressors(self, inputs: Array, targets: Array, ahead: Array) -> None:
        """Fit one regressor for each group of steps ahead."""
        group = self._group(ahead)
        self.groups_ = np.unique(group)
        self.regressors_ = [
            clone(self.regressor).fit(inputs[group == one], targets[group == one])
            for one in self.groups_
        ]

    def _scale(self, values: Array) -> tuple[Array, float, float, float, float]:
        """Return scaled values, how they were scaled, and how far forecasts may go.

        Fed with its own predictions a regressor may run away: not by more than was ever seen.
        """
        center, scale = float(values.mean()), float(values.std()) or 1.0
        values = (values - center) / scale
        span = float(np.ptp(values)) or 1.0
        return values, center, scale, float(values.min()) - span, float(values.max()) + span

    def _learn_own(
        self,
        found: Sequence[Series],
        X: pd.DataFrame,  # noqa: N803 - sklearn's name
        scaled: Sequence[Array],
    ) -> Array:
        """Return what is learned from the rows' own columns, series after series."""
        rows = np.concatenate([one.rows for one in found])
        self.features_ = clone(self.features) if self.features is not None else None
        if self.features_ is None:
            return np.empty((len(rows), 0))
        values = [one[series.at] for one, series in zip(scaled, found, strict=True)]
        own = self.features_.fit_transform(X.iloc[rows], np.concatenate(values))
        return np.asarray(own, dtype=float)

    def _past_values(self, one: Series, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return the columns of the past at every step of a series, each as last known."""
        table = pd.DataFrame(
            {name: to_number(X[name].iloc[one.rows]).to_numpy() for name in self.past},
            index=one.at,
        )
        table = table[~table.index.duplicated(keep="last")].reindex(range(len(one.values)))
        return np.asarray(table.ffill().fillna(0.0).to_numpy(dtype=float))

    def _pairs(self, one: Series, rows: int, number: int) -> tuple[Array, Array]:
        """Return rows to learn from, and how many steps each is after where its forecast begins."""
        first = min(max(self.steps_), max(1, len(one.values) // 2))
        late = np.flatnonzero(one.at >= first)
        if not len(late):
            late = np.arange(len(one.rows))
        if self.horizon == 1:
            return late, np.ones(len(late), dtype=int)
        leads = np.arange(1, self.horizon + 1)
        row, lead = (part.ravel() for part in np.meshgrid(late, leads, indexing="ij"))
        fits = (one.at[row] - lead >= min(first, len(one.values) // 4) - 1) | (lead == 1)
        row, lead = row[fits], lead[fits]
        most = max(self.horizon, int(_MOST_PAIRS * len(one.rows) / rows))
        if len(row) > most:
            kept = np.sort(np.random.default_rng(number).choice(len(row), most, replace=False))
            row, lead = row[kept], lead[kept]
        return row, lead

    @property
    def _reach(self) -> int:
        """Return how many values before a forecast are seen."""
        return max(*self.steps_, self.season_) if len(self.steps_) else self.season_

    def _inputs(self, ext: Array, row: Array, origin: Array, lead: Array) -> tuple[Array, Array]:
        """Return what is seen of values, and from what the change is learned.

        Args:
            ext: values of series, one a row of the array.
            row: whose.
            origin: the place of the last known value.
            lead: steps after it.
        """
        lags = np.stack([ext[row, origin + 1 - step] for step in self.steps_], axis=1)
        last = lags[:, 0]
        is_direct = self.horizon > 1
        if not is_direct and self.difference != "season":
            return self._shifted(lags), last if self.difference else np.zeros(len(lags))
        back = self.season_ * -(-lead // self.season_)
        phase = ext[row, origin + lead - back]
        base = {"season": phase, True: last}.get(self.difference, np.zeros(len(lags)))
        more = (phase - last if self.difference else phase)[:, None]
        ahead = (lead / self.horizon)[:, None] if is_direct else np.empty((len(lags), 0))
        return np.hstack([self._shifted(lags), more, ahead]), base

    def _group(self, lead: Array) -> Array:
        """Return which regressor forecasts so many steps ahead."""
        return np.asarray((lead - 1) * min(self.horizon, _MOST_GROUPS) // self.horizon)

    def _adopt(self) -> None:
        super()._adopt()
        self.horizon, self.past = 1, ()
        self.groups_, self.regressors_ = np.zeros(1, dtype=int), [self.regressor_]
        self.centers_, self.scales_ = np.array([self.center_]), np.array([self.scale_])
        self.lows_, self.highs_ = (np.array([bound]) for bound in self.bounds_)
        self.past_ = np.empty((1, 0))
        if self.clocks_[0] is None:
            self.values_ = self.history_ * self.scale_ + self.center_
            self.ends_ = np.array([len(self.values_)])

    def _future(self, which: Array, steps: Array, X: pd.DataFrame) -> Array:  # noqa: N803
        """Return forecasts: a path for each series, then what the rows' own columns change."""
        chosen, place = np.unique(which, return_inverse=True)
        farthest = int(steps.max())
        if len(chosen) * farthest > _MOST_STEPS:
            raise Unanswerable(
                f"{len(chosen):,} series of {farthest:,} steps are too many at once."
            )
        in_time = self.clocks_[chosen[0]] is not None
        others = [n for n in X.columns if n != self.time_column and n not in self.series]
        others = [name for name in others if name not in self.past]
        if in_time:
            own = self._own_columns(self._unasked(chosen, farthest, X.iloc[:0]))
        else:
            own = self._own_columns(_laid_out(X, place, steps, (len(chosen), farthest)))
        ext = self._paths(chosen, own.reshape(len(chosen), farthest, -1))
        begin = ext.shape[1] - farthest
        path = ext[place, begin + steps - 1]
        if in_time and others and self.features_ is not None:
            block = (steps - 1) // self.horizon
            origin = begin - 1 + block * self.horizon
            lead = steps - block * self.horizon
            lagged, base = self._inputs(ext, place, origin, lead)
            inputs = np.hstack([lagged, self.past_[which], self._own_columns(X)])
            path = self._bounded(self._regress(inputs, lead) + base, which)
        return np.asarray(path * self.scales_[which] + self.centers_[which])

    def _own_columns(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        if self.features_ is None:
            return np.empty((len(X), 0))
        return np.asarray(self.features_.transform(X), dtype=float)

    def _paths(self, chosen: Array, own: Array) -> Array:
        """Return for each series the values before its forecast, and the forecast of all steps."""
        count, farthest, _ = own.shape
        reach = self._reach
        ext = np.empty((count, reach + farthest))
        for place, number in enumerate(chosen):
            history = (self._history(number) - self.centers_[number]) / self.scales_[number]
            short = max(0, reach - len(history))
            ext[place, :reach] = np.concatenate([np.full(short, history[0]), history[-reach:]])
        for begin in range(0, farthest, self.horizon):
            leads = np.arange(1, min(self.horizon, farthest - begin) + 1)
            row, lead = np.repeat(np.arange(count), len(leads)), np.tile(leads, count)
            lagged, base = self._inputs(ext, row, np.full(len(row), reach + begin - 1), lead)
            seen = [lagged, self.past_[chosen[row]], own[row, begin + lead - 1]]
            forecast = self._regress(np.hstack(seen), lead) + base
            at = slice(reach + begin, reach + begin + len(leads))
            ext[:, at] = self._bounded(forecast, chosen[row]).reshape(count, -1)
        return ext

    def _regress(self, inputs: Array, lead: Array) -> Array:
        group, values = self._group(lead), np.empty(len(lead))
        for one in np.unique(group):
            # Steps that no row was far enough for are forecast by the nearest that had some.
            nearest = int(np.argmin(np.abs(self.groups_ - one)))
            values[group == one] = self.regressors_[nearest].predict(inputs[group == one])
        return values

    def _bounded(self, values: Array, which: Array) -> Array:
        return np.asarray(np.clip(values, self.lows_[which], self.highs_[which]))

    def _unasked(self, chosen: Array, farthest: int, like: pd.DataFrame) -> pd.DataFrame:
        """Return a row for each series and step of which nothing but its time is known."""
        steps = np.arange(1, farthest + 1)
        rows = like.reindex(range(len(chosen) * farthest))
        times = [pd.Series(times_at(self.clocks_[number], steps)) for number in chosen]
        rows[str(self.time_column)] = pd.concat(times, ignore_index=True)
        for place, name in enumerate(self.series):
            values = [self.keys_[number].split("\x1f")[place] for number in chosen]
            rows[name] = np.repeat(np.array(values, dtype=object), farthest)
        return rows

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


def _laid_out(
    X: pd.DataFrame,  # noqa: N803 - sklearn's name
    place: Array,
    steps: Array,
    shape: tuple[int, int],
) -> pd.DataFrame:
    """Return the rows series after series, step after step."""
    at = place * shape[1] + steps - 1
    return X.set_axis(at).reindex(range(shape[0] * shape[1]))
