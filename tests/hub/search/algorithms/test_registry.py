from dataclasses import replace
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import optuna
import pytest

from auger_hub.search import algorithms
from auger_hub.search.algorithms.algorithm import Space
from auger_hub.search.algorithms.registry import (
    all_algorithms,
    baseline_for,
    find_algorithm,
    spaces_for,
)
from auger_hub.search.study import to_optuna
from auger_hub.search.task import MODEL_TYPES, BadTask, Settings

CLASSES = Settings("classification", "y", ("x",), {}, "accuracy")
VALUES = replace(CLASSES, model_type="regression", scoring="r2")
SERIES = replace(CLASSES, model_type="timeseries", scoring="r2")


def info(rows: int = 500, **kinds: str) -> dict[str, Any]:
    told = {"dataset_nrows": rows, "featuresCount": 4, "targetClasses": ["no", "yes"]}
    return {**told, "featureKinds": kinds or {"x": "number"}}


def every_space() -> list[Any]:
    kinds = {"a": "number", "b": "code", "c": "category", "d": "many"}
    return [
        pytest.param(space, id=f"{settings.model_type}-{name}")
        for settings in (CLASSES, VALUES, SERIES)
        for name, space in spaces_for(settings, info(**kinds)).items()
    ]


@pytest.mark.parametrize(
    "name", [n for n, one in all_algorithms().items() if one.task == "classification"]
)
def test_an_algorithm_says_whether_it_takes_weights_of_classes(name: str) -> None:
    algorithm = find_algorithm(name)
    if algorithm.is_baseline or not algorithm.is_installed:
        pytest.skip("not one that a search tries here")
    kind = getattr(import_module(algorithm.module), algorithm.short_name)
    takes_some = "class_weight" in signature(kind).parameters
    assert (takes_some or algorithm.is_extra) is algorithm.is_weighted  # an extra gets them by row


@pytest.mark.parametrize("space", every_space())
def test_every_starting_point_lies_in_its_space(space: Space) -> None:
    for start in space.starts:
        assert set(start) == set(space.domains)
        study = optuna.create_study()
        study.enqueue_trial(dict(start))
        distributions = {name: to_optuna(domain) for name, domain in space.domains.items()}
        assert study.ask(distributions).params == start


@pytest.mark.parametrize("space", every_space())
def test_parameters_lead_back_to_their_point(space: Space) -> None:
    start = space.starts[0]
    assert space.to_point(space.to_params(start)) == start


@pytest.mark.parametrize("space", every_space())
def test_parameters_of_another_space_have_no_point(space: Space) -> None:
    assert space.to_point({"depth": 3}) is None


def test_algorithms_are_found_by_listing_the_folder() -> None:
    folder = Path(algorithms.__file__ or "").parent
    assert {"baselines", "boosting", "linear"} <= {path.stem for path in folder.glob("*.py")}
    assert len(all_algorithms()) >= 21


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_task_has_a_baseline(model_type: str) -> None:
    assert baseline_for(model_type).is_baseline


def test_a_name_of_an_earlier_version_is_still_known() -> None:
    old = "auger_reconcile.hub.search.forecast.SeasonalNaive"
    assert find_algorithm(old) is baseline_for("timeseries")


def test_a_name_that_no_version_had_is_refused() -> None:
    with pytest.raises(BadTask, match=r"`os\.system` is not known"):
        find_algorithm("os.system")


@pytest.mark.parametrize("rows", [200, 50_000])
@pytest.mark.parametrize("settings", [CLASSES, VALUES])
def test_a_board_begins_with_a_linear_model(settings: Settings, rows: int) -> None:
    assert ".linear_model." in next(iter(spaces_for(settings, info(rows=rows))))


def test_on_large_tables_boosting_is_next() -> None:
    assert [*spaces_for(CLASSES, info(rows=50_000))][1].endswith("LGBMClassifier")


def test_where_each_class_has_its_own_trees_few_are_tried_first() -> None:
    many = {**info(rows=50_000), "targetClasses": [*"abcde"]}
    two, five = (
        spaces_for(CLASSES, one)["lightgbm.LGBMClassifier"].starts[0]["num_leaves"]
        for one in (info(rows=50_000), many)
    )
    assert five < two


def test_support_vectors_are_not_tried_on_many_rows() -> None:
    assert "sklearn.svm.SVR" not in spaces_for(VALUES, info(rows=50_000))


def test_support_vectors_are_not_tried_on_classes_too_rare_to_calibrate() -> None:
    few = {**info(), "minority_target_class_rows": 4}
    assert "sklearn.svm.SVC" not in spaces_for(CLASSES, few)


def test_few_trials_look_at_few_algorithms() -> None:
    assert len(spaces_for(replace(CLASSES, max_trials=10), info())) == 6


def test_choices_about_absent_columns_are_not_searched() -> None:
    names = {name for space in spaces_for(CLASSES, info()).values() for name in space.domains}
    idle = {f"preprocessing.{name}" for name in ("codes", "categories", "names")}
    assert not idle & names


def test_allowed_and_blocked_algorithms_are_honoured() -> None:
    settings = replace(
        CLASSES, allowed=frozenset({"svc", "lgbmclassifier"}), blocked=frozenset({"svc"})
    )
    assert [*spaces_for(settings, info())] == ["lightgbm.LGBMClassifier"]


def test_no_algorithm_left_is_refused() -> None:
    settings = replace(CLASSES, allowed=frozenset({"gaussiannb"}))
    with pytest.raises(BadTask, match="No algorithm is left to try; this hub has Logistic"):
        spaces_for(settings, info())


def test_long_series_are_left_to_what_predicts_a_row_quickly() -> None:
    names = {name.rpartition(".")[2] for name in spaces_for(SERIES, info(rows=20_000))}
    classical = {"ExponentialSmoothing", "Theta", "ARIMA"}
    assert names - classical == {"Ridge", "ElasticNet", "LGBMRegressor", "MLPRegressor"}
    assert classical < names


def test_every_forecaster_searches_its_lags() -> None:
    spaces = spaces_for(SERIES, info(rows=96)).items()
    lagged = [space for name, space in spaces if name.startswith(("sklearn", "lightgbm"))]
    assert lagged
    assert all({"lags", "difference"} <= set(space.domains) for space in lagged)
