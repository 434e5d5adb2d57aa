"""Declare boosted trees: LightGBM's, which lead on larger tables, and scikit-learn's."""

from __future__ import annotations

from typing import Any

from auger_hub.search.algorithms.algorithm import (
    PREPROCESSING,
    SMALL_ROWS,
    TREE,
    Algorithm,
    Domain,
    Family,
    Real,
    Space,
    Table,
    Whole,
    log_range,
)

_LIGHTGBM: dict[str, Any] = {"verbose": -1, "deterministic": True, "force_row_wise": True}
_HISTOGRAM_TYPES = (
    "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogLink",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.AbsoluteError",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)


def _lightgbm_space(table: Table) -> Space:
    """Return gradient boosting, on larger tables with more trees; each class has its own trees."""
    start = {
        "n_estimators": 150,
        "learning_rate": 0.07,
        "num_leaves": 15,
        "min_child_samples": min(20, max(5, table.rows // 50)),
        "subsample": 0.8,
        "colsample_bytree": 0.7,
        "reg_lambda": 1.0,
        "reg_alpha": 1e-3,
        PREPROCESSING + "categories": "target",
    }
    more = {**start, "n_estimators": 400, "learning_rate": 0.05, "num_leaves": 31}
    domains: dict[str, Domain] = {
        "n_estimators": Whole(50, 1000, log=True),
        "learning_rate": log_range(0.01, 0.3),
        "num_leaves": Whole(4, 128, log=True),
        "min_child_samples": Whole(2, 100, log=True),
        "subsample": Real(0.5, 1.0),
        "colsample_bytree": Real(0.3, 1.0),
        "reg_lambda": log_range(1e-3, 30.0),
        "reg_alpha": log_range(1e-3, 10.0),
        **TREE,
    }
    few_first = table.rows < SMALL_ROWS or table.classes > 2
    return Space(domains, (start, more) if few_first else (more, start), {"subsample_freq": 1})


def _histogram_space(table: Table) -> Space:
    start = {
        "max_iter": 150,
        "learning_rate": 0.08,
        "max_leaf_nodes": 15,
        "l2_regularization": 1.0,
        "min_samples_leaf": min(20, max(5, table.rows // 50)),
        PREPROCESSING + "categories": "ordinal",
    }
    domains: dict[str, Domain] = {
        "max_iter": Whole(50, 500, log=True),
        "learning_rate": log_range(0.01, 0.3),
        "max_leaf_nodes": Whole(4, 64, log=True),
        "l2_regularization": log_range(1e-3, 30.0),
        "min_samples_leaf": Whole(2, 100, log=True),
        **TREE,
    }
    return Space(domains, (start,))


def _lightgbm(name: str, task: str, turns: tuple[int, int]) -> Algorithm:
    return Algorithm(
        name=f"lightgbm.{name}",
        task=task,
        family=Family.BOOSTING,
        turns=turns,
        search=_lightgbm_space,
        seconds=lambda table: table.outputs * (0.5 + 1.5e-6 * table.cells),
        is_quick_by_row=True,
        parameters=_LIGHTGBM,
        stored_types=("lightgbm.basic.Booster", f"lightgbm.sklearn.{name}"),
    )


def _histogram(name: str, task: str) -> Algorithm:
    return Algorithm(
        name=f"sklearn.ensemble.{name}",
        task=task,
        family=Family.BOOSTING,
        turns=(90, 80),
        search=_histogram_space,
        seconds=lambda table: table.outputs * (0.8 + 2e-6 * table.cells),
        stored_types=_HISTOGRAM_TYPES,
    )


ALGORITHMS = (
    _lightgbm("LGBMClassifier", "classification", (40, 20)),
    _lightgbm("LGBMRegressor", "regression", (30, 20)),
    _histogram("HistGradientBoostingClassifier", "classification"),
    _histogram("HistGradientBoostingRegressor", "regression"),
)
