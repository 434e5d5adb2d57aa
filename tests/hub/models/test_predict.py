"""Predictions take what people send, and answer in plain JSON values (wire contract §2.15)."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.data.notices import Notice
from auger_hub.data.read import read_table
from auger_hub.models import predict
from auger_hub.models.predict import BadInput, Predictor
from auger_hub.models.predict_file import FilePredictor

from .conftest import HOLDOUT, MakeModel

COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
SETOSA = [5.1, 3.5, 1.4, 0.2]
VIRGINICA = [6.5, 3.0, 5.8, 2.2]


@pytest.fixture(scope="module")
def iris(iris_model: Path) -> Predictor:
    return Predictor.load(iris_model)


@pytest.fixture(scope="module")
def binary(make_model: MakeModel, mixed_table: Path) -> Predictor:
    return Predictor.load(make_model(mixed_table, "yes"))


@pytest.fixture(scope="module")
def mixed(mixed_table: Path) -> tuple[list[str], list[list[Any]]]:
    """Columns and the first records of the mixed table, as a client sends them."""
    frame = read_table(mixed_table).drop(columns=["yes", "amount"]).head(20)
    frame["day"] = frame["day"].dt.strftime("%Y-%m-%d")
    records = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    return list(frame.columns), records


def test_prediction_follows_the_input_columns(iris: Predictor) -> None:
    columns, data = iris.predict(COLUMNS, [SETOSA, VIRGINICA], None)
    assert columns == [*COLUMNS, "species"]
    assert data == [[*SETOSA, "setosa"], [*VIRGINICA, "virginica"]]


def test_holdout_is_predicted_well(iris: Predictor) -> None:
    holdout = read_table(HOLDOUT)
    _, data = iris.predict(COLUMNS, holdout[COLUMNS].to_numpy().tolist(), None)
    assert np.mean([row[-1] for row in data] == holdout["species"].to_numpy()) >= 0.9


def test_threshold_adds_the_probability_of_each_class(iris: Predictor) -> None:
    columns, ((*_, label, setosa, versicolor, virginica),) = iris.predict(COLUMNS, [SETOSA], 0.5)
    assert columns[4:] == ["species", "proba_setosa", "proba_versicolor", "proba_virginica"]
    assert label == "setosa"
    assert setosa > 0.9
    assert setosa + versicolor + virginica == pytest.approx(1)


def test_threshold_does_not_change_the_winner_among_many_classes(iris: Predictor) -> None:
    _, ((*_, label, _, _, _),) = iris.predict(COLUMNS, [SETOSA], 0.9999999)
    assert label == "setosa"
    (told,) = iris.notices
    assert told.text.endswith("it is for two classes, and this model tells 3 classes apart.")
    iris.predict(COLUMNS, [SETOSA], predict.MODELS_OWN)
    assert iris.notices == []


def test_probabilities_without_a_threshold_change_no_prediction(
    binary: Predictor, mixed: tuple[list[str], list[list[Any]]]
) -> None:
    _, plain = binary.predict(*mixed, None)
    columns, shown = binary.predict(*mixed, predict.MODELS_OWN)
    assert columns[-3:] == ["yes", "proba_0", "proba_1"]
    assert [row[-3] for row in shown] == [row[-1] for row in plain]
    assert all(row[-2] + row[-1] == pytest.approx(1) for row in shown)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.8, 1.1])
def test_threshold_decides_between_two_classes(
    binary: Predictor, mixed: tuple[list[str], list[list[Any]]], threshold: float
) -> None:
    columns, data = binary.predict(*mixed, threshold)
    assert "threshold-ignored" not in {one.code for one in binary.notices}
    assert columns[-3:] == ["yes", "proba_0", "proba_1"]
    assert [row[-3] for row in data] == [int(row[-1] >= threshold) for row in data]


def test_whole_classes_stay_whole_numbers(
    binary: Predictor, mixed: tuple[list[str], list[list[Any]]]
) -> None:
    _, data = binary.predict(*mixed, None)
    assert {type(row[-1]) for row in data} == {int}


def test_regression_predicts_numbers_and_ignores_a_threshold(
    make_model: MakeModel, mixed_table: Path, mixed: tuple[list[str], list[list[Any]]]
) -> None:
    folder = make_model(mixed_table, "amount", "regression", "sklearn.linear_model.Ridge")
    predictor = Predictor.load(folder)
    columns, data = predictor.predict(*mixed, 0.5)
    assert columns[-1] == "amount"
    assert "threshold-ignored" in {one.code for one in predictor.notices}
    assert {type(row[-1]) for row in data} == {float}


def test_series_goes_on_after_its_last_day(make_model: MakeModel, series_table: Path) -> None:
    forecaster = "sklearn.linear_model.Ridge"
    predictor = Predictor.load(make_model(series_table, "sales", "timeseries", forecaster))
    days = pd.date_range("2020-05-20", periods=14).strftime("%Y-%m-%d")
    _, data = predictor.predict(["day"], [[day] for day in days], None)
    steps = np.arange(140, 154)
    expected = 100 + steps / 2 + 10 * np.sin(steps * 2 * np.pi / 7)
    np.testing.assert_allclose([row[1] for row in data], expected, rtol=0.05)


def test_series_in_a_file_is_predicted_in_one_piece(
    make_model: MakeModel, series_table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "BATCH_ROWS", 3)
    naive = "auger_hub.search.pipelines.forecast.SeasonalNaive"
    predictor = Predictor.load(make_model(series_table, "sales", "timeseries", naive))
    days = pd.date_range("2020-05-20", periods=14).strftime("%Y-%m-%d").tolist()
    (tmp_path / "f.csv").write_text("day\n" + "\n".join(days) + "\n")
    assert FilePredictor(predictor).predict(tmp_path / "f.csv", tmp_path / "p.csv") == 14
    _, data = predictor.predict(["day"], [[day] for day in days], None)
    written = pd.read_csv(tmp_path / "p.csv")["sales"]
    np.testing.assert_allclose(written, [row[1] for row in data], rtol=1e-9)


def test_columns_in_any_order_predict_the_same(
    binary: Predictor, mixed: tuple[list[str], list[list[Any]]]
) -> None:
    columns, records = mixed
    _, straight = binary.predict(columns, records, 0.5)
    _, reversed_ = binary.predict(columns[::-1], [record[::-1] for record in records], 0.5)
    np.testing.assert_allclose([r[-3:] for r in reversed_], [r[-3:] for r in straight], rtol=1e-9)


def test_numbers_as_texts_predict_the_same(
    binary: Predictor, mixed: tuple[list[str], list[list[Any]]]
) -> None:
    columns, records = mixed
    texts = [[None if value is None else str(value) for value in record] for record in records]
    _, straight = binary.predict(columns, records, 0.5)
    _, as_texts = binary.predict(columns, texts, 0.5)
    np.testing.assert_allclose([r[-3:] for r in as_texts], [r[-3:] for r in straight], rtol=1e-9)


def test_extra_columns_are_handed_through(iris: Predictor) -> None:
    columns, data = iris.predict(["id", *COLUMNS], [["x7", *SETOSA]], None)
    assert (columns[0], data[0][0], data[0][-1]) == ("id", "x7", "setosa")


def test_target_that_was_sent_is_replaced(iris: Predictor) -> None:
    columns, data = iris.predict(["species", *COLUMNS], [["virginica", *SETOSA]], None)
    assert columns == [*COLUMNS, "species"]
    assert data == [[*SETOSA, "setosa"]]


def test_a_column_named_like_a_probability_is_replaced(iris: Predictor, tmp_path: Path) -> None:
    sent = [*COLUMNS, "proba_setosa"]
    columns, ((*_, probability, _, _),) = iris.predict(sent, [[*SETOSA, 9]], 0.5)
    assert columns == iris.predict(COLUMNS, [], 0.5)[0]
    assert probability <= 1


def test_columns_of_a_file_are_never_replaced(iris: Predictor, tmp_path: Path) -> None:
    sent = [*COLUMNS, "proba_setosa", "species", "prediction_id"]
    rows = "5.1,3.5,1.4,0.2,9,truth,00000000000000000123"
    (tmp_path / "f.csv").write_text(",".join(sent) + f"\n{rows}\n")
    FilePredictor(iris, 0.5).predict(tmp_path / "f.csv", tmp_path / "p.csv")
    header, line = (tmp_path / "p.csv").read_text().splitlines()
    assert header.split(",")[:9] == [*sent, "species_predicted", "proba_setosa.1"]
    assert line.startswith(f"{rows},setosa,")


def test_predictions_alone_are_given_on_request(iris: Predictor, tmp_path: Path) -> None:
    sent = ["species", *COLUMNS]
    assert iris.predict(sent, [["virginica", *SETOSA]], None, bare=True) == (
        ["species"],
        [["setosa"]],
    )
    assert FilePredictor(iris, bare=True).predict(HOLDOUT, tmp_path / "p.csv") == 30
    assert list(pd.read_csv(tmp_path / "p.csv").columns) == ["species"]


def test_missing_columns_are_all_named(iris: Predictor) -> None:
    with pytest.raises(BadInput, match="`sepal_width`, `petal_width`"):
        iris.predict(["petal_length", "sepal_length"], [[1.4, 5.1]], None)


def test_record_of_another_width_is_refused(iris: Predictor) -> None:
    with pytest.raises(BadInput, match="as many values as there are columns"):
        iris.predict(COLUMNS, [SETOSA, SETOSA[:3]], None)


def test_columns_of_one_name_are_told_apart_as_in_training(iris: Predictor) -> None:
    columns, data = iris.predict([*COLUMNS, "petal_width"], [[*SETOSA, 9]], None)
    assert columns == [*COLUMNS, "petal_width", "species"]
    assert data == [[*SETOSA, 9, "setosa"]]


def test_nulls_and_unknown_categories_are_predicted(
    binary: Predictor, mixed: tuple[list[str], list[list[Any]]]
) -> None:
    columns, (record, *_) = mixed
    unknown = dict(zip(columns, record, strict=True)) | {"group": "purple", "word": "new"}
    _, data = binary.predict(columns, [list(unknown.values()), [None] * len(columns)], 0.5)
    assert all(0 <= row[-1] <= 1 for row in data)


def test_no_records_give_no_rows(iris: Predictor) -> None:
    assert iris.predict(COLUMNS, [], None) == ([*COLUMNS, "species"], [])


def test_result_is_json(binary: Predictor, mixed: tuple[list[str], list[list[Any]]]) -> None:
    result = binary.predict(*mixed, 0.5)
    assert json.loads(json.dumps(result, allow_nan=False)) == [result[0], result[1]]


def test_file_is_predicted_like_its_records(iris: Predictor, tmp_path: Path) -> None:
    assert FilePredictor(iris, 0.5).predict(HOLDOUT, tmp_path / "p.csv") == 30
    holdout = read_table(HOLDOUT)
    columns, data = iris.predict(COLUMNS, holdout[COLUMNS].to_numpy().tolist(), 0.5)
    written = pd.read_csv(tmp_path / "p.csv").drop(columns="species")
    written = written.rename(columns={"species_predicted": "species"})
    pd.testing.assert_frame_equal(
        written, pd.DataFrame(data, columns=columns), check_dtype=False, rtol=1e-12
    )


def test_batches_do_not_show(
    binary: Predictor, mixed_table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FilePredictor(binary, 0.5).predict(mixed_table, tmp_path / "whole.csv")
    monkeypatch.setattr(predict, "BATCH_ROWS", 7)
    assert FilePredictor(binary, 0.5).predict(mixed_table, tmp_path / "parts.csv") == 300
    whole, parts = pd.read_csv(tmp_path / "whole.csv"), pd.read_csv(tmp_path / "parts.csv")
    pd.testing.assert_frame_equal(parts, whole)


def test_values_of_a_file_are_written_as_they_were(iris: Predictor, tmp_path: Path) -> None:
    content = "note,sepal_length,sepal_width,petal_length,petal_width\n007,5.10,3.5,NA,\n"
    (tmp_path / "f.csv").write_text(content)
    FilePredictor(iris).predict(tmp_path / "f.csv", tmp_path / "p.csv")
    assert (tmp_path / "p.csv").read_text().splitlines()[1].startswith("007,5.10,3.5,NA,,")


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiter_of_a_file_is_found(iris: Predictor, tmp_path: Path, delimiter: str) -> None:
    (tmp_path / "f.csv").write_text(HOLDOUT.read_text().replace(",", delimiter))
    FilePredictor(iris).predict(tmp_path / "f.csv", tmp_path / "p.csv")
    FilePredictor(iris).predict(HOLDOUT, tmp_path / "expected.csv")
    expected = (tmp_path / "expected.csv").read_text().replace(",", delimiter)
    assert (tmp_path / "p.csv").read_text() == expected


def test_parquet_is_predicted_like_csv(
    binary: Predictor, mixed_table: Path, tmp_path: Path
) -> None:
    duckdb = pytest.importorskip("duckdb")
    source = tmp_path / "f.parquet"
    duckdb.execute(f"COPY (FROM read_csv('{mixed_table}')) TO '{source}' (FORMAT parquet)")
    assert FilePredictor(binary, 0.5).predict(source, tmp_path / "parquet.csv") == 300
    FilePredictor(binary, 0.5).predict(mixed_table, tmp_path / "csv.csv")
    names = ["yes", "proba_0", "proba_1"]
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "parquet.csv")[names], pd.read_csv(tmp_path / "csv.csv")[names]
    )


def test_file_without_rows_gives_a_header(iris: Predictor, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(",".join(COLUMNS) + "\n")
    assert FilePredictor(iris, 0.5).predict(tmp_path / "f.csv", tmp_path / "p.csv") == 0
    header = ",".join([*COLUMNS, "species", "proba_setosa", "proba_versicolor", "proba_virginica"])
    assert (tmp_path / "p.csv").read_text() == header + "\n"


def test_what_cannot_be_read_or_was_never_met_is_told(
    binary: Predictor, mixed: tuple[list[str], list[list[Any]]]
) -> None:
    columns, (record, *_) = mixed
    odd = dict(zip(columns, record, strict=True)) | {"number": "abc", "group": "purple"}
    binary.predict(columns, [list(odd.values()), record], None)
    assert [(notice.code, notice.column, notice.count) for notice in binary.notices] == [
        ("unreadable-values", "number", 1),
        ("unknown-categories", "group", 1),
    ]
    binary.predict(columns, [record], None)
    assert binary.notices == []


def told_of(codes_model: Path, *codes: Any) -> list[Notice]:
    """Return what is said of a prediction for codes."""
    predictor = Predictor.load(codes_model)
    records = [[code, "n1", 0.5] for code in codes]
    predictor.predict(["code", "name", "x"], records, None)
    return predictor.notices


@pytest.mark.parametrize("write", [int, float, lambda code: str(int(code))])
def test_codes_that_have_lost_their_zeros_are_told(
    codes_model: Path, codes_table: Path, write: Callable[[str], Any]
) -> None:
    codes = pd.read_csv(codes_table, dtype=str)["code"].head(20)
    (told,) = told_of(codes_model, *map(write, codes))
    assert (told.code, told.column, told.count) == ("unknown-categories", "code", 20)
    assert re.search(r"knows codes as `0\d{4}`, so read the column as texts", told.text)


def test_hardly_a_known_value_of_many_is_told_and_a_few_new_ones_are_not(codes_model: Path) -> None:
    (told,) = told_of(codes_model, *["x1"] * 9, "00005")
    assert (told.count, told.text) == (9, "9 rows of `code` with a value that the model never met.")
    assert told_of(codes_model, *["x1"] * 8, "00005", "00102") == []


def test_unknown_values_of_many_are_judged_over_all_batches(
    codes_model: Path, codes_table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "BATCH_ROWS", 10)
    rows = pd.read_csv(codes_table, dtype=str).head(40)
    rows.loc[:9, "code"] = "x1"
    rows.to_csv(tmp_path / "some.csv", index=False)
    predictor = Predictor.load(codes_model)
    FilePredictor(predictor).predict(tmp_path / "some.csv", tmp_path / "some_predicted.csv")
    assert predictor.notices == []


def test_new_values_where_each_is_new_are_nothing_to_tell(codes_model: Path) -> None:
    predictor = Predictor.load(codes_model)
    assert [*predictor.known] == ["code"]
    predictor.predict(["code", "name", "x"], [["00005", "somebody", 0.5]], None)
    assert predictor.notices == []


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"sepal_length\n\xe9\n"])
def test_file_that_cannot_be_predicted_leaves_nothing_behind(
    iris: Predictor, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "f.csv").write_bytes(content)
    with pytest.raises(BadInput):
        FilePredictor(iris).predict(tmp_path / "f.csv", tmp_path / "p.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["f.csv"]


@pytest.fixture(
    scope="module",
    params=["sklearn.linear_model.Ridge", "auger_hub.search.pipelines.classical.Theta"],
)
def panel(request: pytest.FixtureRequest, make_model: MakeModel, panel_table: Path) -> Predictor:
    options = {"series": ["store"], "horizon": 7, "timeSeriesFeatures": ["day"]}
    params = {"lags": 7, "direct": True} if request.param.endswith("Ridge") else {}
    return Predictor.load(
        make_model(panel_table, "sold", "timeseries", request.param, params, **options)
    )


def next_weeks(store: int | str = 1, first: str = "2024-03-25", count: int = 21) -> list[list[Any]]:
    days = pd.date_range(first, periods=count).strftime("%Y-%m-%d")
    return [[day, store, 1 + number % 3] for number, day in enumerate(days)]


COLUMNS_OF_PANEL = ["day", "store", "price"]


def test_each_series_of_a_panel_is_forecast_with_an_interval(panel: Predictor) -> None:
    columns, data = panel.predict(COLUMNS_OF_PANEL, next_weeks(1) + next_weeks(2), None)
    assert columns == [*COLUMNS_OF_PANEL, "sold", "sold_low", "sold_high"]
    values, low, high = (np.array([row[n] for row in data]) for n in (3, 4, 5))
    assert ((low < values) & (values < high)).all()
    np.testing.assert_allclose(values[21:], 10 * values[:21], rtol=0.2, atol=60)
    assert panel.notices == []


def test_a_forecast_is_one_however_it_is_asked_for(panel: Predictor, tmp_path: Path) -> None:
    records = next_weeks(1) + next_weeks(2)
    _, whole = panel.predict(COLUMNS_OF_PANEL, records, None)
    pieces = [panel.predict(COLUMNS_OF_PANEL, [record], None)[1][0] for record in records[::5]]
    assert pieces == whole[::5]
    _, backwards = panel.predict(COLUMNS_OF_PANEL, records[::-1], None)
    assert backwards[::-1] == whole
    frame = pd.DataFrame(records, columns=COLUMNS_OF_PANEL)
    frame.to_csv(tmp_path / "f.csv", index=False)
    FilePredictor(panel).predict(tmp_path / "f.csv", tmp_path / "p.csv")
    written = pd.read_csv(tmp_path / "p.csv")
    assert written["sold"].tolist() == [row[3] for row in whole]


def test_unknown_series_and_rows_of_the_past_are_told(panel: Predictor) -> None:
    records = [*next_weeks(7, count=2), *next_weeks(1, "2024-03-23", 3)]
    _, data = panel.predict(COLUMNS_OF_PANEL, records, None)
    assert [row[3] is None for row in data] == [True, True, False, False, False]
    assert [row[4] == row[3] for row in data[2:]] == [True, True, False]
    told = {notice.code: notice for notice in panel.notices}
    assert told["unknown-series"].count == 2
    assert "`7` in `store`" in told["unknown-series"].text
    assert told["past-rows"].count == 2


def test_rows_without_a_time_or_too_far_away_are_refused(panel: Predictor) -> None:
    for day, words in (("soon", "no time in `day`"), ("9000-01-01", "steps after the last")):
        with pytest.raises(BadInput, match=words):
            panel.predict(COLUMNS_OF_PANEL, [[day, 1, 1]], None)


def test_columns_of_parquet_may_differ_in_case_alone(make_model: MakeModel, tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.arange(40.0), "X": np.arange(40.0) % 7})
    frame.assign(y=3 * frame["x"] - frame["X"]).to_csv(tmp_path / "t.csv", index=False)
    ridge = "sklearn.linear_model.Ridge"
    predictor = Predictor.load(make_model(tmp_path / "t.csv", "y", "regression", ridge))
    frame.to_parquet(tmp_path / "t.parquet")
    FilePredictor(predictor).predict(tmp_path / "t.parquet", tmp_path / "p.csv")
    predicted = pd.read_csv(tmp_path / "p.csv")
    assert list(predicted) == ["x", "X", "y"]
    assert np.corrcoef(predicted["y"], 3 * frame["x"] - frame["X"])[0, 1] > 0.99


def test_without_a_threshold_the_models_own_decides(
    make_model: MakeModel, mixed_table: Path, mixed: tuple[list[str], list[list[Any]]]
) -> None:
    folder = make_model(mixed_table, "yes", params={"threshold": 0.95})
    model = Predictor.load(folder)
    own = [row[-1] for row in model.predict(*mixed, None)[1]]
    chances = [row[-1] for row in model.predict(*mixed, predict.MODELS_OWN)[1]]
    assert own == [int(chance >= 0.95) for chance in chances]
    assert own == [row[-3] for row in model.predict(*mixed, 0.95)[1]]
    assert own != [row[-3] for row in model.predict(*mixed, 0.5)[1]]
    described = json.loads((folder / "model.json").read_text("utf-8"))
    (told,) = (one for one in described["notices"] if one["code"] == "decision-threshold")
    assert "from a probability of 0.95 on" in told["text"]


def test_a_calibration_changes_what_is_answered_and_what_is_explained(
    make_model: MakeModel, mixed_table: Path, mixed: tuple[list[str], list[list[Any]]]
) -> None:
    told = {"method": "sigmoid", "slope": 0.5, "intercept": 1.0}
    plain = Predictor.load(make_model(mixed_table, "yes"))
    model = Predictor.load(make_model(mixed_table, "yes", params={"calibration": told}))
    before = np.array([row[-1] for row in plain.predict(*mixed, predict.MODELS_OWN)[1]])
    model.explains = True
    columns, data = model.predict(*mixed, predict.MODELS_OWN, bare=True)
    odds = 0.5 * np.log(before / (1 - before)) + 1
    after = np.array([row[columns.index("proba_1")] for row in data])
    assert after == pytest.approx(1 / (1 + np.exp(-odds)))
    shares = [sum(row[columns.index("expected_value") :]) for row in data]
    assert shares == pytest.approx(after.tolist())
