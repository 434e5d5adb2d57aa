from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold, cross_val_score

from auger_hub.models.contributions import sources_of
from auger_hub.search.algorithms.algorithm import Family
from auger_hub.search.algorithms.registry import all_algorithms
from auger_hub.search.pipelines.pipeline import build_pipeline, split_features_target
from auger_hub.search.pipelines.preprocessing import preprocessing_for
from auger_hub.search.preparation.prepare import describe_task
from auger_hub.search.task import BadTask
from tests.hub.search.tables import mixed, task_for

pytestmark = pytest.mark.search

CLASSIFIERS, REGRESSORS = (
    [one.name for one in all_algorithms().values() if one.task == task]
    for task in ("classification", "regression")
)
QUICK: dict[str, dict[str, Any]] = {
    "MLP": {"early_stopping": True, "max_iter": 500, "hidden_layer_sizes": [16]},
    "Forest": {"n_estimators": 20},
    "Trees": {"n_estimators": 20},
    "LGBM": {"n_estimators": 20},
    "HistGradient": {"max_iter": 10},
}


def quick_params(name: str) -> dict[str, Any]:
    return next((params for part, params in QUICK.items() if part in name), {})


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return describe_task(task_for(tmp_path_factory.mktemp("bought"), mixed(), "bought"))


@pytest.fixture(scope="module")
def size(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("size")
    return describe_task(task_for(folder, mixed(), "Größe in €", "regression"))


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.slow
def test_every_classifier_learns_from_a_table_of_all_kinds(
    name: str, bought: dict[str, Any]
) -> None:
    features, target, _ = split_features_target(mixed(), bought)
    model = build_pipeline(bought, name, quick_params(name)).fit(features, target)
    shown = model.predict_proba(features)
    assert shown.shape == (300, 2)
    assert shown.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("name", REGRESSORS)
@pytest.mark.slow
def test_every_regressor_learns_from_a_table_of_all_kinds(name: str, size: dict[str, Any]) -> None:
    features, target, _ = split_features_target(mixed(), size)
    model = build_pipeline(size, name, quick_params(name)).fit(features, target)
    assert np.isfinite(model.predict(features)).all()


@pytest.mark.slow
def test_what_can_be_learned_is_learned(bought: dict[str, Any]) -> None:
    features, target, _ = split_features_target(mixed(), bought)
    model = build_pipeline(bought, "sklearn.linear_model.LogisticRegression", {})
    assert cross_val_score(model, features, target, scoring="roc_auc").mean() > 0.85


@pytest.mark.parametrize(
    "name", ["lightgbm.LGBMClassifier", pytest.param("sklearn.svm.SVC", marks=pytest.mark.slow)]
)
def test_records_with_new_and_missing_values_are_predicted(
    name: str, bought: dict[str, Any]
) -> None:
    features, target, _ = split_features_target(mixed(), bought)
    model = build_pipeline(bought, name, quick_params(name)).fit(features, target)
    record = pd.DataFrame(
        [["1.5", "Atlantis", None, "true", "tomorrow", "never seen words", 7]],
        columns=bought["featureColumns"],
    )
    assert np.isfinite(model.predict_proba(record)).all()


@pytest.mark.parametrize(
    "preprocessing",
    [
        {"scaler": "quantile", "codes": "onehot"},
        pytest.param({"scaler": "minmax", "categories": "target"}, marks=pytest.mark.slow),
        pytest.param({"categories": "ordinal"}, marks=pytest.mark.slow),
    ],
)
def test_preprocessing_is_chosen_by_the_trial(
    preprocessing: dict[str, str], bought: dict[str, Any]
) -> None:
    features, target, _ = split_features_target(mixed(), bought)
    params = {"preprocessing": preprocessing}
    model = build_pipeline(bought, "sklearn.linear_model.LogisticRegression", params)
    assert model.fit(features, target).score(features, target) > 0.7


@pytest.mark.slow
def test_nothing_of_the_target_reaches_the_features(bought: dict[str, Any]) -> None:
    features, _, _ = split_features_target(mixed(), bought)
    noise = np.random.default_rng(5).integers(0, 2, len(features))
    model = build_pipeline(bought, "sklearn.linear_model.LogisticRegression", {})
    assert cross_val_score(model, features, noise, scoring="roc_auc").mean() < 0.6


@pytest.mark.slow
def test_the_same_seed_fits_the_same_model(bought: dict[str, Any]) -> None:
    features, target, _ = split_features_target(mixed(), bought)
    name = "sklearn.ensemble.ExtraTreesClassifier"
    first, second = (
        build_pipeline(bought, name, quick_params(name)).fit(features, target) for _ in range(2)
    )
    assert np.array_equal(first.predict_proba(features), second.predict_proba(features))


@pytest.mark.slow
def test_an_ensemble_is_built_from_its_parameters_alone(bought: dict[str, Any]) -> None:
    features, target, _ = split_features_target(mixed(), bought)
    members = [
        {
            "algorithm_name": "sklearn.linear_model.LogisticRegression",
            "algorithm_params": {"C": 0.1},
        },
        {"algorithm_name": "lightgbm.LGBMClassifier", "algorithm_params": {"n_estimators": 10}},
    ]
    params = {"pipelines": ["A", "B"], "weights": [0.75, 0.25], "members": members}
    model = build_pipeline(bought, "sklearn.ensemble.VotingClassifier", params)
    shown = model.fit(features, target).predict_proba(features)
    alone = [
        build_pipeline(bought, **member).fit(features, target).predict_proba(features)
        for member in members
    ]
    assert shown == pytest.approx(0.75 * alone[0] + 0.25 * alone[1])


def test_the_class_weight_of_the_task_reaches_the_model(bought: dict[str, Any]) -> None:
    info = {**bought, "classWeight": {"yes": 5, "no": 1}}
    model = build_pipeline(info, "sklearn.ensemble.ExtraTreesClassifier", {"class_weight": None})
    assert model.named_steps["model"].class_weight == {0: 1, 1: 5}


def test_only_algorithms_of_the_hub_are_ever_imported(bought: dict[str, Any]) -> None:
    with pytest.raises(BadTask, match=r"`os\.system` is not known"):
        build_pipeline(bought, "os.system", {})


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["b", "a", "b"], ["a", "b"]),
        ([1.0, 0.0, None], [0, 1]),
        ([True, False, True], [False, True]),
        ([1.5, 0.5, 1.5], [0.5, 1.5]),
        ([1, "x", 1], ["1", "x"]),
    ],
)
def test_labels_become_numbers_and_can_be_turned_back(
    labels: list[Any], classes: list[Any]
) -> None:
    frame = pd.DataFrame({"x": [1, 2, 3], "y": pd.Series(labels)})
    info = {"targetFeature": "y", "featureColumns": ["x"], "model_type": "classification"}
    features, target, encoder = split_features_target(frame, info)
    assert encoder is not None
    assert encoder.classes_.tolist() == classes
    assert len(features) == len(target) == frame["y"].notna().sum()


