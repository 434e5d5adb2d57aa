"""Models of a single series, fitted by statsmodels."""

from __future__ import annotations

from typing import Any

from auger_hub.search.algorithms.algorithm import Algorithm, Family, Space, Table, one_of

_MODULE = "auger_hub.search.pipelines.classical"
PACKAGE = "statsmodels"


def _smoothing(_table: Table) -> Space:
    domains = {
        "trend": one_of("auto", "none", "add", "damped"),
        "season": one_of("auto", "none", "add", "mul"),
    }
    damped = {"trend": "damped", "season": "auto"}
    return Space(domains, ({"trend": "auto", "season": "auto"}, damped))


def _theta(_table: Table) -> Space:
    return Space({"season": one_of("ratio", "none")}, ({"season": "ratio"},))


def _arima(_table: Table) -> Space:
    orders: list[list[int]] = [[1, 1, 1], [0, 1, 1], [2, 1, 2], [1, 0, 0], [2, 0, 1], [0, 1, 2]]
    seasonal: list[list[int]] = [[0, 1, 1], [1, 0, 0], [1, 1, 0], [0, 0, 0]]
    domains = {"order": one_of(*orders), "seasonal_order": one_of(*seasonal)}
    airline, autoregressive = _orders([0, 1, 1], [0, 1, 1]), _orders([1, 1, 1], [1, 0, 0])
    return Space(domains, (airline, autoregressive, _orders([2, 0, 1], [0, 1, 1])))


def _orders(order: list[int], seasonal: list[int]) -> dict[str, Any]:
    return {"order": str(order), "seasonal_order": str(seasonal)}


def _algorithm(name: str, turn: int, seconds: float, **more: Any) -> Algorithm:
    return Algorithm(
        name=f"{_MODULE}.{name}",
        task="timeseries",
        family=Family.BOOSTING,
        turns=(turn, turn),
        seconds=lambda table: 0.5 + seconds * table.series,
        is_quick_by_row=True,
        stored_types=(f"{_MODULE}.{name}",),
        is_extra=True,
        needs=PACKAGE,
        **more,
    )


ALGORITHMS = (
    _algorithm("ExponentialSmoothing", 1, 0.2, search=_smoothing),
    _algorithm("Theta", 2, 0.01, search=_theta),
    _algorithm("ARIMA", 15, 0.3, search=_arima),
)
