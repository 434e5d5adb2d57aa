from collections.abc import Mapping
from typing import Any

import pytest

from auger_reconcile.resources.files import project_file
from auger_reconcile.resources.search.evaluation import (
    SearchSettings,
    check_columns,
    describe_progress,
    describe_search,
    from_wire,
    say_unfit,
    settings_of,
    to_wire,
)

STATISTICS: dict[str, Any] = {
    "count": 100,
    "columns_count": 4,
    "stat_data": [
        {"column_name": "id", "datatype": "integer", "unique_values": 100},
        {"column_name": "city", "datatype": "hashing", "unique_values": 90},
        {"column_name": "plan", "datatype": "categorical", "unique_values": 3},
        {"column_name": "churned", "datatype": "categorical", "unique_values": 2},
    ],
}


def search(**settings: Any) -> SearchSettings:
    given = {"name": "exp", "model_type": "classification", "target": "churned", **settings}
    return SearchSettings(**given)


def options_of(spec: SearchSettings) -> dict[str, Any]:
    options: dict[str, Any] = to_wire(spec, STATISTICS)["model_settings"]["evaluation_options"]
    return options


def test_the_older_form_names_columns_by_their_role() -> None:
    options = options_of(search(exclude=["id"], label_encoded=["city"]))
    assert options["targetFeature"] == "churned"
    assert options["featureColumns"] == ["city", "plan"]
    assert options["categoricalFeatures"] == ["plan", "churned"]
    assert options["labelEncodingFeatures"] == ["city"]
    assert options["timeSeriesFeatures"] == []
    assert options["binaryClassification"] is True


def test_the_newer_form_marks_columns_in_the_statistics() -> None:
    spec = search(exclude=["id"], label_encoded=["city"], time_series="plan")
    columns = {
        c["column_name"]: c for c in to_wire(spec, STATISTICS)["dataset_statistics"]["stat_data"]
    }
    assert [name for name, column in columns.items() if column["use"]] == ["city", "plan"]
    assert [name for name, column in columns.items() if column["isTarget"]] == ["churned"]
    assert columns["city"]["datatype"] == "hashing"
    assert columns["plan"]["datatype"] == "timeseries"


def test_the_statistics_of_the_data_set_are_not_touched() -> None:
    to_wire(search(exclude=["id"]), STATISTICS)
    assert "use" not in STATISTICS["stat_data"][0]


@pytest.mark.parametrize(
    ("model_type", "metric", "scoring"),
    [
        ("classification", "", "f1_macro"),
        ("regression", "", "r2"),
        ("timeseries", "", "r2"),
        ("classification", "roc_auc", "roc_auc"),
    ],
)
def test_the_metric_has_a_default(model_type: str, metric: str, scoring: str) -> None:
    options = options_of(search(model_type=model_type, metric=metric))
    assert options["scoring"] == scoring
    assert options["classification"] is (model_type == "classification")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"exclude": ["id", "city"], "label_encoded": ["plan"]},
        {"max_n_trials": 3, "max_total_time": 7, "max_eval_time": 2},
        {"cross_validation_folds": 3, "use_ensemble": False, "metric": "accuracy"},
        {"model_type": "timeseries", "time_series": "id", "target": "city"},
        {"options": {"exit_score": 0.9, "splitOptions": {"trainRatio": 0.8}}},
    ],
)
def test_what_is_sent_is_read_back_as_it_was_declared(settings: dict[str, Any]) -> None:
    spec = search(**settings)
    wanted = settings_of(spec, {"id", "city", "plan", "churned"})
    found = from_wire({**to_wire(spec, STATISTICS), "status": "waiting"})
    assert {name: found.get(name) for name in wanted} == wanted


def test_the_newer_form_alone_is_understood() -> None:
    sent = to_wire(search(exclude=["id"]), STATISTICS)
    for name in ("targetFeature", "featureColumns", "labelEncodingFeatures"):
        del sent["model_settings"]["evaluation_options"][name]
    found = from_wire(sent)
    assert (found["target"], found["exclude"]) == ("churned", ["id"])
    assert "label_encoded" not in found


def test_a_run_without_settings_tells_nothing() -> None:
    found = from_wire({"model_settings": {}, "model_type": None})
    assert {name for name, value in found.items() if value is not None} == set()


def test_columns_that_the_data_does_not_have_cannot_be_excluded() -> None:
    spec = search(exclude=["ghost", "id", "churned"])
    assert settings_of(spec, {"id", "churned"})["exclude"] == ["id"]
    assert settings_of(spec)["exclude"] == ["ghost", "id"]


def test_what_is_ignored_is_not_compared() -> None:
    spec = search(lifecycle={"ignore_changes": ["max_n_trials", "time_series"]})
    assert "max_n_trials" not in settings_of(spec)


