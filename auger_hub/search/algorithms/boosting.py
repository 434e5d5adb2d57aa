"""Declare boosted trees: LightGBM's, CatBoost's, XGBoost's and scikit-learn's."""

from __future__ import annotations

from typing import Any

from auger_hub.search.algorithms.algorithm import (
    NAMED,
    NAMES,
    PREPROCESSING,
    TREE,
    Algorithm,
    Domain,
    Family,
    Real,
    Space,
    Table,
    Whole,
    log_range,
    one_of,
)

MOST_ROUNDS = 1500
EARLY = {"early_stopping_rounds": 40}  # handled by `pipelines.boosted`
CATEGORIES = PREPROCESSING + "categories"
_EARLY_TYPES = (
    "auger_hub.search.pipelines.boosted.BoostedClassifier",
    "auger_hub.search.pipelines.boosted.BoostedRegressor",
)
_PLAIN_CODES = {"one_hot_max_size": 30, "max_ctr_complexity": 1}
"""No statistics of pairs of categories: on 79 columns of houses they took six times as long."""
_LIGHTGBM: dict[str, Any] = {"verbose": -1, "deterministic": True, "force_row_wise": True}
_HISTOGRAM_TYPES = (
    "functools.partial",  # of the next one: its own preprocessing, where columns are categories
    "sklearn.utils.validation.check_array",
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
    """Return gradient boosting; where rows can be spared they tell how many trees are enough."""
    start = {
        "learning_rate": 0.07,
        "num_leaves": 15,
        "min_child_samples": min(20, max(5, table.rows // 50)),
        "subsample": 0.8,
        "colsample_bytree": 0.7,
        "reg_lambda": 1.0,
        "reg_alpha": 1e-3,
        CATEGORIES: "target",
        NAMES: "target",
    }
    more = {**start, "learning_rate": 0.05, "num_leaves": 31, CATEGORIES: "native"}
    most = {
        **more,
        "num_leaves": 127,
        "colsample_bytree": 0.9,
        CATEGORIES: "target",
        NAMES: "ordinal",
    }
    domains: dict[str, Domain] = {
        "learning_rate": log_range(0.01, 0.3),
        "num_leaves": Whole(4, 255, log=True),
        "min_child_samples": Whole(2, 100, log=True),
        "subsample": Real(0.5, 1.0),
        "colsample_bytree": Real(0.3, 1.0),
        "reg_lambda": log_range(1e-3, 30.0),
        "reg_alpha": log_range(1e-3, 10.0),
        CATEGORIES: one_of("native", "target", "ordinal"),
        **NAMED,
    }
    fixed: dict[str, Any] = {"subsample_freq": 1}
    if table.is_small:  # too few rows to spare some
        domains["n_estimators"] = Whole(50, 1000, log=True)
        start, more = {**start, "n_estimators": 150}, {**more, "n_estimators": 400}
        return Space(domains, (start, more), fixed)
    fixed |= {"n_estimators": MOST_ROUNDS, **EARLY}
    few_first = table.classes > 2  # each class has its own trees
    return Space(domains, (start, more, most) if few_first else (more, start, most), fixed)


def _catboost_space(table: Table) -> Space:
    """Return CatBoost with as many rounds as there is time for, and steps to match.

    Its own rule for the learning rate is off as soon as any regularization is given.
    """
    cost = _catboost_round(table)
    rounds = int(min(1000.0, max(100.0, table.fold_seconds / cost)))
    start = {"depth": 6, "l2_leaf_reg": 3.0, "learning_rate": min(0.3, max(0.04, 40 / rounds))}
    domains: dict[str, Domain] = {
        "depth": Whole(4, 8),
        "l2_leaf_reg": log_range(0.5, 30.0),
        "learning_rate": log_range(0.02, 0.4),
    }
    fixed = {"n_estimators": rounds, **_PLAIN_CODES, **({} if table.is_small else EARLY)}
    return Space(domains, (start, {**start, "depth": 8}, {**start, "depth": 4}), fixed)


def _catboost_round(table: Table) -> float:
    """Return the seconds of one round of CatBoost."""
    return 1.5e-3 + 3e-8 * table.cells * (1 + 0.5 * (table.outputs - 1))


def _xgboost_space(table: Table) -> Space:
    start = {
        "learning_rate": 0.06,
        "max_depth": 6,
        "min_child_weight": 1.0,
        "subsample": 0.85,
        "colsample_bytree": 0.7,
        "reg_lambda": 1.0,
        CATEGORIES: "target",
        NAMES: "target",
    }
    domains: dict[str, Domain] = {
        "learning_rate": log_range(0.01, 0.3),
        "max_depth": Whole(3, 10),
        "min_child_weight": log_range(0.5, 50.0),
        "subsample": Real(0.5, 1.0),
        "colsample_bytree": Real(0.3, 1.0),
        "reg_lambda": log_range(1e-2, 30.0),
        **TREE,
    }
    fixed: dict[str, Any] = {"n_estimators": MOST_ROUNDS, **EARLY}
    if table.is_small:
        domains["n_estimators"] = Whole(50, 1000, log=True)
        start, fixed = {**start, "n_estimators": 200}, {}
    return Space(domains, (start,), fixed)


def _histogram_space(table: Table) -> Space:
    start = {
        "max_iter": 150,
        "learning_rate": 0.08,
        "max_leaf_nodes": 15,
        "l2_regularization": 1.0,
        "min_samples_leaf": min(20, max(5, table.rows // 50)),
        CATEGORIES: "native",
        NAMES: "target",
    }
    domains: dict[str, Domain] = {
        "max_iter": Whole(50, 500, log=True),
        "learning_rate": log_range(0.01, 0.3),
        "max_leaf_nodes": Whole(4, 64, log=True),
        "l2_regularization": log_range(1e-3, 30.0),
        "min_samples_leaf": Whole(2, 100, log=True),
        CATEGORIES: one_of("native", "target"),
        **NAMED,
    }
    return Space(domains, (start,))


def _lightgbm(name: str, task: str, turns: tuple[int, int]) -> Algorithm:
    return Algorithm(
        name=f"lightgbm.{name}",
        task=task,
        family=Family.BOOSTING,
        turns=turns,
        search=_lightgbm_space,
        seconds=lambda table: 0.15 + table.outputs * (0.06 + 1.2e-6 * table.cells),
        is_quick_by_row=True,
        is_weighted=task == "classification",
        is_stoppable=True,
        monotone_argument="monotone_constraints",
        parameters=_LIGHTGBM,
        stored_types=("lightgbm.basic.Booster", f"lightgbm.sklearn.{name}", *_EARLY_TYPES),
    )


def _histogram(name: str, task: str) -> Algorithm:
    return Algorithm(
        name=f"sklearn.ensemble.{name}",
        task=task,
        family=Family.BOOSTING,
        turns=(90, 80),
        search=_histogram_space,
        seconds=lambda table: table.outputs * (0.8 + 2e-6 * table.cells),
        is_weighted=task == "classification",
        codes_argument="categorical_features",
        monotone_argument="monotonic_cst",
        stored_types=_HISTOGRAM_TYPES,
    )


def _catboost(name: str, task: str, turns: tuple[int, int]) -> Algorithm:
    """Return CatBoost, whose models are stored in its own format (`.cbm`) within the model file."""
    return Algorithm(
        name=f"catboost.{name}",
        task=task,
        family=Family.NATIVE,
        turns=turns,
        search=_catboost_space,
        seconds=lambda table: _catboost_space(table).fixed["n_estimators"] * _catboost_round(table),
        is_extra=True,
        is_weighted=task == "classification",
        is_stoppable=True,
        monotone_argument="monotone_constraints",
        parameters={"verbose": False, "allow_writing_files": False},
        stored_types=(f"catboost.core.{name}", *_EARLY_TYPES),
    )


def _xgboost(name: str, task: str) -> Algorithm:
    return Algorithm(
        name=f"xgboost.{name}",
        task=task,
        family=Family.BOOSTING,
        turns=(65, 35),
        search=_xgboost_space,
        seconds=lambda table: table.outputs * (0.8 + 6e-6 * table.cells),
        is_extra=True,
        is_weighted=task == "classification",
        is_stoppable=True,
        monotone_argument="monotone_constraints",
        stored_types=("xgboost.core.Booster", f"xgboost.sklearn.{name}", *_EARLY_TYPES),
    )


ALGORITHMS = (
    _lightgbm("LGBMClassifier", "classification", (40, 20)),
    _lightgbm("LGBMRegressor", "regression", (30, 20)),
    _catboost("CatBoostClassifier", "classification", (25, 25)),
    _catboost("CatBoostRegressor", "regression", (25, 25)),
    _xgboost("XGBClassifier", "classification"),
    _xgboost("XGBRegressor", "regression"),
    _histogram("HistGradientBoostingClassifier", "classification"),
    _histogram("HistGradientBoostingRegressor", "regression"),
)
