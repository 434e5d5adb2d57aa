from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auger_hub.search.task import BadTask, SearchTask, read_settings

COLUMNS = ("age", "city", "id", "bought")


def stat_data(**flags: dict[str, Any]) -> list[dict[str, Any]]:
    plain = {"datatype": "double", "use": True, "isTarget": False}
    return [{"column_name": name, **plain, **flags.get(name, {})} for name in COLUMNS]


def task(
    options: dict[str, Any], columns: list[dict[str, Any]], model_type: str = "classification"
) -> SearchTask:
    return SearchTask(Path("table.csv"), columns, options, model_type, seed=1)


def test_older_form_names_target_and_features_in_the_options() -> None:
    options = {"targetFeature": "bought", "featureColumns": ["age", "city"]}
    settings = read_settings(task(options, stat_data()))
    assert (settings.target, settings.columns) == ("bought", ("age", "city"))


def test_newer_form_marks_roles_in_the_columns() -> None:
    columns = stat_data(bought={"isTarget": True, "use": False}, id={"use": False})
    settings = read_settings(task({}, columns))
    assert (settings.target, settings.columns) == ("bought", ("age", "city"))


def test_a_column_is_left_out_when_either_form_excludes_it() -> None:
    options = {"targetFeature": "bought", "featureColumns": ["age", "id"]}
    settings = read_settings(task(options, stat_data(id={"use": False})))
    assert settings.columns == ("age",)


def test_notebooks_list_their_columns_beside_the_metric() -> None:
    features = [
        {"column_name": "age"},
        {"column_name": "city", "datatype": "hashing"},
        {"column_name": "bought", "isTarget": True},
    ]
    settings = read_settings(task({"features": features, "scoring": "accuracy"}, stat_data()))
    assert (settings.target, settings.columns) == ("bought", ("age", "city"))
    assert settings.datatypes["city"] == "hashing"


def test_lists_of_the_older_form_choose_datatypes() -> None:
    options = {
        "targetFeature": "bought",
        "categoricalFeatures": ["city"],
        "labelEncodingFeatures": ["id"],
        "datetimeFeatures": ["age"],
    }
    datatypes = read_settings(task(options, stat_data())).datatypes
    assert [datatypes[name] for name in COLUMNS] == ["datetime", "categorical", "hashing", "double"]


@pytest.mark.parametrize(
    ("model_type", "metric"),
    [("classification", "f1_macro"), ("regression", "r2"), ("timeseries", "r2")],
)
def test_each_model_type_has_its_default_metric(model_type: str, metric: str) -> None:
    assert read_settings(task({"targetFeature": "age"}, stat_data(), model_type)).scoring == metric


def test_defaults_are_those_of_the_older_client() -> None:
    settings = read_settings(task({"targetFeature": "age"}, stat_data()))
    assert (settings.folds, settings.max_trials, settings.use_ensemble) == (5, 1000, True)
    assert (settings.max_total_seconds, settings.max_trial_seconds) == (3600, 360)


def test_numbers_may_come_as_text() -> None:
    options = {"targetFeature": "age", "max_n_trials": "10", "max_eval_time_mins": "0.5"}
    settings = read_settings(task(options, stat_data()))
    assert (settings.max_trials, settings.max_trial_seconds) == (10, 30)


def test_null_counts_as_absent() -> None:
    options = {"targetFeature": "age", "crossValidationFolds": None, "exit_score": None}
    settings = read_settings(task(options, stat_data()))
    assert (settings.folds, settings.exit_score) == (5, None)


def test_options_of_the_newer_client_are_read() -> None:
    options = {
        "targetFeature": "age",
        "exit_score": 0.9,
        "algorithm_params_common": {"class_weight": "balanced"},
        "algorithms_to_exlude": ["sklearn.svm.SVC"],
        "allowed_algorithms": ["LGBMClassifier"],
        "cpu_per_mt_algorithm": 2,
        "splitOptions": {"trainRatio": 0.7, "shuffleData": False, "groups_col": "id"},
    }
    settings = read_settings(task(options, stat_data()))
    assert (settings.exit_score, settings.class_weight, settings.threads) == (0.9, "balanced", 2)
    assert (settings.blocked, settings.allowed) == ({"svc"}, {"lgbmclassifier"})
    assert (settings.shuffle, settings.groups) == (False, "id")
    assert settings.validation_share == pytest.approx(0.3)


