"""A model is scored on rows whose target is known, by every metric of its kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from auger_hub.data.read import read_raw, read_table
from auger_hub.models.evaluate import Evaluation, evaluate
from auger_hub.models.predict import BadInput, Predictor
from auger_hub.search.scores.metrics import metrics_for

from .conftest import HOLDOUT, MakeModel


@pytest.fixture(scope="module")
def binary(make_model: MakeModel, mixed_table: Path) -> Predictor:
    return Predictor.load(make_model(mixed_table, "yes"))


@pytest.fixture(scope="module")
def amounts(make_model: MakeModel, mixed_table: Path) -> Predictor:
    return Predictor.load(
        make_model(mixed_table, "amount", "regression", "sklearn.linear_model.Ridge")
    )


@pytest.fixture(scope="module")
def forecaster(make_model: MakeModel, series_table: Path) -> Predictor:
    ridge = "sklearn.linear_model.Ridge"
    return Predictor.load(make_model(series_table, "sales", "timeseries", ridge))


def codes_of(evaluation: Evaluation) -> dict[str, int | None]:
    return {notice.code: notice.count for notice in evaluation.notices}


def test_every_metric_is_that_of_the_predictions(binary: Predictor, mixed_table: Path) -> None:
    frame = read_table(mixed_table).tail(100)
    found = evaluate(binary, frame)
    records = frame[list(binary.needed)].astype(object)
    records = records.where(frame[list(binary.needed)].notna(), None)
    _, data = binary.predict(binary.needed, records.to_numpy().tolist(), 0.5)
    predicted, chances = [row[-3] for row in data], [row[-1] for row in data]
    assert found.rows == 100
    assert set(found.scores) == set(metrics_for("classification", 2))
    assert found.scores["roc_auc"] == pytest.approx(sk.roc_auc_score(frame["yes"], chances))
    assert found.scores["f1"] == pytest.approx(sk.f1_score(frame["yes"], predicted))
    assert found.confusion == sk.confusion_matrix(frame["yes"], predicted).tolist()
    assert found.metric == "accuracy"


def test_rows_count_by_the_weights_of_the_run(make_model: MakeModel, mixed_table: Path) -> None:
    model = Predictor.load(make_model(mixed_table, "yes", sample_weight="code"))
    frame = read_table(mixed_table).tail(100)
    found = evaluate(model, frame)
    _, data = model.predict(
        model.needed, read_raw(mixed_table)[model.needed].tail(100).to_numpy().tolist(), None
    )
    right = np.array([row[-1] for row in data]) == frame["yes"].to_numpy()
    expected = np.average(right, weights=frame["code"])
    assert found.scores["accuracy"] == pytest.approx(expected)
    assert "rows-weighted" in codes_of(found)
    assert "code" not in model.needed
    assert "rows-not-weighted" in codes_of(evaluate(model, frame.drop(columns="code")))
    with pytest.raises(BadInput, match="has a weight in `code`"):
        evaluate(model, frame.assign(code=0))


def test_rows_without_a_weight_are_in_no_table_of_an_evaluation(
    make_model: MakeModel, mixed_table: Path
) -> None:
    model = Predictor.load(make_model(mixed_table, "yes", sample_weight="code"))
    frame = read_table(mixed_table).tail(100)
    weights = frame["code"].astype(float).to_numpy().copy()
    weights[:7] = [0, -1, np.nan, np.inf, 0, 0, 0]
    found = evaluate(model, frame.assign(code=weights))
    counting = weights[7:] > 0
    alone = evaluate(model, frame[7:][counting])
    assert found.rows == alone.rows == int(counting.sum())
    assert (found.confusion, found.per_class) == (alone.confusion, alone.per_class)
    assert sum(map(sum, found.confusion)) == sum(c["rows"] for c in found.per_class) == found.rows
    assert codes_of(found)["rows-without-weight"] == 100 - found.rows
    assert found.scores == alone.scores
    assert np.mean([c["f1"] for c in found.per_class]) == pytest.approx(found.scores["f1_macro"])


def test_texts_and_typed_values_score_the_same(binary: Predictor, mixed_table: Path) -> None:
    assert evaluate(binary, read_raw(mixed_table)) == evaluate(binary, read_table(mixed_table))


def test_a_threshold_changes_what_is_predicted_not_how_likely(
    binary: Predictor, mixed_table: Path
) -> None:
    frame = read_table(mixed_table)
    plain, strict = evaluate(binary, frame), evaluate(binary, frame, threshold=0.9)
    assert strict.scores["roc_auc"] == plain.scores["roc_auc"]
    assert strict.scores["recall"] < plain.scores["recall"]
    assert [one["rows"] for one in strict.per_class] == [one["rows"] for one in plain.per_class]


def test_what_the_rows_do_not_define_of_a_class_has_no_value(iris_model: Path) -> None:
    frame = read_raw(HOLDOUT)
    found = evaluate(Predictor.load(iris_model), frame[frame["species"] != "setosa"])
    absent, *others = found.per_class
    assert absent == {"label": "setosa", "precision": None, "recall": None, "f1": None, "rows": 0}
    f1 = [one["f1"] for one in others]
    assert np.mean(f1) == pytest.approx(found.scores["f1_macro"])


def test_a_threshold_that_decides_nothing_is_told(iris_model: Path) -> None:
    found = evaluate(Predictor.load(iris_model), read_raw(HOLDOUT), threshold=0.9)
    assert "threshold-ignored" in codes_of(found)


@pytest.mark.parametrize("missing", [None, "", "NA", float("nan")])
def test_rows_without_a_target_are_left_out_and_told(iris_model: Path, missing: object) -> None:
    frame = read_table(HOLDOUT).astype({"species": object})
    frame.loc[frame.index[:3], "species"] = missing
    found = evaluate(Predictor.load(iris_model), frame)
    assert found.rows == len(frame) - 3
    assert codes_of(found)["rows-without-target"] == 3
    rest = evaluate(Predictor.load(iris_model), read_table(HOLDOUT).iloc[3:])
    assert found.scores == rest.scores


@pytest.mark.parametrize("missing", [None, "", float("nan")])
def test_a_row_without_a_target_is_not_of_a_class_called_none(
    make_model: MakeModel, tmp_path: Path, missing: object
) -> None:
    classes = ["None", "NA", "1.0", "0", "True", "x"]
    frame = pd.DataFrame({"a": np.arange(120) % 6, "y": classes * 20})
    frame.to_csv(tmp_path / "classes.csv", index=False)
    model = Predictor.load(make_model(tmp_path / "classes.csv", "y"))
    found = evaluate(model, {"a": [0, 5, 0], "y": ["None", "x", missing]})
    assert "None" in (model.classes or ())
    told = [(one.code, one.count) for one in found.notices if one.code != "undefined-metrics"]
    assert (found.rows, told) == (2, [("rows-without-target", 1)])
    assert sum(map(sum, found.confusion)) == 2


def test_classes_that_the_model_never_met_are_told(iris_model: Path) -> None:
    frame = read_table(HOLDOUT).astype({"species": object})
    frame.loc[frame.index[:2], "species"] = "orchid"
    found = evaluate(Predictor.load(iris_model), frame)
    assert (found.rows, codes_of(found)["unknown-classes"]) == (len(frame) - 2, 2)


@pytest.mark.parametrize(
    "write",
    [str, int, float, "{}.0".format, " {}".format],
    ids=["text", "int", "float", "dot", "blank"],
)
def test_classes_that_are_numbers_are_known_however_they_are_written(
    binary: Predictor, mixed_table: Path, write: type
) -> None:
    frame = read_table(mixed_table)
    expected = evaluate(binary, frame)
    told = evaluate(binary, frame.assign(yes=pd.Series(map(write, frame["yes"]), dtype=object)))
    assert told == expected


def test_metrics_without_a_value_are_told(binary: Predictor, mixed_table: Path) -> None:
    frame = read_table(mixed_table)
    found = evaluate(binary, frame[frame["yes"] == 1])
    assert "roc_auc" not in found.scores
    told = next(one for one in found.notices if one.code == "undefined-metrics")
    assert "`roc_auc`" in told.text


def test_numbers_are_scored_by_every_metric_of_numbers(
    amounts: Predictor, mixed_table: Path
) -> None:
    frame = read_table(mixed_table)
    found = evaluate(amounts, frame)
    naive = frame["amount"].diff().abs().mean()
    shown = amounts.answer(amounts.type_values(frame))
    off = np.abs(shown - frame["amount"])
    assert set(found.scores) | {"neg_mean_squared_log_error", "neg_rmsle"} == set(
        metrics_for("regression", 0)
    )
    assert found.scores["r2"] == pytest.approx(sk.r2_score(frame["amount"], shown))
    assert found.scores["neg_mase"] == pytest.approx(-off.mean() / naive)
    assert (found.labels, found.per_class, found.confusion) == ([], [], [])


def test_rows_of_a_series_that_the_model_knows_are_not_scored(
    forecaster: Predictor, series_table: Path
) -> None:
    days = np.arange(150)
    frame = pd.DataFrame(
        {
            "day": pd.date_range("2020-01-01", periods=150).strftime("%Y-%m-%d"),
            "sales": 100 + days / 2 + 10 * np.sin(days * 2 * np.pi / 7),
        }
    )
    found = evaluate(forecaster, frame)
    alone = evaluate(forecaster, frame.tail(10))
    assert (found.rows, codes_of(found)["past-rows"]) == (10, 140)
    assert found.scores == pytest.approx(alone.scores)
    assert {"neg_mase", "mda"} <= set(found.scores)
    with pytest.raises(BadInput, match="in the past"):
        evaluate(forecaster, read_table(series_table))


def test_a_missing_target_is_refused_with_the_nearest_column(iris_model: Path) -> None:
    frame = read_table(HOLDOUT).rename(columns={"species": "Species "})
    with pytest.raises(BadInput, match=r"no column `species`.*nearest is `Species `"):
        evaluate(Predictor.load(iris_model), frame)


def test_rows_of_which_none_has_a_target_are_refused(iris_model: Path) -> None:
    frame = read_table(HOLDOUT).assign(species=None)
    with pytest.raises(BadInput, match="No row has a value in `species`"):
        evaluate(Predictor.load(iris_model), frame)


def test_a_missing_feature_is_refused(iris_model: Path) -> None:
    frame = read_table(HOLDOUT).drop(columns="petal_width")
    with pytest.raises(BadInput, match="`petal_width`"):
        evaluate(Predictor.load(iris_model), frame)


def test_what_cannot_be_read_is_told(iris_model: Path) -> None:
    frame = read_table(HOLDOUT).astype({"petal_width": object})
    frame.loc[frame.index[0], "petal_width"] = "wide"
    assert codes_of(evaluate(Predictor.load(iris_model), frame))["unreadable-values"] == 1
