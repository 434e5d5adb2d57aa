"""Forecast with an interval: as wide as forecasts from earlier origins were wrong.

Split conformal prediction on rolling origins: errors are divided by how large they are so many
steps ahead, and by how much the series changes from step to step, so that those of all steps and
series are of one kind (Xu and Xie, "Conformal prediction interval for dynamic time-series", 2021,
has the idea of such residuals). An exported model carries this file along.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, clone

from auger_hub.search.pipelines.origins import count_origins, rolling_origins, steps_to_end
from auger_hub.search.pipelines.series import keys_of, split_series

Array = np.ndarray[Any, Any]
LEVEL = 0.9
ORIGINS = 12
_FEWEST_ERRORS = 10
_DIGITS = 12
_SECONDS = 60.0


class IntervalForecaster(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """A forecaster, or a mean of some, with intervals around what it forecasts.

    Args:
        forecaster: is fitted on all rows, and before on those up to some origins.
        time_column: orders the rows.
        series: columns that tell several series apart.
        horizon: steps ahead for which errors are measured.
        level: the share of truths that lie in their intervals.
        seconds: that measuring errors may take, about.
    """

    def __init__(  # noqa: PLR0913 - scikit-learn's form of settings
        self,
        forecaster: Any,
        *,
        time_column: str | None = None,
        series: Sequence[str] = (),
        horizon: int = 1,
        level: float = LEVEL,
        seconds: float = _SECONDS,
    ) -> None:
        self.forecaster = forecaster
        self.time_column = time_column
        self.series = series
        self.horizon = horizon
        self.level = level
        self.seconds = seconds

    def fit(self, X: pd.DataFrame, y: Array) -> IntervalForecaster:  # noqa: N803 - sklearn's name
        """Fit the forecaster, and learn how wrong it is so many steps ahead."""
        found = split_series(X, y, self.time_column, self.series)
        changes = [
            np.abs(np.diff(one.values)).mean() if len(one.values) > 1 else 0 for one in found
        ]
        usual = float(np.mean(changes)) or 1.0
        self.keys_ = [one.key for one in found]
        self.scales_ = np.array([change or usual for change in changes])
        self._learn_widths(*self._errors(X, np.asarray(y, dtype=float)))
        self.forecaster_ = clone(self.forecaster).fit(X, y)
        return self

    def predict(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return the values of rows, to as many digits as do not depend on how they are asked."""
        values = np.asarray(self.forecaster_.predict(X), dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.floor(np.log10(np.abs(values)))
        unit = 10.0 ** np.clip(_DIGITS - 1 - np.where(np.isfinite(size), size, 0), -290, 290)
        with np.errstate(over="ignore"):
            rounded = np.round(values * unit) / unit
        return np.where(np.isfinite(rounded), rounded, values)

    def leads(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return how many steps each row is after the last of its series; NaN if it has none."""
        return np.asarray(_one_of(self.forecaster_).leads(X), dtype=float)

    def forecast(self, X: pd.DataFrame) -> tuple[Array, Array, Array]:  # noqa: N803
        """Return values with the lower and the upper end of their intervals.

        Rows of the past have no width; where errors could not be measured, the ends are NaN.
        """
        values, leads = self.predict(X), self.leads(X)
        scales = dict(zip(self.keys_, self.scales_, strict=True))
        scale = np.array([scales.get(key, np.nan) for key in keys_of(X, self.series)])
        if not len(self.widths_):
            half = np.full(len(values), np.nan)
        else:
            place = np.clip(np.nan_to_num(leads, nan=1) - 1, 0, len(self.widths_) - 1).astype(int)
            beyond = np.sqrt(np.maximum(np.nan_to_num(leads, nan=1) / len(self.widths_), 1))
            half = self.widths_[place] * beyond * scale
        half = np.where(leads <= 0, 0.0, half)
        return values, values - half, values + half

    def _errors(self, X: pd.DataFrame, y: Array) -> tuple[Array, Array]:  # noqa: N803
        """Return errors of forecasts from earlier origins, scaled, and how far ahead they were."""
        began = time.monotonic()
        steps, keys = steps_to_end(X, self.time_column), keys_of(X, self.series).astype(str)
        scale = dict(zip(self.keys_, self.scales_, strict=True))
        stride = max(1, self.horizon // 2)
        origins = count_origins(steps, self.horizon, ORIGINS, stride=stride)
        errors, leads = [np.empty(0)], [np.empty(0)]
        folds = rolling_origins(steps, keys, self.horizon, origins, stride=stride)
        for train, test in reversed(folds):
            if time.monotonic() - began > self.seconds:
                break
            model = clone(self.forecaster).fit(X.iloc[train], y[train])
            asked = X.iloc[test]
            size = np.array([scale[key] for key in keys[test]])
            errors.append(np.abs(y[test] - model.predict(asked)) / size)
            leads.append(_one_of(model).leads(asked))
        return np.concatenate(errors), np.concatenate(leads)

    def _learn_widths(self, errors: Array, leads: Array) -> None:
        """Learn the half width for each number of steps ahead, in changes of a series."""
        known = np.isfinite(errors) & (leads > 0)
        errors, leads = errors[known], leads[known]
        self.widths_ = np.empty(0)
        if len(errors) < _FEWEST_ERRORS:
            return
        from sklearn.isotonic import IsotonicRegression

        ahead = np.arange(1, self.horizon + 1)
        growth = IsotonicRegression(out_of_bounds="clip").fit(leads, errors).predict(ahead)
        growth = np.maximum(growth, max(growth.max() * 1e-3, 1e-12))
        scores = np.sort(errors / growth[np.clip(leads, 1, self.horizon).astype(int) - 1])
        rank = int(np.ceil((len(scores) + 1) * self.level)) - 1
        self.widths_ = growth * scores[min(rank, len(scores) - 1)]


def _one_of(forecaster: Any) -> Any:
    """Return a forecaster that knows the times: of a mean the first of its members."""
    return forecaster if hasattr(forecaster, "leads") else forecaster.estimators_[0]