def test_keys_of_a_search_space_name_algorithms() -> None:
    options = {"targetFeature": "age", "search_space": {"lightgbm.LGBMClassifier": {}}}
    assert read_settings(task(options, stat_data())).allowed == {"lgbmclassifier"}


def test_options_without_effect_are_named() -> None:
    options = {"targetFeature": "age", "optimizers": ["x"], "roi_metric": None}
    assert read_settings(task(options, stat_data())).ignored == ("optimizers",)


def test_oversampling_weighs_the_classes_and_is_no_word_about_values() -> None:
    options = {"targetFeature": "age", "oversampling": {"name": "SMOTE"}}
    classes = read_settings(task(options, stat_data()))
    assert (classes.class_weight, classes.ignored) == ("balanced", ())
    own = {**options, "algorithm_params_common": {"class_weight": {"1": 3}}}
    assert read_settings(task(own, stat_data())).class_weight == {"1": 3}
    values = read_settings(task(options, stat_data(), "regression"))
    assert (values.class_weight, values.ignored) == (None, ("oversampling",))


def test_the_flag_decides_when_there_is_no_model_type() -> None:
    options = {"targetFeature": "age", "classification": False}
    assert read_settings(task(options, stat_data(), "")).model_type == "regression"


@pytest.mark.parametrize(
    ("options", "model_type", "sentence"),
    [
        ({}, "classification", "No target column was named."),
        ({"targetFeature": "age"}, "clustering", "`clustering` is not one of"),
        ({"targetFeature": "age", "max_n_trials": "many"}, "regression", "`max_n_trials` is not"),
        ({"targetFeature": "age", "deploy": "all"}, "regression", "not one of refit, bag"),
        ({"targetFeature": "age", "deploy": "bag"}, "timeseries", "in the order of time"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(
    options: dict[str, Any], model_type: str, sentence: str
) -> None:
    with pytest.raises(BadTask, match=sentence):
        read_settings(task(options, stat_data(), model_type))


@pytest.mark.parametrize("seed", [-1, 2**31, 2**40])
@pytest.mark.parametrize("member", ["seed", "random_state"])
def test_a_seed_that_no_library_takes_is_refused(seed: int, member: str) -> None:
    plain = task({"targetFeature": "age", member: seed}, stat_data())
    with pytest.raises(BadTask, match=f"`{member}` is not a number from 0 to 2,147,483,647"):
        read_settings(replace(plain, seed=seed))


def test_a_wanted_score_may_be_negative() -> None:
    settings = read_settings(task({"targetFeature": "age", "exit_score": "-0.5"}, stat_data()))
    assert settings.exit_score == -0.5


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"max_n_trials": "1e400"}, "`max_n_trials` is not a number"),
        ({"max_n_trials": -5}, "`max_n_trials` is not a number from 0 to 1,000,000"),
        ({"max_total_time_mins": 1e308}, "`max_total_time_mins` is not a number"),
        ({"exit_score": "nan"}, "`exit_score` is not a number"),
        ({"exit_score": 10**400}, "`exit_score` is not a number"),
        ({"splitOptions": {"trainRatio": 2}}, "`trainRatio` is not .* from 0 to 1"),
        ({"categoricalFeatures": [["age"]]}, "`categoricalFeatures` is not a list"),
        ({"featureColumns": [{"a": 1}]}, "`featureColumns` is not a list of names"),
        ({"features": [{"use": True}]}, "`features` has a column without"),
    ],
)
def test_a_bad_option_is_named(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadTask, match=sentence):
        read_settings(task({"targetFeature": "age", **options}, stat_data()))


def test_settings_of_series_are_read_and_ignored_without_a_series() -> None:
    options = {"series": ["store"], "horizon": "14", "past_only": ["stock"]}
    columns = stat_data(bought={"isTarget": True})
    settings = read_settings(task(options, columns, model_type="timeseries"))
    assert (settings.series, settings.horizon) == (("store",), 14)
    assert settings.past_only == ("stock",)
    assert "store" in settings.columns
    assert settings.ignored == ()
    settings = read_settings(task(options, columns, model_type="regression"))
    assert (settings.series, settings.horizon, settings.past_only) == ((), None, ())
    assert settings.ignored == ("series", "horizon", "past_only")
