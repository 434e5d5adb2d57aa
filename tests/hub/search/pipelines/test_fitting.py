"""Weights of rows and constraints of columns reach whatever is fitted."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.search.algorithms.registry import ENSEMBLES, all_algorithms
from auger_hub.search.pipelines.fitting import fit_model
from auger_hub.search.pipelines.pipeline import build_pipeline, row_weights, split_features_target
from auger_hub.search.preparation.prepare import describe_task
from tests.hub.search.tables import task_for

pytestmark = pytest.mark.search

RIDGE = "sklearn.linear_model.Ridge"
QUICK: dict[str, dict[str, Any]] = {
    "LGBM": {"n_estimators": 20, "early_stopping_rounds": 5},
    "XGB": {"n_estimators": 20, "early_stopping_rounds": 5},
    "CatBoost": {"n_estimators": 20, "early_stopping_rounds": 5},
    "HistGradient": {"max_iter": 10, "preprocessing": {"categories": "native"}},
    "Forest": {"n_estimators": 10},
    "Trees": {"n_estimators": 10},
    "MLP": {"solver": "lbfgs", "hidden_layer_sizes": [4], "max_iter": 2000},
}
TASKS = ("classification", "regression")
SEARCHED = [one for one in all_algorithms().values() if one.task in TASKS and not one.is_baseline]


def params_of(name: str) -> dict[str, Any]:
    return next((dict(params) for part, params in QUICK.items() if part in name), {})


def noisy(rows: int = 400) -> pd.DataFrame:
    """A target that falls with `x`, though by chance not everywhere, and depends on `kind`."""
    random = np.random.default_rng(2)
    x = random.uniform(-1, 1, rows)
    kind = random.choice(["a", "b", "c"], rows)
    y = -x + 0.5 * np.sin(9 * x) + (kind == "b") + random.normal(scale=0.3, size=rows)
    weight = np.where(x > 0, 3.0, 0.5)
    label = np.where(y > 0.3, "yes", "no")
    return pd.DataFrame({"kind": kind, "x": x, "w": weight, "y": y, "label": label})


def info_of(folder: Path, task: str, options: dict[str, Any]) -> dict[str, Any]:
    target = "label" if task == "classification" else "y"
    frame = noisy().drop(columns="y" if task == "classification" else "label")
    return describe_task(task_for(folder, frame, target, task, options=options))


def lanes(names: Iterable[str]) -> list[Any]:
    """Return the algorithms; those of a library and task that one before stands for are slow."""
    seen: set[tuple[str, str]] = set()
    lanes = []
    for name in names:
        of = name.partition(".")[0], all_algorithms()[name].task
        marks = pytest.mark.slow if of in seen else ()
        seen.add(of)
        lanes.append(pytest.param(name, id=name.rpartition(".")[2], marks=marks))
    return lanes


@pytest.mark.parametrize("name", lanes(one.name for one in SEARCHED if one.monotone_argument))
def test_predictions_never_rise_with_a_column_that_may_only_let_them_fall(
    tmp_path: Path, name: str
) -> None:
    task = all_algorithms()[name].task
    info = info_of(tmp_path, task, {"monotonic_cst": {"x": -1}, "sample_weight": "w"})
    features, target, _ = split_features_target(noisy(), info)
    model = build_pipeline(info, name, params_of(name))
    fit_model(model, features, target, row_weights(noisy(), info))
    grid = pd.DataFrame({"kind": "b", "x": np.linspace(-1, 1, 101)})
    shown: Any = model
    chances = shown.predict_proba(grid)[:, 1] if task == "classification" else shown.predict(grid)
    assert np.diff(chances).max() <= 1e-9
    assert np.ptp(chances) > 0.05


@pytest.mark.parametrize("name", lanes(one.name for one in SEARCHED if one.takes_row_weights))
def test_whatever_is_said_to_take_weights_heeds_them(tmp_path: Path, name: str) -> None:
    task = all_algorithms()[name].task
    info = info_of(tmp_path, task, {"sample_weight": "w"})
    features, target, _ = split_features_target(noisy(), info)
    unseen = features.assign(x=features["x"] + 0.01)
    weights = np.where(np.arange(len(target)) % 2, 1.99, 0.01)
    shown = []
    for given in (None, weights):
        model: Any = build_pipeline(info, name, params_of(name))
        fit_model(model, features, target, given)
        ask = model.predict_proba if task == "classification" else model.predict
        shown.append(ask(unseen))
    assert np.abs(shown[0] - shown[1]).max() > 1e-3


def test_an_ensemble_fits_each_member_with_the_weights(tmp_path: Path) -> None:
    info = info_of(tmp_path, "regression", {"sample_weight": "w"})
    features, target, _ = split_features_target(noisy(), info)
    weights = row_weights(noisy(), info)
    members = [{"algorithm_name": RIDGE, "algorithm_params": {"alpha": a}} for a in (1.0, 9.0)]
    params = {"pipelines": ["A", "B"], "weights": [1, 1], "members": members}
    both: Any = build_pipeline(info, ENSEMBLES["regression"], params)
    fit_model(both, features, target, weights)
    alone = [
        fit_model(build_pipeline(info, RIDGE, {"alpha": a}), features, target, weights)
        for a in (1.0, 9.0)
    ]
    mean = np.mean([model.predict(features) for model in alone], axis=0)
    assert both.predict(features) == pytest.approx(mean)


def test_weights_are_one_in_the_mean_whatever_their_unit(tmp_path: Path) -> None:
    info = info_of(tmp_path, "regression", {"sample_weight": "w"})
    huge = noisy().assign(w=lambda frame: frame["w"] * (1e308 / 3))
    told, large = row_weights(noisy(), info), row_weights(huge, info)
    assert told is not None
    assert told.mean() == pytest.approx(1)
    assert large == pytest.approx(told)