@pytest.mark.parametrize(
    ("number", "words"),
    [(50, "50 trials, at most 60 min, f1_macro"), (1, "1 trial, at most 60 min, f1_macro")],
)
def test_a_search_is_told_in_words(number: int, words: str) -> None:
    assert describe_search(search(max_n_trials=number)) == words


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"status": "preprocess"}, "preprocess"),
        (
            {
                "status": "started",
                "model_settings": {"completed_evaluations": 7, "total_evaluations": 10},
                "top_score_value": 0.96666,
            },
            "started, 7 of 10 trials, best 0.9667",
        ),
        (
            {"status": "started", "model_settings": {"completed_evaluations": 19}},
            "started, 19 trials",
        ),
    ],
)
def test_progress_is_told_in_words(item: dict[str, Any], words: str) -> None:
    assert describe_progress(item) == words


def test_declared_roles_overwrite_what_the_hub_made_of_a_column() -> None:
    sent = to_wire(search(categoricals=["id"], date_time=["city"]), STATISTICS)
    types = {c["column_name"]: c["datatype"] for c in sent["dataset_statistics"]["stat_data"]}
    assert (types["id"], types["city"]) == ("categorical", "datetime")
    assert "id" in sent["model_settings"]["evaluation_options"]["categoricalFeatures"]


def test_another_role_of_a_column_is_another_search() -> None:
    run = {"id": "r", **to_wire(search(categoricals=["id"]), STATISTICS)}
    assert from_wire(run)["categoricals"] == ["id"]
    assert settings_of(search())["categoricals"] == []


def test_a_run_of_another_client_does_not_tell_declared_roles() -> None:
    run = {"id": "r", "model_settings": {"evaluation_options": {"scoring": "r2"}}}
    assert "categoricals" not in from_wire(run)


def test_the_settings_of_series_are_sent_and_read_back() -> None:
    spec = search(model_type="timeseries", series=["plan", "city"], horizon=7, past_only=["id"])
    options = options_of(spec)
    assert (options["series"], options["horizon"]) == (["plan", "city"], 7)
    assert options["past_only"] == ["id"]
    run = from_wire({"model_settings": {"evaluation_options": options}})
    told = settings_of(spec)
    names = ("series", "horizon", "past_only")
    assert {name: run[name] for name in names} == {name: told[name] for name in names}
    assert [told[name] for name in names] == [["city", "plan"], 7, ["id"]]


NUMBERS = {"orig_datatype": "double", "range": ["0.00", "9.50"]}
TEXT = {"orig_datatype": "string", "value_counts": {"low": 2}}


@pytest.mark.parametrize(
    ("role", "column", "words"),
    [
        ({"sample_weight": "w"}, NUMBERS, None),
        ({"sample_weight": "w"}, {"orig_datatype": "integer", "range": ["-0.00", "1.00"]}, None),
        ({"sample_weight": "w"}, TEXT, "`sample_weight` is for numbers, and `w` has none"),
        ({"sample_weight": "w"}, {"range": ["-1.50", "9.00"]}, "`w` goes down to -1.50"),
        ({"sample_weight": "w"}, {"range": 5}, None),
        ({"sample_weight": "v"}, NUMBERS, "the data has no column `v`"),
        ({"monotonic_cst": {"w": 1}}, NUMBERS, None),
        ({"monotonic_cst": {"w": 1}}, TEXT, "`monotonic_cst` is for numbers, and `w` has none"),
        ({"monotonic_cst": {"w": -1}}, {"range": ["-1.50", "9.00"]}, None),
        ({"monotonic_cst": {"v": 1}}, NUMBERS, "the data has no column `v`"),
    ],
)
def test_columns_that_the_hub_has_read_are_asked_whether_they_fit(
    role: dict[str, Any], column: Mapping[str, Any], words: str | None
) -> None:
    told = [{"column_name": "churned"}, {"column_name": "w", **column}]
    item = {"id": 1, "name": "data", "status": "processed", "statistics": {"stat_data": told}}
    unfit = say_unfit(search(options=role), project_file.from_wire(item))
    assert unfit == words or (words is not None and words in str(unfit))


@pytest.mark.parametrize(
    ("exclude", "codes"),
    [
        (["id", "city"], []),
        (["id", "city", "plan"], ["no-feature"]),
        (["id,city", "plan"], ["several-columns"]),
        (["id, city", "plan, town"], ["several-columns", "unknown-column"]),
    ],
)
def test_a_list_of_excluded_columns_that_cannot_be_meant_is_refused(
    exclude: list[str], codes: list[str]
) -> None:
    header = ("id", "city", "plan", "churned")
    found = list(check_columns(search(exclude=exclude), header))
    assert [one.code for one in found] == codes
    assert all(one.is_error for one in found if one.code != "unknown-column")


def test_nothing_is_said_of_data_that_the_hub_has_not_read() -> None:
    assert say_unfit(search(options={"sample_weight": "w"}), None) is None
