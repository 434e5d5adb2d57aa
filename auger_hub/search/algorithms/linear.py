"""Linear models and discriminants; one comes first, so that a board soon has a model."""

from __future__ import annotations

from auger_hub.search.algorithms.algorithm import (
    SCALED,
    WEIGHT,
    WEIGHT_START,
    Algorithm,
    Family,
    Real,
    Space,
    Table,
    log_range,
    scaled,
)


def _logistic(_table: Table) -> Space:
    starts = (scaled(C=1.0, **WEIGHT_START), scaled(C=0.1, **WEIGHT_START))
    domains = {"C": log_range(1e-3, 100.0), **WEIGHT, **SCALED}
    return Space(domains, starts, {"max_iter": 1000})


def _discriminant(_table: Table) -> Space:
    domains = {"shrinkage": log_range(1e-3, 1.0), **SCALED}
    return Space(domains, (scaled(shrinkage=0.02),), {"solver": "lsqr"})


def _ridge(_table: Table) -> Space:
    domains = {"alpha": log_range(1e-3, 1000.0), **SCALED}
    return Space(domains, (scaled(alpha=1.0), scaled(alpha=30.0)))


def _elastic_net(_table: Table) -> Space:
    domains = {"alpha": log_range(1e-4, 1.0), "l1_ratio": Real(0.05, 1.0), **SCALED}
    return Space(domains, (scaled(alpha=0.03, l1_ratio=0.5),), {"max_iter": 5000})


ALGORITHMS = (
    Algorithm(
        name="sklearn.linear_model.LogisticRegression",
        task="classification",
        family=Family.LINEAR,
        turns=(10, 10),
        search=_logistic,
        seconds=lambda table: 4e-7 * table.cells * table.outputs,
        parameters={"n_jobs": None},  # without effect, and scikit-learn warns about another value
    ),
    Algorithm(
        name="sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
        task="classification",
        family=Family.LINEAR,
        turns=(50, 90),
        search=_discriminant,
        seconds=lambda table: 2e-9 * table.cells * table.features,
    ),
    Algorithm(
        name="sklearn.linear_model.Ridge",
        task="regression",
        family=Family.LINEAR,
        turns=(10, 10),
        search=_ridge,
        seconds=lambda table: 2e-9 * table.cells * table.features,
        is_quick_by_row=True,
    ),
    Algorithm(
        name="sklearn.linear_model.ElasticNet",
        task="regression",
        family=Family.SCALED_TARGET,
        turns=(50, 90),
        search=_elastic_net,
        seconds=lambda table: 5e-7 * table.cells,
        is_quick_by_row=True,
    ),
)
