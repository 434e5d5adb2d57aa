import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.models.package import read_as_run
from auger_hub.search.column_kinds import CATEGORY, CODE, DATE, MANY, NUMBER, PHRASE, TEXT
from auger_hub.search.preparation.prepare import describe_task, kind_of, make_trial_data
from auger_hub.search.task import BadTask
from tests.hub.search.tables import iris, mixed, monthly, task_for

FIRST = ["Anna", "Beno", "Carl", "Dora", "Emil", "Frida", "Gustav"]
LAST = ["Abel", "Bach", "Celan", "Dürer", "Eich", "Frege"]


def test_a_run_learns_what_its_task_means(tmp_path: Path) -> None:
    info = describe_task(task_for(tmp_path, iris(), "species"))
    assert info["targetFeature"] == "species"
    assert info["featureColumns"] == info["originalFeatureColumns"] == list(iris().columns[:4])
    assert (info["classification"], info["binaryClassification"]) == (True, False)
    assert (info["dataset_nrows"], info["dataset_ncols"], info["scoring"]) == (150, 4, "f1_macro")
    assert info["targetClasses"] == ["setosa", "versicolor", "virginica"]
    assert "f1_macro" in info["scoreNames"]


def test_every_kind_of_column_is_recognized(tmp_path: Path) -> None:
    info = describe_task(task_for(tmp_path, mixed(), "bought"))
    assert info["featureKinds"] == {
        "Größe in €": NUMBER,
        "city": CATEGORY,
        "street": MANY,
        "member": NUMBER,
        "since": DATE,
        "note": TEXT,
    }


def test_the_rarest_class_is_named(tmp_path: Path) -> None:
    frame = mixed()
    info = describe_task(task_for(tmp_path, frame, "bought"))
    assert info["minority_target_class"] == frame["bought"].value_counts().idxmin()
    assert info["binaryClassification"] is True


def test_rows_without_a_target_are_left_out_and_counted(tmp_path: Path) -> None:
    frame = iris()
    frame.loc[:9, "species"] = None
    info = describe_task(task_for(tmp_path, frame, "species"))
    assert info["dataset_nrows"] == 140
    assert info["notes"] == ["10 rows without a value of the target are left out."]


@pytest.mark.parametrize(("alone", "is_told"), [(1, True), (2, False)])
def test_a_class_of_a_single_row_is_said_to_be_in_no_score(
    tmp_path: Path, alone: int, *, is_told: bool
) -> None:
    frame = iris()
    frame.loc[: alone - 1, "species"] = "orchid"
    task = task_for(tmp_path, frame, "species")
    (text,) = (n["text"] for n in describe_task(task)["notices"] if n["code"] == "rare-class")
    assert ("tested in no fold" in text) is is_told
    tested = np.concatenate([test for _, test in make_trial_data(task).folds])
    assert (len(tested) == len(frame) - 1) is is_told


def test_weights_of_classes_are_said_not_to_reach_every_algorithm(tmp_path: Path) -> None:
    options = {"algorithm_params_common": {"class_weight": "balanced"}}
    notices = describe_task(task_for(tmp_path, iris(), "species", options=options))["notices"]
    (told,) = (one["text"] for one in notices if one["code"] == "weights-ignored")
    assert "KNeighborsClassifier" in told
    assert not re.search("LGBM|CatBoost|XGB", told)


def test_excluded_columns_are_no_features(tmp_path: Path) -> None:
    task = task_for(tmp_path, iris(), "species")
    task.stat_data[0]["use"] = False
    assert len(describe_task(task)["featureColumns"]) == 3


def test_the_metric_may_have_scikit_learns_name(tmp_path: Path) -> None:
    options = {"scoring": "neg_root_mean_squared_error"}
    task = task_for(tmp_path, monthly(), "sales", "regression", options=options)
    assert describe_task(task)["scoring"] == "neg_rmse"


@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        ({"species": "setosa"}, {}, "single class; two are needed.$"),
        ({"species": ["setosa", None] * 75}, {}, "single class.* 75 of 150 rows .* `NA`"),
        ({"species": None}, {}, "has no value in any of 150 rows"),
        ({"species": range(150)}, {}, "nearly as many classes as rows"),
        ({}, {"targetFeature": "colour"}, "no column `colour` to predict"),
        ({}, {"featureColumns": ["colour"]}, "no column `colour`"),
        ({}, {"splitOptions": {"groups_col": "colour"}}, "no column `colour`"),
        ({}, {"algorithm_params_common": {"class_weight": {"x": 2}}}, "`x`, which is no class"),
        ({}, {"scoring": "roc_auc"}, "`roc_auc` does not apply; accuracy, .*f1_macro, .* do"),
    ],
)
def test_a_task_that_cannot_be_run_is_refused_with_a_reason(
    tmp_path: Path, change: dict[str, Any], options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadTask, match=sentence):
        describe_task(task_for(tmp_path, iris().assign(**change), "species", options=options))


