"""Declare support vector machines: strong on small tables, of no use on large ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auger_hub.search.algorithms.algorithm import (
    SCALED,
    WEIGHT,
    WEIGHT_START,
    Algorithm,
    Domain,
    Family,
    Space,
    Table,
    log_range,
    scaled,
)

_MOST_ROWS = 8_000  # beyond, the time of a fit grows past any use
_CALIBRATION_ROWS = 5  # of the rarest class: probabilities take three folds of their own


def _space(table: Table, extra: Mapping[str, Domain], start: Mapping[str, Any]) -> Space:
    unit = 1.0 / table.features
    domains = {"C": log_range(0.05, 200.0), "gamma": log_range(unit / 30, unit * 10)}
    first, second = scaled(C=1.0, gamma=unit, **start), scaled(C=10.0, gamma=unit / 4, **start)
    return Space({**domains, **extra, **SCALED}, (first, second))


def _seconds(table: Table) -> float:
    return 1e-9 * table.rows * table.cells + 1e-8 * table.rows**2


ALGORITHMS = (
    Algorithm(
        name="sklearn.svm.SVC",
        task="classification",
        family=Family.LINEAR,
        turns=(20, 50),
        search=lambda table: _space(table, WEIGHT, WEIGHT_START),
        seconds=lambda table: 4 * _seconds(table),  # calibration fits it three times more
        most_rows=_MOST_ROWS,
        least_class_rows=_CALIBRATION_ROWS,
        is_weighted=True,
        is_calibrated=True,  # its own probabilities are deprecated
        stored_types=(
            "sklearn.calibration._CalibratedClassifier",
            "sklearn.calibration._SigmoidCalibration",
        ),
    ),
    Algorithm(
        name="sklearn.svm.SVR",
        task="regression",
        family=Family.SCALED_TARGET,
        turns=(20, 50),
        search=lambda table: _space(table, {"epsilon": log_range(1e-2, 0.5)}, {"epsilon": 0.1}),
        seconds=_seconds,
        most_rows=_MOST_ROWS,
    ),
)
