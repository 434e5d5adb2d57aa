"""Which algorithms a run tries, in which order, and what it may change about each.

An order and starting points come first, the search after: on small tables linear models, support
vectors and randomized trees win more often than boosting does, on larger ones boosting leads. A
linear model comes first of all: it takes the least time, so that a board is never without a model.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from auger_hub.search.column_kinds import CATEGORY, CODE
from auger_hub.search.task import BadTask, Settings

SMALL_ROWS = 3_000
NETWORK_ROWS = 1_500
SVM_ROWS = 8_000  # beyond, the time of a fit grows past any use
NEIGHBOUR_ROWS = 30_000
CALIBRATION_ROWS = 5  # of the rarest class: probabilities of an SVM take three folds of their own
FIRST_LOOK_SHARE = 0.6
CHOICE = "preprocessing."  # parameters of the preprocessing, nested in `algorithm_params`


@dataclass(frozen=True)
class Algorithm:
    """One class, what is fixed and what is searched, and the points to try first."""

    name: str
    space: Mapping[str, BaseDistribution]
    starts: tuple[Mapping[str, Any], ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    most_rows: float = float("inf")

    def to_params(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """Return `algorithm_params` for a point of the space."""
        params: dict[str, Any] = dict(self.fixed)
        choices = {n.removeprefix(CHOICE): v for n, v in point.items() if n.startswith(CHOICE)}
        for name, value in point.items():
            if not name.startswith(CHOICE):
                is_list = isinstance(value, str) and value.startswith("[")
                params[name] = json.loads(value) if is_list else value
        return {**params, "preprocessing": choices} if choices else params

    def to_point(self, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the point that `params` came from; None when it is none of this space."""
        choices = params.get("preprocessing", {})
        flat = {**params, **{CHOICE + name: value for name, value in choices.items()}}
        point = {}
        for name in self.space:
            if name not in flat:
                return None
            value = flat[name]
            point[name] = json.dumps(value) if isinstance(value, list) else value
        return point


def _log(low: float, high: float) -> FloatDistribution:
    return FloatDistribution(low, high, log=True)


def _any_of(*choices: Any) -> CategoricalDistribution:
    """Return a choice; a list, which Optuna does not store, is kept as JSON text."""
    return CategoricalDistribution([json.dumps(c) if isinstance(c, list) else c for c in choices])


_SCALED: dict[str, BaseDistribution] = {
    CHOICE + "scaler": _any_of("standard", "minmax", "quantile"),
    CHOICE + "codes": _any_of("number", "onehot"),
}
_SCALED_START = {CHOICE + "scaler": "standard", CHOICE + "codes": "number"}
_TREE: dict[str, BaseDistribution] = {CHOICE + "categories": _any_of("ordinal", "target")}
_WEIGHT: dict[str, BaseDistribution] = {"class_weight": _any_of(None, "balanced")}
_WEIGHT_START = {"class_weight": None}


def _scaled(**start: Any) -> dict[str, Any]:
    return {**start, **_SCALED_START}


def _forest(name: str, *, classification: bool) -> Algorithm:
    start = {"max_features": 0.5, "min_samples_leaf": 1, CHOICE + "categories": "target"}
    space: dict[str, BaseDistribution] = {
        "max_features": FloatDistribution(0.05, 1.0),
        "min_samples_leaf": IntDistribution(1, 20, log=True),
        **_TREE,
    }
    if classification:
        start = {**start, "max_features": 0.3, **_WEIGHT_START, "criterion": "gini"}
        space = {**space, **_WEIGHT, "criterion": _any_of("gini", "entropy")}
    other = {**start, "min_samples_leaf": 3}
    return Algorithm(name, space, (start, other), {"n_estimators": 200})