def test_nothing_to_learn_from_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"same": [1] * 20, "y": [0, 1] * 10})
    with pytest.raises(BadTask, match="No usable feature column"):
        describe_task(task_for(tmp_path, frame, "y"))


def test_a_logarithmic_metric_refuses_a_negative_target(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": range(20), "y": np.arange(20.0) - 5})
    task = task_for(tmp_path, frame, "y", "regression", options={"scoring": "neg_rmsle"})
    with pytest.raises(BadTask, match="without negative values"):
        describe_task(task)


@pytest.mark.parametrize("size", [1e39, 1e200, 1.7e308])
@pytest.mark.parametrize("model_type", ["classification", "regression"])
def test_numbers_too_large_for_a_tree_are_judged_all_the_same(
    tmp_path: Path, size: float, model_type: str
) -> None:
    told = np.random.default_rng(0).uniform(-0.9, 0.9, 200)
    told += np.where(told > 0, 0.1, -0.1)  # no row between the classes
    target = np.where(told > 0, "up", "down") if model_type == "classification" else told
    frame = pd.DataFrame({"far": told * size, "noise": np.roll(told, 7), "y": target})
    notices = describe_task(task_for(tmp_path, frame, "y", model_type))["notices"]
    assert [n["column"] for n in notices if n["code"] == "leakage-suspected"] == ["far"]


@pytest.mark.parametrize("far", [1e300, -1e155, 1.7e308])
@pytest.mark.parametrize("model_type", ["regression", "timeseries"])
def test_a_target_of_numbers_that_are_too_large_to_square_is_refused(
    tmp_path: Path, far: float, model_type: str
) -> None:
    near = np.random.default_rng(0).normal(size=100)
    days = pd.date_range("2024-01-01", periods=100).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"day": days, "x": near, "y": [far, far, *near[2:]]})
    with pytest.raises(
        BadTask, match=r"The target `y` has values as large as -?1(\.7)?e\+\d+, whose"
    ):
        describe_task(task_for(tmp_path, frame, "y", model_type))


def test_a_date_far_away_is_described(tmp_path: Path) -> None:
    until = ["9999-12-31", "2024-02-01", "0001-01-01"] * 30
    frame = pd.DataFrame({"until": until, "x": range(90), "y": ["a", "b"] * 45})
    assert describe_task(task_for(tmp_path, frame, "y"))["featureKinds"]["until"] == DATE


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    task = task_for(tmp_path, iris(), "species")
    task.data_path.write_bytes(b"\x00\x01\x02")
    with pytest.raises(BadTask):
        describe_task(task)


def test_a_series_is_put_in_the_order_of_time(tmp_path: Path) -> None:
    frame = monthly()
    shuffled = frame.sample(frac=1, random_state=3)
    task = task_for(tmp_path, shuffled, "sales", "timeseries")
    info = describe_task(task)
    data = make_trial_data(task)
    assert info["timeColumn"] == "month"
    assert data.target.tolist() == pytest.approx(frame["sales"].tolist())
    assert all(train.max() < test.min() for train, test in data.folds)


@pytest.mark.parametrize(
    ("values", "datatype", "kind"),
    [
        ([1.5, 2.5, None] * 20, "double", NUMBER),
        ([1, 2, 3, 4] * 20, "categorical", CODE),
        ([0, 1] * 20, "categorical", NUMBER),
        (list(range(100)), "hashing", MANY),
        ([2019, 2020, 2021] * 9, "datetime", NUMBER),
        (["1", "2,5", "3"] * 9, "categorical", CATEGORY),
        (["1", "2", "3"] * 9, None, NUMBER),
        (["2024-01-01", "2024-02-01"] * 9, "datetime", DATE),
        (["a", "b"] * 9, "categorical", CATEGORY),
        ([f"user{n % 50}" for n in range(100)], "hashing", MANY),
        ([f"user {n % 50}" for n in range(100)], "hashing", MANY),
        ([f"{a} {b}" for a in FIRST for b in LAST], "hashing", PHRASE),
        ([f"user{n}" for n in range(100)], "hashing", None),
        (["x"] * 20, "categorical", None),
        ([None] * 20, "categorical", None),
        ([True, False] * 9, "categorical", NUMBER),
    ],
)
def test_the_kind_of_a_column_follows_its_values_and_its_datatype(
    values: list[Any], datatype: str | None, kind: str | None
) -> None:
    assert kind_of(pd.Series(values), datatype) == kind


