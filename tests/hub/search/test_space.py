from dataclasses import replace
from typing import Any

import optuna
import pytest

from auger_hub.search.preprocessing import FAMILIES
from auger_hub.search.space import Algorithm, algorithms_for
from auger_hub.search.task import BadTask, Settings

CLASSES = Settings("classification", "y", ("x",), {}, "accuracy")
VALUES = replace(CLASSES, model_type="regression", scoring="r2")
SERIES = replace(CLASSES, model_type="timeseries", scoring="r2")


def info(rows: int = 500, **kinds: str) -> dict[str, Any]:
    told = {"dataset_nrows": rows, "featuresCount": 4, "targetClasses": ["no", "yes"]}
    return {**told, "featureKinds": kinds or {"x": "number"}}


def every_algorithm() -> list[Algorithm]:
    kinds = {"a": "number", "b": "code", "c": "category"}
    return [a for s in (CLASSES, VALUES, SERIES) for a in algorithms_for(s, info(**kinds))]


@pytest.mark.parametrize("algorithm", every_algorithm(), ids=lambda a: a.name)
def test_every_starting_point_lies_in_its_space(algorithm: Algorithm) -> None:
    for start in algorithm.starts:
        assert set(start) == set(algorithm.space)
        study = optuna.create_study()
        study.enqueue_trial(dict(start))
        assert study.ask(dict(algorithm.space)).params == start


@pytest.mark.parametrize("algorithm", every_algorithm(), ids=lambda a: a.name)
def test_parameters_lead_back_to_their_point(algorithm: Algorithm) -> None:
    start = algorithm.starts[0]
    assert algorithm.to_point(algorithm.to_params(start)) == start


def test_parameters_of_another_space_have_no_point() -> None:
    assert every_algorithm()[0].to_point({"depth": 3}) is None


@pytest.mark.parametrize("algorithm", every_algorithm(), ids=lambda a: a.name)
def test_every_algorithm_can_be_built(algorithm: Algorithm) -> None:
    assert algorithm.name in FAMILIES


@pytest.mark.parametrize("rows", [200, 50_000])
@pytest.mark.parametrize("settings", [CLASSES, VALUES])
def test_a_board_begins_with_a_linear_model(settings: Settings, rows: int) -> None:
    assert ".linear_model." in algorithms_for(settings, info(rows=rows))[0].name


def test_on_large_tables_boosting_is_next() -> None:
    assert algorithms_for(CLASSES, info(rows=50_000))[1].name.endswith("LGBMClassifier")


def test_where_each_class_has_its_own_trees_few_are_tried_first() -> None:
    many = {**info(rows=50_000), "targetClasses": [*"abcde"]}
    two, five = (
        algorithms_for(CLASSES, one)[1].starts[0]["n_estimators"]
        for one in (info(rows=50_000), many)
    )
    assert five < two


def test_support_vectors_are_not_tried_on_many_rows() -> None:
    names = [a.name for a in algorithms_for(VALUES, info(rows=50_000))]
    assert "sklearn.svm.SVR" not in names


def test_support_vectors_are_not_tried_on_classes_too_rare_to_calibrate() -> None:
    names = [a.name for a in algorithms_for(CLASSES, {**info(), "minority_target_class_rows": 4})]
    assert "sklearn.svm.SVC" not in names


def test_few_trials_look_at_few_algorithms() -> None:
    assert len(algorithms_for(replace(CLASSES, max_trials=10), info())) == 6


def test_choices_about_absent_columns_are_not_searched() -> None:
    names = {name for a in algorithms_for(CLASSES, info()) for name in a.space}
    assert not {"preprocessing.codes", "preprocessing.categories"} & names


def test_allowed_and_blocked_algorithms_are_honoured() -> None:
    settings = replace(
        CLASSES, allowed=frozenset({"svc", "lgbmclassifier"}), blocked=frozenset({"svc"})
    )
    assert [a.name for a in algorithms_for(settings, info())] == ["lightgbm.LGBMClassifier"]


def test_no_algorithm_left_is_refused() -> None:
    settings = replace(CLASSES, allowed=frozenset({"xgbclassifier"}))
    with pytest.raises(BadTask, match="No algorithm is left to try; this hub has Logistic"):
        algorithms_for(settings, info())