def _lightgbm(name: str, rows: int, classes: int = 2) -> Algorithm:
    """Return gradient boosting, on larger tables with more trees; each class has its own trees."""
    leaf = min(20, max(5, rows // 50))
    start = {
        "n_estimators": 150,
        "learning_rate": 0.07,
        "num_leaves": 15,
        "min_child_samples": leaf,
        "subsample": 0.8,
        "colsample_bytree": 0.7,
        "reg_lambda": 1.0,
        "reg_alpha": 1e-3,
        CHOICE + "categories": "target",
    }
    more = {**start, "n_estimators": 400, "learning_rate": 0.05, "num_leaves": 31}
    space: dict[str, BaseDistribution] = {
        "n_estimators": IntDistribution(50, 1000, log=True),
        "learning_rate": _log(0.01, 0.3),
        "num_leaves": IntDistribution(4, 128, log=True),
        "min_child_samples": IntDistribution(2, 100, log=True),
        "subsample": FloatDistribution(0.5, 1.0),
        "colsample_bytree": FloatDistribution(0.3, 1.0),
        "reg_lambda": _log(1e-3, 30.0),
        "reg_alpha": _log(1e-3, 10.0),
        **_TREE,
    }
    starts = (start, more) if rows < SMALL_ROWS or classes > 2 else (more, start)
    return Algorithm(name, space, starts, {"subsample_freq": 1})


def _histogram_boosting(name: str, rows: int) -> Algorithm:
    start = {
        "max_iter": 150,
        "learning_rate": 0.08,
        "max_leaf_nodes": 15,
        "l2_regularization": 1.0,
        "min_samples_leaf": min(20, max(5, rows // 50)),
        CHOICE + "categories": "ordinal",
    }
    space: dict[str, BaseDistribution] = {
        "max_iter": IntDistribution(50, 500, log=True),
        "learning_rate": _log(0.01, 0.3),
        "max_leaf_nodes": IntDistribution(4, 64, log=True),
        "l2_regularization": _log(1e-3, 30.0),
        "min_samples_leaf": IntDistribution(2, 100, log=True),
        **_TREE,
    }
    return Algorithm(name, space, (start,))


def _network(name: str, rows: int) -> Algorithm:
    """Return a neural network; on few rows the full-batch solver needs no validation rows."""
    space: dict[str, BaseDistribution] = {"alpha": _log(1e-4, 100.0), **_SCALED}
    if rows < NETWORK_ROWS:
        start = _scaled(hidden_layer_sizes="[32]", alpha=10.0 if "Regressor" in name else 1.0)
        space["hidden_layer_sizes"] = _any_of([8], [16], [32], [64], [32, 16])
        return Algorithm(name, space, (start,), {"solver": "lbfgs", "max_iter": 300})
    space["hidden_layer_sizes"] = _any_of([100], [256], [64, 64], [128, 64], [256, 128])
    start = _scaled(hidden_layer_sizes="[100]", alpha=1e-3, learning_rate_init=3e-3)
    deeper = _scaled(hidden_layer_sizes="[128, 64]", alpha=1e-2, learning_rate_init=2e-3)
    fixed = {"early_stopping": True, "max_iter": 300, "n_iter_no_change": 15}
    space["learning_rate_init"] = _log(3e-4, 2e-2)
    return Algorithm(name, space, (start, deeper), fixed)


def _neighbours(name: str, rows: int) -> Algorithm:
    most = min(60, max(2, rows // 3))
    space: dict[str, BaseDistribution] = {
        "n_neighbors": IntDistribution(1, most, log=True),
        "weights": _any_of("uniform", "distance"),
        "p": _any_of(1, 2),
        **_SCALED,
    }
    start = _scaled(n_neighbors=min(7, most), weights="distance", p=2)
    return Algorithm(name, space, (start,), most_rows=NEIGHBOUR_ROWS)


def _support_vectors(name: str, features: int, extra: Mapping[str, BaseDistribution]) -> Algorithm:
    unit = 1.0 / max(features, 1)
    space: dict[str, BaseDistribution] = {
        "C": _log(0.05, 200.0),
        "gamma": _log(unit / 30, unit * 10),
        **extra,
        **_SCALED,
    }
    begin = {"epsilon": 0.1} if "epsilon" in extra else _WEIGHT_START
    first = _scaled(C=1.0, gamma=unit, **begin)
    second = _scaled(C=10.0, gamma=unit / 4, **begin)
    return Algorithm(name, space, (first, second), most_rows=SVM_ROWS)


def classifiers(rows: int, features: int, classes: int) -> list[Algorithm]:
    """Return the algorithms for classes, in the order to try them."""
    linear = Algorithm(
        "sklearn.linear_model.LogisticRegression",
        {"C": _log(1e-3, 100.0), **_WEIGHT, **_SCALED},
        (_scaled(C=1.0, **_WEIGHT_START), _scaled(C=0.1, **_WEIGHT_START)),
        {"max_iter": 1000},
    )
    discriminant = Algorithm(
        "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
        {"shrinkage": _log(1e-3, 1.0), **_SCALED},
        (_scaled(shrinkage=0.02),),
        {"solver": "lsqr"},
    )
    vectors = _support_vectors("sklearn.svm.SVC", features, _WEIGHT)
    extra = _forest("sklearn.ensemble.ExtraTreesClassifier", classification=True)
    boosting = _lightgbm("lightgbm.LGBMClassifier", rows, classes)
    network = _network("sklearn.neural_network.MLPClassifier", rows)
    rest = [
        _forest("sklearn.ensemble.RandomForestClassifier", classification=True),
        _neighbours("sklearn.neighbors.KNeighborsClassifier", rows),
        _histogram_boosting("sklearn.ensemble.HistGradientBoostingClassifier", rows),
    ]
    if rows < SMALL_ROWS:
        return [linear, vectors, extra, boosting, discriminant, network, *rest]
    return [linear, boosting, extra, network, vectors, *rest, discriminant]


def regressors(rows: int, features: int) -> list[Algorithm]:
    """Return the algorithms for values, in the order to try them."""
    linear = Algorithm(
        "sklearn.linear_model.Ridge",
        {"alpha": _log(1e-3, 1000.0), **_SCALED},
        (_scaled(alpha=1.0), _scaled(alpha=30.0)),
    )
    sparse = Algorithm(
        "sklearn.linear_model.ElasticNet",
        {"alpha": _log(1e-4, 1.0), "l1_ratio": FloatDistribution(0.05, 1.0), **_SCALED},
        (_scaled(alpha=0.03, l1_ratio=0.5),),
        {"max_iter": 5000},
    )
    vectors = _support_vectors("sklearn.svm.SVR", features, {"epsilon": _log(1e-2, 0.5)})
    extra = _forest("sklearn.ensemble.ExtraTreesRegressor", classification=False)
    boosting = _lightgbm("lightgbm.LGBMRegressor", rows)
    network = _network("sklearn.neural_network.MLPRegressor", rows)
    rest = [
        _forest("sklearn.ensemble.RandomForestRegressor", classification=False),
        _neighbours("sklearn.neighbors.KNeighborsRegressor", rows),
        _histogram_boosting("sklearn.ensemble.HistGradientBoostingRegressor", rows),
    ]
    if rows < SMALL_ROWS:
        return [linear, vectors, boosting, extra, sparse, network, *rest]
    return [linear, boosting, network, extra, vectors, *rest, sparse]


def algorithms_for(settings: Settings, info: Mapping[str, Any]) -> list[Algorithm]:
    """Return the algorithms of a run in the order to try them.

    Raises:
        BadTask: the options leave none.
    """
    rows, features = info["dataset_nrows"], max(info["featuresCount"], 1)
    if settings.model_type == "timeseries":
        from auger_hub.search.timeseries import forecasters

        known = forecasters(info)
    elif settings.classification:
        known = classifiers(rows, features, len(info["targetClasses"]))
    else:
        known = regressors(rows, features)
    idle = _idle_choices(info["featureKinds"].values())
    rarest = info.get("minority_target_class_rows", CALIBRATION_ROWS)
    chosen = [
        _without(algorithm, idle)
        for algorithm in known
        if _is_wanted(algorithm, settings)
        and rows <= algorithm.most_rows
        and (rarest >= CALIBRATION_ROWS or algorithm.name != "sklearn.svm.SVC")
    ]
    if not chosen:
        names = ", ".join(algorithm.name.rpartition(".")[2] for algorithm in known)
        raise BadTask(f"No algorithm is left to try; this hub has {names}.")
    # With few trials, a second look at the better half beats a first look at all.
    return chosen[: max(3, round(settings.max_trials * FIRST_LOOK_SHARE))]


def _is_wanted(algorithm: Algorithm, settings: Settings) -> bool:
    leaf = algorithm.name.rpartition(".")[2].lower()
    return leaf not in settings.blocked and (not settings.allowed or leaf in settings.allowed)


def _idle_choices(kinds: Iterable[str]) -> set[str]:
    """Return the choices that would change nothing: no column is of the kind they are about."""
    present = set(kinds)
    by_kind = {CODE: "codes", CATEGORY: "categories"}
    return {CHOICE + choice for kind, choice in by_kind.items() if kind not in present}


def _without(algorithm: Algorithm, names: set[str]) -> Algorithm:
    return replace(
        algorithm,
        space={n: d for n, d in algorithm.space.items() if n not in names},
        starts=tuple(
            {n: v for n, v in start.items() if n not in names} for start in algorithm.starts
        ),
    )