def stores(days: int = 60) -> pd.DataFrame:
    """Three stores, the last of which opens late."""
    times = pd.date_range("2024-01-01", periods=days).strftime("%Y-%m-%d")
    parts = [
        pd.DataFrame({"day": times, "store": store, "sold": np.arange(days) + 10.0 * number})
        for number, store in enumerate("abc")
    ]
    parts[2] = parts[2].iloc[days // 2 :]
    return pd.concat(parts, ignore_index=True)


def prepared(
    folder: Path, frame: pd.DataFrame, **options: Any
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return what is said of a task about series, and its notices by their codes."""
    task = task_for(folder, frame, "sold", "timeseries", options=options)
    info = describe_task(task)
    return info, {one["code"]: one for one in info["notices"]}


def test_folds_test_the_declared_horizon_in_every_series(tmp_path: Path) -> None:
    options = {"series": ["store"], "horizon": 7, "crossValidationFolds": 3}
    task = task_for(tmp_path, stores(), "sold", "timeseries", options=options)
    data = make_trial_data(task)
    assert (data.info["seriesCount"], data.info["leads"]) == (3, 7)
    assert [len(test) for _, test in data.folds] == [21, 21, 21]
    days = pd.to_datetime(data.features["day"])
    assert all(days[train].max() < days[test].min() for train, test in data.folds)
    assert data.series is not None
    assert np.bincount(data.series).tolist() == [60, 60, 30]


def test_a_horizon_lowers_the_folds_and_says_so(tmp_path: Path) -> None:
    info, told = prepared(tmp_path, stores(), series=["store"], horizon=20)
    assert (info["crossValidationFolds"], info["usedFolds"]) == (5, 2)
    assert told["folds-lowered"]["text"].startswith("2 instead of 5 folds: 60 steps")


def test_a_horizon_that_is_too_far_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTask, match="60 steps of time; for a horizon of 31 it has to have 62"):
        prepared(tmp_path, stores(), series=["store"], horizon=31)


def test_a_panel_that_is_not_declared_is_suspected_with_its_column(tmp_path: Path) -> None:
    _, told = prepared(tmp_path, stores().assign(price=1.5))
    assert told["panel-as-one-series"]["count"] == 90
    assert "`series: [store]` would separate them" in told["panel-as-one-series"]["text"]


def test_a_panel_of_two_columns_is_suspected_with_both(tmp_path: Path) -> None:
    table = pd.concat([stores().assign(item=item) for item in ("tea", "coffee")])
    table = pd.concat([table, table.head(4)])
    _, told = prepared(tmp_path, table)
    assert "`series: [item, store]` would separate them" in told["panel-as-one-series"]["text"]


def test_times_that_are_missing_or_doubled_are_told_with_their_counts(tmp_path: Path) -> None:
    frame = stores().drop([3, 4])
    frame = pd.concat([frame, frame.iloc[[10]], frame.iloc[[20]].assign(day=None)])
    info, told = prepared(tmp_path, frame, series=["store"])
    assert told["missing-times"]["count"] == 2
    assert told["doubled-times"]["count"] == 1
    assert told["rows-without-time"]["count"] == 1
    assert "rows-without-target" not in told
    assert info["dataset_nrows"] == len(frame) - 1


def test_times_without_a_step_are_told(tmp_path: Path) -> None:
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(60) ** 2, unit="D")
    frame = pd.DataFrame({"day": days.strftime("%Y-%m-%d"), "sold": np.arange(60.0)})
    assert "irregular-times" in prepared(tmp_path, frame)[1]


def test_short_series_are_told(tmp_path: Path) -> None:
    few = pd.concat([stores(), stores().head(3).assign(store="new")])
    _, told = prepared(tmp_path, few, series=["store"])
    assert told["short-series"]["text"].startswith("1 of 4 series have fewer than 8 values")


def test_rows_without_any_time_are_taken_as_they_stand(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sold": np.arange(60.0)})
    assert "no-time-column" in prepared(tmp_path, frame)[1]


@pytest.mark.parametrize("is_each_another", [False, True])
def test_a_column_of_times_that_nobody_can_read_is_refused(
    tmp_path: Path, is_each_another: bool
) -> None:
    frame = stores().assign(day=lambda table: "day " + table["day"].str.slice(8))
    if is_each_another:
        frame["day"] = [f"{2000 + n // 52}-W{1 + n % 52:02}" for n in range(len(frame))]
    task = task_for(tmp_path, frame, "sold", "timeseries", options={"timeSeriesFeatures": ["day"]})
    with pytest.raises(BadTask, match="`day` has no time that can be read"):
        describe_task(task)


def weighted(weights: list[object]) -> pd.DataFrame:
    frame = iris()
    return frame.assign(w=(weights * len(frame))[: len(frame)])


def test_a_weight_of_rows_is_no_feature_and_rows_without_one_are_left_out(tmp_path: Path) -> None:
    task = task_for(tmp_path, weighted([1, 2, 0]), "species", options={"sample_weight": "w"})
    data = make_trial_data(task)
    assert "w" not in data.features.columns
    assert data.weights is not None
    assert sorted(set(np.round(data.weights, 6))) == [0.666667, 1.333333]
    codes = {one["code"]: one for one in data.info["notices"]}
    assert codes["rows-without-weight"]["count"] == 50
    assert "rows-without-target" not in codes
    assert "KNeighborsClassifier" in codes["algorithms-left-out"]["text"]
    assert "rows-weighted" in codes


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"sample_weight": "v"}, "no column `v`"),
        ({"sample_weight": ["w"]}, "not the name of a column"),
        ({"sample_weight": "species"}, "cannot hold the weights"),
        ({"sample_weight": "w"}, "negative in 75 rows"),
        ({"monotonic_cst": ["w"]}, "not a map"),
        ({"monotonic_cst": {"w": 2}}, "not 1, 0 or -1"),
        ({"monotonic_cst": {"v": 1}}, "no feature column"),
        ({"monotonic_cst": {"w": 1}}, "two classes"),
    ],
)
def test_weights_and_constraints_that_cannot_be_are_refused(
    tmp_path: Path, options: dict[str, Any], expected: str
) -> None:
    task = task_for(tmp_path, weighted([1, -2]), "species", options=options)
    with pytest.raises(BadTask, match=re.escape(expected)):
        describe_task(task)


@pytest.mark.parametrize("option", [{"sample_weight": "w"}, {"monotonic_cst": {"w": 1}}])
def test_forecasts_take_neither_weights_nor_constraints(
    tmp_path: Path, option: dict[str, Any]
) -> None:
    task = task_for(tmp_path, monthly().assign(w=1.5), "sales", "timeseries", options=option)
    with pytest.raises(BadTask, match="leave"):
        describe_task(task)


def test_a_constraint_is_for_numbers_and_leaves_out_what_takes_none(tmp_path: Path) -> None:
    options: dict[str, Any] = {"monotonic_cst": {"city": 1}}
    with pytest.raises(BadTask, match="`city` has none"):
        describe_task(task_for(tmp_path, mixed(), "bought", options=options))
    options = {"monotonic_cst": {"member": 1}}
    info = describe_task(task_for(tmp_path, mixed(), "bought", options=options))
    (told,) = (one["text"] for one in info["notices"] if one["code"] == "algorithms-left-out")
    assert "LogisticRegression" in told
    assert not re.search("LGBM|CatBoost|XGB|Hist|Forest", told)


def test_of_more_rows_than_a_worker_has_memory_for_a_part_is_learned_from(tmp_path: Path) -> None:
    frame = pd.concat([iris()] * 200, ignore_index=True)
    task = replace(task_for(tmp_path, frame, "species"), memory_mb=4)
    data = make_trial_data(task)
    (told,) = (one for one in data.info["notices"] if one["code"] == "rows-sampled")
    assert 100 < data.info["dataset_nrows"] < len(frame) / 2
    assert told["count"] == len(frame) - data.info["dataset_nrows"]
    assert "of 30,000 rows, evenly chosen: a worker of 4 MB" in told["text"]
    info = json.loads(json.dumps(data.info, default=str))
    read, _ = read_as_run(task.data_path, info)  # what is deployed is fitted on the same rows
    first = data.features.columns[0]
    assert read[first].tolist() == data.features[first].tolist()
