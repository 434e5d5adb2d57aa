"""Forecast each series by a model of its own: exponential smoothing, theta, ARIMA.

statsmodels fits them; what is kept are plain numbers, from which this file alone forecasts. So a
stored model has no class of statsmodels in it, and an export, which carries this file along, needs
none of it. statsforecast would be faster, but holds pandas or scipy to versions before those that
this package is tested with.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from auger_hub.search.pipelines.forecast import Forecaster
from auger_hub.search.pipelines.series import Series, common_season

Array = np.ndarray[Any, Any]
Fitted = dict[str, Any]
LONGEST_HISTORY = 1_000  # values; older ones say little about the next, and cost as much
LONGEST_SEASON = 60  # of the smoothing, which learns a value for each of its steps
_FEWEST = 8
_ITERATIONS = 50
_RATE = 0.98  # at most, by which a damped trend goes on


class _LocalForecaster(Forecaster):
    """A model for each series; the last season again where a series is too short for one."""

    def _learn(self, found: Sequence[Series], X: pd.DataFrame) -> None:  # noqa: ARG002, N803
        period = common_season(found)
        self.models_ = [self._model(one.values[-LONGEST_HISTORY:], period) for one in found]

    def _model(self, values: Array, period: int) -> Fitted:
        period = period if len(values) >= 2 * period + 2 else 1
        fitted = None
        if len(values) >= _FEWEST and np.ptp(values) > 0:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # whatever statsmodels thinks: it is scored
                fitted = self._fit_one(values, period)
        return fitted or {"kind": "naive", "season": values[-period:]}

    def _fit_one(self, values: Array, period: int) -> Fitted | None:
        """Return the model of one series; None when it cannot be fitted."""
        raise NotImplementedError

    def _future(self, which: Array, steps: Array, X: pd.DataFrame) -> Array:  # noqa: ARG002, N803
        values = np.empty(len(which))
        for number in np.unique(which):
            rows = which == number
            values[rows] = _forecast(self.models_[number], steps[rows])
        return values


class ExponentialSmoothing(_LocalForecaster):
    """Level, trend and season, each smoothed: Hyndman et al., 2002, without multiplied trends.

    Args:
        trend: `none`, `add`, `damped`, or `auto`: the one with the lowest AICc.
        season: `none`, `add`, `mul`, or `auto` likewise.
    """

    def __init__(
        self,
        time_column: str | None = None,
        series: Sequence[str] = (),
        *,
        trend: str = "auto",
        season: str = "auto",
    ) -> None:
        self.time_column = time_column
        self.series = series
        self.trend = trend
        self.season = season

    def _fit_one(self, values: Array, period: int) -> Fitted | None:
        adjusted, factors = values, np.ones(1)
        if period > LONGEST_SEASON:
            adjusted, factors = _deseasonalized(values, period)
            period = 1
        seasons = ["none"] if period == 1 else ["none", "add", "mul"]
        if self.season != "auto" and period > 1:
            seasons = [self.season]
        if values.min() <= 0:
            seasons = ["add" if season == "mul" else season for season in seasons]
        trends = ["none", "add", "damped"] if self.trend == "auto" else [self.trend]
        tried = [_smooth(adjusted, trends[0], season, period) for season in dict.fromkeys(seasons)]
        best = min(tried, key=lambda one: one["aicc"])
        tried = [_smooth(adjusted, trend, best["form"], period) for trend in trends[1:]]
        best = min([best, *tried], key=lambda one: one["aicc"])
        return {**best, "factors": factors} if np.isfinite(best["aicc"]) else None


def _smooth(values: Array, trend: str, season: str, period: int) -> Fitted:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    try:
        fitted = ETSModel(
            values,
            error="add",
            trend=None if trend == "none" else "add",
            damped_trend=trend == "damped",
            seasonal=None if season == "none" else season,
            seasonal_periods=None if season == "none" else period,
            initialization_method="heuristic",
        ).fit(disp=False, maxiter=_ITERATIONS)
    except (ValueError, np.linalg.LinAlgError):  # too short for this form
        return {"aicc": np.inf, "form": season}
    params = dict(zip(fitted.model.param_names, fitted.params, strict=True))
    last = period if season != "none" else 1
    return {
        "kind": "smoothing",
        "aicc": float(fitted.aicc) if np.isfinite(fitted.aicc) else np.inf,
        "form": season,
        "level": float(fitted.level[-1]),
        "slope": float(fitted.slope[-1]) if trend != "none" else 0.0,
        "rate": min(float(params["damping_trend"]), _RATE) if trend == "damped" else 1.0,
        "season": np.asarray(fitted.season[-last:]) if season != "none" else np.zeros(1),
    }


class Theta(_LocalForecaster):
    """Simple smoothing with half of the trend: Assimakopoulos and Nikolopoulos, 2000.

    Args:
        season: `ratio`, to take it out before, or `none`.
    """

    def __init__(
        self,
        time_column: str | None = None,
        series: Sequence[str] = (),
        *,
        season: str = "ratio",
    ) -> None:
        self.time_column = time_column
        self.series = series
        self.season = season

    def _fit_one(self, values: Array, period: int) -> Fitted | None:
        from statsmodels.tsa.forecasting.theta import ThetaModel

        adjusted, factors = _deseasonalized(values, period if self.season == "ratio" else 1)
        fitted = ThetaModel(adjusted, deseasonalize=False).fit(disp=False)
        parts = fitted.forecast_components(steps=2).to_numpy(dtype=float)
        trend, level = parts[:, 0], parts[:, 1]
        return {
            "kind": "smoothing",
            "form": "none",
            "level": float(level[0] + 0.5 * (2 * trend[0] - trend[1])),
            "slope": float(0.5 * (trend[1] - trend[0])),
            "rate": 1.0,
            "season": np.zeros(1),
            "factors": factors,
        }


class ARIMA(_LocalForecaster):
    """Autoregression of the differenced series, and of its errors, with a season.

    Args:
        order: of autoregression, differences and moving average.
        seasonal_order: the same, a season apart.
    """

    def __init__(
        self,
        time_column: str | None = None,
        series: Sequence[str] = (),
        *,
        order: Sequence[int] = (1, 1, 1),
        seasonal_order: Sequence[int] = (0, 1, 1),
    ) -> None:
        self.time_column = time_column
        self.series = series
        self.order = order
        self.seasonal_order = seasonal_order

    def _fit_one(self, values: Array, period: int) -> Fitted | None:
        from statsmodels.tsa.statespace.sarimax import SARIMAX

        if 1 < period <= LONGEST_SEASON // 2:
            adjusted, factors = values, np.ones(1)
        else:
            (adjusted, factors), period = _deseasonalized(values, period), 1
        seasonal = (*self.seasonal_order, period) if period > 1 else (0, 0, 0, 0)
        scale = float(np.abs(adjusted).mean()) or 1.0
        try:
            fitted = SARIMAX(
                adjusted / scale,
                order=tuple(self.order),
                seasonal_order=seasonal,
                simple_differencing=True,
                concentrate_scale=True,
            ).fit(disp=False, maxiter=_ITERATIONS)
        except (ValueError, IndexError, np.linalg.LinAlgError):  # too short for these orders
            return None
        weights = fitted.polynomial_reduced_ar
        for _ in range(self.order[1]):
            weights = np.convolve(weights, [1.0, -1.0])
        for _ in range(seasonal[1]):
            weights = np.convolve(weights, [1.0, *np.zeros(period - 1), -1.0])
        kept, errors = len(weights) - 1, fitted.polynomial_reduced_ma[1:]
        return {
            "kind": "arima",
            "weights": -weights[1:],
            "errors": errors,
            "values": adjusted[-kept:] / scale if kept else np.empty(0),
            "residuals": np.asarray(fitted.resid)[len(fitted.resid) - len(errors) :],
            "scale": scale,
            "factors": factors,
        }


def _deseasonalized(values: Array, period: int) -> tuple[Array, Array]:
    """Return the values over the usual ratio of their place in the season, and the next ratios."""
    if period == 1 or values.min() <= 0:
        return values, np.ones(1)
    trend = pd.Series(values).rolling(period, center=True, min_periods=period // 2 + 1).mean()
    place = np.arange(len(values)) % period
    ratio = pd.Series(values / trend.to_numpy()).groupby(place).mean().to_numpy()
    ratio = ratio / ratio.mean()
    return values / ratio[place], np.roll(ratio, -(len(values) % period))


def _forecast(model: Mapping[str, Any], steps: Array) -> Array:
    """Return the values so many steps after the last one."""
    if model["kind"] == "naive":
        return np.asarray(_repeated(model["season"], steps))
    if model["kind"] == "smoothing":
        rate = model["rate"]
        run = steps if rate == 1 else rate * (1 - rate**steps) / (1 - rate)
        season, line = _repeated(model["season"], steps), model["level"] + model["slope"] * run
        values = line * season if model["form"] == "mul" else line + season
    else:
        values = _go_on(model, int(steps.max()))[steps - 1] * model["scale"]
    return np.asarray(values * _repeated(model["factors"], steps))


def _repeated(season: Array, steps: Array) -> Array:
    return np.asarray(np.asarray(season)[(steps - 1) % len(season)])


def _go_on(model: Mapping[str, Any], count: int) -> Array:
    """Return the next values of an ARIMA model: errors of the future are nought."""
    weights, past = model["weights"], model["values"]
    errors, residuals = model["errors"], model["residuals"]
    known = len(past)
    values = np.concatenate([past, np.zeros(count)])
    noise = np.concatenate([residuals, np.zeros(count)])
    for step in range(count):
        at, after = known + step, len(residuals) + step
        value = weights @ values[at - len(weights) : at][::-1] if len(weights) else 0.0
        value += errors @ noise[after - len(errors) : after][::-1] if len(errors) else 0.0
        values[at] = value
    return values[known:]
