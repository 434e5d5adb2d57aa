"""Declare linear models and discriminants; one comes first, so that a board soon has a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from auger_hub.search.algorithms.algorithm import (
    SCALED,
    WEIGHT,
    WEIGHT_START,
    Algorithm,
    Domain,
    Family,
    Real,
    Space,
    Table,
    log_range,
    scaled,
)


def _space(
    domains: Mapping[str, Domain], *starts: Mapping[str, Any], **fixed: Any
) -> Callable[[Table], Space]:
    """Return what is searched, on any table: the domains beside those of the scaling."""
    space = Space({**domains, **SCALED}, tuple(scaled(**start) for start in starts), fixed)
    return lambda _table: space


ALGORITHMS = (
    Algorithm(
        name="sklearn.linear_model.LogisticRegression",
        task="classification",
        family=Family.LINEAR,
        turns=(10, 10),
        search=_space(
            {"C": log_range(1e-3, 100.0), **WEIGHT},
            {"C": 1.0, **WEIGHT_START},
            {"C": 0.1, **WEIGHT_START},
            max_iter=1000,
        ),
        seconds=lambda table: 4e-7 * table.cells * table.outputs,
        is_weighted=True,
        parameters={"n_jobs": None},  # without effect, and scikit-learn warns about another value
    ),
    Algorithm(
        name="sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
        task="classification",
        family=Family.LINEAR,
        turns=(50, 90),
        search=_space({"shrinkage": log_range(1e-3, 1.0)}, {"shrinkage": 0.02}, solver="lsqr"),
        seconds=lambda table: 2e-9 * table.cells * table.features,
    ),
    Algorithm(
        name="sklearn.linear_model.Ridge",
        task="regression",
        family=Family.LINEAR,
        turns=(10, 10),
        search=_space({"alpha": log_range(1e-3, 1000.0)}, {"alpha": 1.0}, {"alpha": 30.0}),
        seconds=lambda table: 2e-9 * table.cells * table.features,
        is_quick_by_row=True,
    ),
    Algorithm(
        name="sklearn.linear_model.ElasticNet",
        task="regression",
        family=Family.SCALED_TARGET,
        turns=(50, 90),
        search=_space(
            {"alpha": log_range(1e-4, 1.0), "l1_ratio": Real(0.05, 1.0)},
            {"alpha": 0.03, "l1_ratio": 0.5},
            max_iter=5000,
        ),
        seconds=lambda table: 5e-7 * table.cells,
        is_quick_by_row=True,
    ),
)