def dated(rows: int = 400) -> pd.DataFrame:
    """A target that goes by the hour, and by the days from one date to another."""
    random = np.random.default_rng(5)
    sent = pd.Timestamp("2023-01-01") + pd.to_timedelta(random.integers(0, 9_000, rows), unit="h")
    days = random.integers(0, 30, rows)
    y = 3 * np.cos(2 * np.pi * sent.hour / 24) + 0.2 * days + random.normal(scale=0.1, size=rows)
    there = (sent + pd.to_timedelta(days, unit="D")).strftime("%Y-%m-%d %H:%M")
    return pd.DataFrame({"sent": sent.strftime("%Y-%m-%d %H:%M"), "there": there, "y": y})


def test_a_line_learns_cycles_of_time_and_the_days_between_dates(tmp_path: Path) -> None:
    info = describe_task(task_for(tmp_path, dated(), "y", "regression"))
    features, target, _ = split_features_target(dated(), info)
    ridge = build_pipeline(info, "sklearn.linear_model.Ridge", {"alpha": 0.01})
    assert cross_val_score(ridge, features, target).mean() > 0.98
    older = build_pipeline({**info, "datesInCycles": False}, "sklearn.linear_model.Ridge", {})
    assert cross_val_score(older, features, target).mean() < 0.9


def test_trees_have_the_days_between_dates_and_no_angles(tmp_path: Path) -> None:
    info = describe_task(task_for(tmp_path, dated(), "y", "regression"))
    features, target, _ = split_features_target(dated(), info)
    model: Any = build_pipeline(info, "lightgbm.LGBMRegressor", {"n_estimators": 5})
    model.fit(features, target)
    assert model[-1].n_features_in_ == 13
    assert sources_of(model[1], info["featureKinds"]).count("there") == 7


def test_a_forest_finds_rows_that_stand_twice_by_the_codes_of_their_names(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    rows = [(f"k{name}", year) for name in range(100) for year in range(6)]
    frame = pd.DataFrame(rows, columns=["name", "year"]).assign(score=draw.normal(size=600))
    frame = pd.concat([frame] * 3, ignore_index=True)
    known = describe_task(task_for(tmp_path, frame, "score", "regression"))
    assert known["featureKinds"]["name"] == "many"
    features, target, _ = split_features_target(frame, known)

    def score(names: str) -> float:
        params = {"n_estimators": 20, "preprocessing": {"names": names}}
        model = build_pipeline(known, "sklearn.ensemble.ExtraTreesRegressor", params)
        folds = KFold(5, shuffle=True, random_state=0)
        return float(cross_val_score(model, features, target, scoring="r2", cv=folds).mean())

    assert score("ordinal") > 0.9
    assert score("target") < 0.8


def test_the_words_of_names_are_not_looked_at_where_their_codes_are(size: dict[str, Any]) -> None:
    known = {**size, "featureKinds": {"film": "phrase", "plot": "text", "city": "many"}}

    def made(family: Family, names: str) -> dict[str, str]:
        steps = preprocessing_for(known, family, {"names": names}).transformers
        return {name: type(step).__name__ for name, step, _ in steps}

    by_codes = {"many": "OrdinalEncoder", "text_0": "Pipeline"}
    assert made(Family.FOREST, "ordinal") == by_codes
    by_target = {"many": "TargetEncoder", "text_0": "Pipeline", "text_1": "Pipeline"}
    assert made(Family.FOREST, "target") == by_target
