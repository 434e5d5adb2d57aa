"""Asking a deployed model, as hubs of all ages answer."""

from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.client.files.rows import BATCH
from auger_reconcile.client.files.tables import predicted_path
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.client.predict import open_model, predict_file, predict_frame, send_actuals
from auger_reconcile.errors import AugerError, HubError, NotFound
from tests.client.scripted_hub import ScriptedHub, refuse, reply

READY = reply({"id": "M", "status": "ready", "target_feature": "y"})


def answer(**members: Any) -> dict[str, Any]:
    return {"id": 7, "status": "done", **members}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "new.csv"
    path.write_text("a,y\n1,?\n2,?\n")
    return path


@pytest.fixture
def client(hub: ScriptedHub) -> HubClient:
    return HubClient(hub.url, "token")


def test_the_target_is_not_sent_and_the_answer_is_written(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    result = {"columns": ["a", "y"], "data": [[1, "x"], [2, "z"]]}
    hub.play(READY, reply(answer(result=result)))
    path = predict_file(open_model(client, "M", threshold=0.5), source)
    assert path.read_text() == "a,y,y_predicted\n1,?,x\n2,?,z\n"
    sent = hub.requests[1].json
    assert sent == {
        "pipeline_id": "M",
        "features": ["a"],
        "records": [["1"], ["2"]],
        "threshold": 0.5,
        "no_features_in_result": True,
        "token": "token",
    }


def test_columns_are_named_before_the_target_is_left_out(
    hub: ScriptedHub, client: HubClient, tmp_path: Path
) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("y,,b,y\n?,1,2,3\n")
    hub.play(READY, reply(answer(result={"columns": ["y"], "data": [["x"]]})))
    predict_file(open_model(client, "M"), source)
    sent = hub.requests[1].json
    assert (sent["features"], sent["records"]) == (["Unnamed: 1", "b", "y.1"], [["1", "2", "3"]])


def test_ids_that_older_hubs_put_in_front_are_left_out(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    result = {"columns": ["prediction_id", "a", "y"], "data": [["u", 1, "x"], ["v", 2, None]]}
    hub.play(
        READY,
        reply(answer(status="requested")),
        reply(answer(status="running")),
        reply(answer(result=result)),
    )
    assert (
        predict_file(open_model(client, "M"), source).read_text()
        == "a,y,y_predicted\n1,?,x\n2,?,\n"
    )


def test_the_header_is_written_once_over_all_batches(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    source.write_text("a\n" + "1\n" * (BATCH + 1))
    hub.play(
        READY,
        reply(answer(result={"columns": ["a", "y"], "data": [[1, 0]] * BATCH})),
        reply(answer(result={"columns": ["a", "y"], "data": [[1, 1]]})),
    )
    told: list[int] = []
    lines = (
        predict_file(open_model(client, "M"), source, on_rows=told.append).read_text().splitlines()
    )
    assert (lines[0], lines[1], lines[-1], len(lines)) == ("a,y", "1,0", "1,1", BATCH + 2)
    assert told == [BATCH, BATCH + 1]


def test_a_file_is_answered_as_it_stands(hub: ScriptedHub, client: HubClient, source: Path) -> None:
    text = '\ufeffprediction_id;"a";y;proba_x\r\n007;"1,5 ""q""";w;\r\n1234567890123456789;1.10;;3'
    source.write_bytes(text.encode())
    result = {"columns": ["y", "proba_x"], "data": [["x; z", 0.25], [None, 1.0]]}
    hub.play(READY, reply(answer(result=result)))
    predicted = predict_file(open_model(client, "M", threshold=0.5), source).read_bytes().decode()
    header, first, second = text.split("\r\n")
    assert predicted == (
        f'{header};y_predicted;proba_x.1\r\n{first};"x; z";0.25\r\n{second};;1.0\n'
    )


def test_a_series_is_asked_for_in_one_piece(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    rows = BATCH + 1
    source.write_text("day\n" + "2020-01-01\n" * rows)
    model = {"id": "M", "status": "ready", "target_feature": "y", "model_type": "timeseries"}
    hub.play(reply(model), reply(answer(result={"columns": ["y"], "data": [[1]] * rows})))
    predict_file(open_model(client, "M"), source)
    assert len(hub.requests) == 2


def test_notices_of_all_batches_are_told_as_one(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    def of(count: int) -> dict[str, Any]:
        text = f"{count} rows of `a` cannot be read."
        return {"code": "unreadable-values", "column": "a", "count": count, "text": text}

    source.write_text("a\n" + "1\n" * (BATCH + 1))
    first = {"columns": ["y"], "data": [[1]] * BATCH, "notices": [of(3)]}
    second = {"columns": ["y"], "data": [[1]], "notices": [of(2)]}
    hub.play(READY, reply(answer(result=first)), reply(answer(result=second)))
    told: list[dict[str, Any]] = []
    predict_file(open_model(client, "M"), source, on_notices=told.extend)
    assert told == [of(5)]


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (answer(status="error", error_message="no luck"), "no prediction: no luck"),
        (answer(status="odd"), "its status is `odd`"),
        (answer(result=None), "no prediction: its status is `done`"),
    ],
)
def test_a_failed_prediction_leaves_no_file(
    hub: ScriptedHub, client: HubClient, source: Path, item: Any, problem: str
) -> None:
    hub.play(READY, reply(item))
    with pytest.raises(HubError, match=problem):
        predict_file(open_model(client, "M"), source)
    assert list(source.parent.iterdir()) == [source]


def test_an_earlier_result_stays_when_the_next_one_fails(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    predicted_path(source).write_text("old")
    hub.play(READY, refuse("500 Internal Server Error"))
    with pytest.raises(HubError):
        predict_file(open_model(client, "M"), source)
    assert predicted_path(source).read_text() == "old"


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ({"status": "deploying"}, "its status is `deploying`"),
        ({"status": "packaged_with_error", "error_message": "no disk"}, "no disk"),
    ],
)
def test_a_model_that_is_not_ready_is_not_asked(
    hub: ScriptedHub, client: HubClient, source: Path, model: Any, problem: str
) -> None:
    hub.play(reply({"id": "M", **model}))
    with pytest.raises(AugerError, match=f"model M cannot predict: {problem}"):
        predict_file(open_model(client, "M"), source)
    assert len(hub.requests) == 1


def test_a_model_that_is_not_there_is_not_found(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    hub.play(refuse("404 Not Found"))
    with pytest.raises(NotFound):
        predict_file(open_model(client, "M"), source)


def test_a_result_that_cannot_be_written_is_named(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    predicted_path(source).mkdir()
    hub.play(READY, reply(answer(result={"columns": ["a", "y"], "data": [[1, 0], [2, 0]]})))
    with pytest.raises(AugerError, match=r"new_predicted\.csv` cannot be written: Is a directory"):
        predict_file(open_model(client, "M"), source)
    assert sorted(path.name for path in source.parent.iterdir()) == ["new.csv", "new_predicted.csv"]


def test_actuals_carry_all_columns_and_their_names(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    hub.play(READY, reply({}))
    assert send_actuals(client, source, "M") == 2
    sent = hub.requests[1].json
    assert sent["actual_column_names"] == ["a", "y"]
    assert sent["actuals"] == [["1", "?"], ["2", "?"]]


def test_a_file_of_actuals_without_rows_is_refused(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    source.write_text("a,y\n")
    hub.play(READY)
    with pytest.raises(AugerError, match=r"new\.csv` has no rows below its header"):
        send_actuals(client, source, "M")


def test_actuals_that_were_there_already_are_told(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    known = {"code": "actuals-known", "column": None, "count": 2, "text": "2 rows were there"}
    hub.play(READY, reply({"notices": [known]}))
    told: list[dict[str, Any]] = []
    assert send_actuals(client, source, "M", told.extend) == 2
    assert told == [known]
    assert hub.requests[1].json["part"] == 0


def test_actuals_of_other_formats_are_sent_as_values(
    hub: ScriptedHub, client: HubClient, tmp_path: Path
) -> None:
    (source := tmp_path / "new.jsonl").write_text('{"a": 1.5, "y": "no"}\n{"a": null, "y": true}\n')
    hub.play(READY, reply({}))
    assert send_actuals(client, source, "M") == 2
    assert hub.requests[1].json["actuals"] == [[1.5, "no"], [None, True]]


def test_actuals_of_a_data_frame_are_sent_as_values(hub: ScriptedHub, client: HubClient) -> None:
    pd = pytest.importorskip("pandas")
    hub.play(READY, reply({}))
    frame = pd.DataFrame({"a": [1.5, None], "y": ["no", "yes"]}, index=[7, 9])
    assert send_actuals(client, frame, "M") == 2
    assert hub.requests[1].json["actuals"] == [[1.5, "no"], [None, "yes"]]


def test_what_was_guessed_about_the_file_of_actuals_is_told(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    source.write_bytes("sep=;\na;y\nGrün;1\n".encode("cp1252"))
    hub.play(READY, reply({}))
    told: list[dict[str, Any]] = []
    send_actuals(client, source, "M", told.extend)
    assert [one["code"] for one in told] == ["encoding-guessed", "lines-skipped"]
    assert told[1]["text"] == "The first line of the file is no row and was skipped."


def test_actuals_without_the_outcome_are_not_sent(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    source.write_text("a,b\n1,2\n")
    hub.play(READY)
    with pytest.raises(AugerError, match="has no column `y`"):
        send_actuals(client, source, "M")
    assert len(hub.requests) == 1


def test_actuals_may_name_the_prediction_instead_of_the_target(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    source.write_text("prediction_id,actual\nu,1\n")
    hub.play(READY, reply({}))
    assert send_actuals(client, source, "M") == 1


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("a.csv", "a_predicted.csv"),
        ("a.b.csv.gz", "a.b_predicted.csv"),
        ("plain", "plain_predicted.csv"),
        ("a.jsonl", "a_predicted.jsonl"),
        ("a.ndjson.gz", "a_predicted.ndjson"),
        ("a.pq", "a_predicted.pq"),
    ],
)
def test_predictions_are_named_after_their_input(name: str, result: str) -> None:
    assert predicted_path(Path("x") / name) == Path("x") / result


def test_a_format_that_is_given_names_the_result() -> None:
    assert predicted_path(Path("x.log"), "jsonl") == Path("x_predicted.jsonl")


def ask_about(hub: ScriptedHub, rows: list[list[Any]]) -> None:
    """Play a ready model that answers once."""
    hub.play(READY, reply(answer(result={"columns": ["y", "proba_u"], "data": rows})))


def test_json_lines_go_out_as_they_stand_with_more_members(
    hub: ScriptedHub, client: HubClient, tmp_path: Path
) -> None:
    source = tmp_path / "new.jsonl"
    lines = [
        '{"id": 1234567890123456789, "v": 1.10, "y": "x"}',
        "",
        '  {"v":null,"t":{"k":[1]}}\t',
        "{}",
    ]
    source.write_text("\n".join(lines))
    ask_about(hub, [["u", 0.5], ["w", None], ["u", 1]])
    path = predict_file(open_model(client, "M", proba=True), source)
    assert path.read_text().splitlines() == [
        '{"id": 1234567890123456789, "v": 1.10, "y": "x", "y_predicted": "u", "proba_u": 0.5}',
        '{"v":null,"t":{"k":[1]}, "y_predicted": "w", "proba_u": null}',
        '{"y_predicted": "u", "proba_u": 1}',
    ]
    sent = hub.requests[1].json
    assert sent["features"] == ["id", "v", "t"]
    assert sent["records"] == [
        [1234567890123456789, 1.1, None],
        [None, None, '{"k":[1]}'],
        [None, None, None],
    ]
    assert (sent["proba"], sent["threshold"]) == (True, None)


@pytest.mark.parametrize("text", ["[1]\n", "{\n", "1\n", "[1]", '{"a": 1}\nnull\n'])
def test_what_is_no_json_lines_is_refused_with_its_line(
    hub: ScriptedHub, client: HubClient, tmp_path: Path, text: str
) -> None:
    (tmp_path / "new.jsonl").write_text(text)
    hub.play(READY)
    with pytest.raises(AugerError, match=r"has no JSON object in line [12]"):
        predict_file(open_model(client, "M"), tmp_path / "new.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["new.jsonl"]


@pytest.mark.parametrize("name", ["t.arff", "t.feather", "t.xls", "t.h5.gz"])
def test_a_format_that_is_learned_from_alone_is_refused_with_what_to_do(
    hub: ScriptedHub, client: HubClient, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("@relation t")
    hub.play(READY)
    with pytest.raises(AugerError, match="is not predicted") as refused:
        predict_file(open_model(client, "M"), tmp_path / name)
    assert "saved as CSV" in str(refused.value.hint)


def test_parquet_keeps_the_types_of_its_columns(
    hub: ScriptedHub, client: HubClient, tmp_path: Path
) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {
        "id": pa.array([1, None], pa.int64()),
        "at": pa.array([0, 1_500_000_001], pa.timestamp("ns")),
        "c": pa.array(["a", None]).dictionary_encode(),
        "y": pa.array([True, None]),
    }
    pq.write_table(pa.table(columns), tmp_path / "new.parquet")
    ask_about(hub, [["u", 0.5], [None, 1]])
    path = predict_file(open_model(client, "M"), tmp_path / "new.parquet")
    found = pq.read_table(path)
    assert found.column_names == ["id", "at", "c", "y", "y_predicted", "proba_u"]
    assert found.drop_columns(["y_predicted", "proba_u"]).equals(pa.table(columns))
    assert found["y_predicted"].to_pylist() == ["u", None]
    assert str(found["proba_u"].type) == "double"
    sent = hub.requests[1].json
    assert sent["records"] == [
        [1, "1970-01-01T00:00:00", "a"],
        [None, "1970-01-01T00:00:01.500000", None],
    ]


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv", "frame"])
@pytest.mark.parametrize(("known", "wanted"), [(True, [True, False]), ("True", ["True", "False"])])
def test_truth_values_are_answered_in_the_type_that_the_rows_have_them_in(
    hub: ScriptedHub, client: HubClient, tmp_path: Path, *, form: str, known: Any, wanted: list[Any]
) -> None:
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"a": [1, 2], "y": [known, None]}, dtype=object)
    ask_about(hub, [["True", 0.5], ["False", 1]])
    model, path = open_model(client, "M"), tmp_path / f"new.{form}"
    match form:
        case "parquet":
            frame.to_parquet(path)
            found = pd.read_parquet(predict_file(model, path))
        case "jsonl":
            frame.to_json(path, orient="records", lines=True)
            found = pd.read_json(predict_file(model, path), lines=True, dtype=False)
        case "csv":
            frame.to_csv(path, index=False)
            found = pd.read_csv(predict_file(model, path), dtype=str)
            wanted = ["True", "False"]  # a text file has no types
        case _:
            found = predict_frame(model, frame)
    assert found["y_predicted"].tolist() == wanted


def test_parquet_without_rows_gets_its_new_columns(
    hub: ScriptedHub, client: HubClient, tmp_path: Path
) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "new.parquet")
    ask_about(hub, [])
    path = predict_file(open_model(client, "M"), tmp_path / "new.parquet")
    assert pq.read_table(path).column_names == ["a", "y", "proba_u"]


def test_what_is_no_parquet_is_refused(hub: ScriptedHub, client: HubClient, tmp_path: Path) -> None:
    (tmp_path / "new.parquet").write_text("a,b\n1,2\n")
    hub.play(READY)
    with pytest.raises(AugerError, match="is no Parquet file, or is damaged"):
        predict_file(open_model(client, "M"), tmp_path / "new.parquet")


def test_a_data_frame_keeps_its_index_and_columns(hub: ScriptedHub, client: HubClient) -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {"a": [1, 2], "at": [pd.Timestamp("2020-01-01"), pd.NaT], "y": ["p", "q"]}, index=[7, 7]
    )
    before, told = frame.copy(), []
    notice = {"code": "c", "column": None, "count": 1, "text": "1 row is odd."}
    result = {"columns": ["y"], "data": [["u"], ["w"]], "notices": [notice]}
    hub.play(READY, reply(answer(result=result)))
    found = predict_frame(open_model(client, "M"), frame, on_notices=told.extend)
    assert found["y_predicted"].tolist() == ["u", "w"]
    pd.testing.assert_frame_equal(found.drop(columns="y_predicted"), before)
    pd.testing.assert_frame_equal(frame, before)
    assert found.attrs["notices"] == told == [notice]
    assert frame.attrs == {}
    assert hub.requests[1].json["records"] == [[1, "2020-01-01T00:00:00"], [2, None]]


def test_a_result_never_takes_the_place_of_its_input(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    before = source.read_text()
    hub.play(READY)
    with pytest.raises(AugerError, match="the result needs another name"):
        predict_file(open_model(client, "M"), source, to=source.parent / "." / "new.csv")
    assert source.read_text() == before


@pytest.mark.parametrize(
    ("name", "form", "problem"),
    [
        ("p.parquet", None, "is named as parquet, and the result is csv"),
        ("p.csv", "jsonl", "is named as csv, and the result is jsonl"),
        ("no/p.csv", None, r"no/p\.csv` cannot be written: No such file or directory"),
    ],
)
def test_a_result_that_cannot_be_is_refused_by_its_own_name(
    hub: ScriptedHub, client: HubClient, source: Path, *, name: str, form: str | None, problem: str
) -> None:
    hub.play(READY)
    with pytest.raises(AugerError, match=problem):
        predict_file(open_model(client, "M"), source, form=form, to=source.parent / name)


def test_parquet_goes_nowhere_either(hub: ScriptedHub, client: HubClient, tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "new.parquet")
    hub.play(READY)
    with pytest.raises(AugerError, match="cannot be written: No such file or directory"):
        predict_file(
            open_model(client, "M"), tmp_path / "new.parquet", to=tmp_path / "no" / "p.parquet"
        )


def test_numbers_have_no_probabilities(hub: ScriptedHub, client: HubClient) -> None:
    hub.play(reply({"id": "M", "status": "ready", "model_type": "regression"}))
    with pytest.raises(AugerError, match="predicts numbers, which have no probabilities"):
        open_model(client, "M", proba=True)


def test_a_hub_that_adds_no_probabilities_is_told(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    hub.play(READY, reply(answer(result={"columns": ["y"], "data": [["u"], ["w"]]})))
    with pytest.raises(HubError, match="adds no probabilities"):
        predict_file(open_model(client, "M", proba=True), source)


@pytest.mark.parametrize("path", [".", "/", ""])
def test_a_folder_has_no_predictions(path: str) -> None:
    with pytest.raises(AugerError, match="is a folder"):
        predicted_path(Path(path))


def test_a_format_that_there_is_not_is_refused(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    hub.play(READY)
    model = open_model(client, "T1")
    with pytest.raises(AugerError, match="`xml` is no format") as caught:
        predict_file(model, source, form="xml")
    assert "`parquet`" in str(caught.value.hint)
    assert [path.name for path in source.parent.iterdir()] == [source.name]


def test_a_result_of_another_format_than_was_asked_for_says_so(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    hub.play(READY)
    model = open_model(client, "T1")
    with pytest.raises(AugerError, match="the result is xlsx, as was asked for"):
        predict_file(model, source, form="xlsx", to=source.with_name("b.csv"))
