import time
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
from sklearn.base import clone
from skops import io as skops_io

from auger_hub.models.trusted import TRUSTED
from auger_hub.search.algorithms.registry import all_algorithms
from auger_hub.search.pipelines.boosted import (
    BoostedClassifier,
    BoostedRegressor,
    limit_rounds,
)
from auger_hub.search.pipelines.pipeline import build_pipeline
from auger_hub.search.preparation.prepare import make_trial_data
from tests.hub.search.tables import iris, mixed, task_for

pytestmark = pytest.mark.search
MOST = 400
EARLY = {"early_stopping_rounds": 5, "n_estimators": 40}
EXTRAS = [
    pytest.param(one.name, marks=pytest.mark.skipif(not one.is_installed, reason="an extra"))
    for one in all_algorithms().values()
    if one.is_extra and one.task == "classification"
]
BOOSTERS = ["lightgbm.LGBMClassifier", *EXTRAS]
HISTOGRAM = "sklearn.ensemble.HistGradientBoostingClassifier"


def noisy(rows: int = 600) -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    table = random.normal(size=(rows, 4))
    return table, table[:, 0] + random.normal(size=rows)


def booster(**rest: Any) -> BoostedRegressor:
    estimator = lightgbm.LGBMRegressor(n_estimators=MOST, num_leaves=15, n_jobs=1, verbose=-1)
    return BoostedRegressor(estimator, patience=10, **rest)


def test_boosting_stops_when_its_own_rows_get_no_better() -> None:
    assert 1 <= booster().fit(*noisy()).rounds_ < MOST / 2


def test_a_model_to_deploy_learns_from_all_rows_with_the_rounds_that_were_found() -> None:
    table, values = noisy()
    stopped, whole = booster().fit(table, values), booster(refit=True).fit(table, values)
    assert whole.rounds_ == stopped.rounds_
    assert whole.fitted_.n_estimators == round(stopped.rounds_ * 1.1)
    assert whole.fitted_.booster_.num_trees() == whole.fitted_.n_estimators


def test_a_class_of_a_single_row_is_known_to_the_model() -> None:
    table, values = noisy()
    classes = (values > 0).astype(int)
    classes[17] = 2
    estimator = lightgbm.LGBMClassifier(n_estimators=20, n_jobs=1, verbose=-1)
    for seed in range(5):
        model = BoostedClassifier(estimator, seed=seed).fit(table, classes)
        assert model.predict_proba(table[:3]).shape == (3, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*BOOSTERS, HISTOGRAM])
def test_a_stored_model_predicts_the_same_and_brings_no_type_of_its_own(
    name: str, tmp_path: Path
) -> None:
    data = make_trial_data(task_for(tmp_path, mixed(), "bought"))
    native = {"preprocessing": {"categories": "native"}}
    params = {HISTOGRAM: native, "xgboost.XGBClassifier": EARLY}.get(name, {**EARLY, **native})
    model = build_pipeline(data.info, name, params).fit(data.features, data.target)
    path = tmp_path / "model.skops"
    skops_io.dump(model, path)
    assert set(skops_io.get_untrusted_types(file=path)) <= set(TRUSTED)
    again = skops_io.load(path, trusted=TRUSTED)
    shown = model.predict_proba(data.features)
    np.testing.assert_array_equal(again.predict_proba(data.features), shown)
    assert (shown.argmax(axis=1) == data.target).mean() > 0.75


@pytest.mark.parametrize("patience", [0, 5])
@pytest.mark.parametrize("name", BOOSTERS)
def test_a_fit_that_was_cut_by_the_clock_is_repeated_by_its_rounds(
    name: str, patience: int, tmp_path: Path
) -> None:
    data = make_trial_data(task_for(tmp_path, iris(), "species"))
    table, classes = data.features.to_numpy(dtype=float), data.target
    params = {"n_estimators": 40, "early_stopping_rounds": patience}
    model = build_pipeline(data.info, name, params)[-1]
    boosted = (
        model if isinstance(model, BoostedClassifier) else BoostedClassifier(model, patience=0)
    )
    limit_rounds(boosted, None, until=time.monotonic())
    cut = clone(boosted).fit(table, classes)
    assert cut.cut_after_ is not None
    limit_rounds(boosted, cut.cut_after_)
    again = clone(boosted).fit(table, classes)
    assert (again.cut_after_, again.rounds_) == (None, cut.rounds_)
    np.testing.assert_array_equal(again.predict_proba(table), cut.predict_proba(table))


@pytest.mark.slow
@pytest.mark.parametrize("name", BOOSTERS)
def test_a_category_that_training_never_saw_is_predicted(name: str, tmp_path: Path) -> None:
    data = make_trial_data(task_for(tmp_path, mixed(), "bought"))
    choices = {} if name.startswith("xgboost") else {"categories": "native"}
    model = build_pipeline(data.info, name, {**EARLY, "preprocessing": choices})
    model.fit(data.features, data.target)
    rows = data.features.iloc[:3].assign(city="Ulm", street="street 9999")
    assert np.isfinite(model.predict_proba(rows)).all()


@pytest.mark.parametrize("name", EXTRAS)
def test_classes_with_a_gap_keep_their_numbers(name: str, tmp_path: Path) -> None:
    data = make_trial_data(task_for(tmp_path, iris(), "species"))
    two = data.target != 1
    model = build_pipeline(data.info, name, EARLY)
    model.fit(data.features[two], data.target[two])
    assert model.classes_.tolist() == [0, 2]
    assert (model.predict(data.features[two]) == data.target[two]).mean() > 0.9


def test_the_model_is_told_which_columns_are_codes(tmp_path: Path) -> None:
    data = make_trial_data(task_for(tmp_path, mixed(), "bought"))
    params = {**EARLY, "preprocessing": {"categories": "native"}}
    model = build_pipeline(data.info, "lightgbm.LGBMClassifier", params)
    places = model[-1].categories
    model.fit(data.features, data.target)
    made = model[1].output_indices_["category"]
    assert places == list(range(made.start, made.stop)) != []


@pytest.mark.parametrize("algorithm", EXTRAS)
@pytest.mark.parametrize("early", [pytest.param({}, marks=pytest.mark.slow), EARLY])
def test_a_library_without_weights_of_classes_gets_them_by_row(
    tmp_path: Path, algorithm: str, early: dict[str, Any]
) -> None:
    data = make_trial_data(task_for(tmp_path, mixed(), "bought"))
    rare = int(np.bincount(data.target).argmin())
    weighted = {**data.info, "classWeight": "balanced"}

    def share_of_rare(info: dict[str, Any]) -> float:
        model = build_pipeline(info, algorithm, {"n_estimators": 15, **early})
        told = model.fit(data.features, data.target).predict_proba(data.features)
        return float(told[:, rare].mean())

    assert share_of_rare({**data.info, "classWeight": None}) < share_of_rare(weighted)
