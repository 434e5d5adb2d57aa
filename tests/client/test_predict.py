"""Asking a deployed model, as hubs of all ages answer."""

from pathlib import Path
from typing import Any

import pytest
from scripted_hub import ScriptedHub, refuse, reply

from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.client.predict import predict_file, predicted_path, send_actuals
from auger_reconcile.client.rows import BATCH
from auger_reconcile.errors import AugerError, HubError, NotFound

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
    path = predict_file(client, source, "M", threshold=0.5)
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
    assert predict_file(client, source, "M").read_text() == "a,y,y_predicted\n1,?,x\n2,?,\n"


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
    lines = predict_file(client, source, "M", on_rows=told.append).read_text().splitlines()
    assert (lines[0], lines[1], lines[-1], len(lines)) == ("a,y", "1,0", "1,1", BATCH + 2)
    assert told == [BATCH, BATCH + 1]


def test_a_file_is_answered_as_it_stands(hub: ScriptedHub, client: HubClient, source: Path) -> None:
    text = '\ufeffprediction_id;"a";y;proba_x\r\n007;"1,5 ""q""";w;\r\n1234567890123456789;1.10;;3'
    source.write_bytes(text.encode())
    result = {"columns": ["y", "proba_x"], "data": [["x; z", 0.25], [None, 1.0]]}
    hub.play(READY, reply(answer(result=result)))
    predicted = predict_file(client, source, "M", threshold=0.5).read_bytes().decode()
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
    predict_file(client, source, "M")
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
    predict_file(client, source, "M", on_notices=told.extend)
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
        predict_file(client, source, "M")
    assert list(source.parent.iterdir()) == [source]


def test_an_earlier_result_stays_when_the_next_one_fails(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    predicted_path(source).write_text("old")
    hub.play(READY, refuse("500 Internal Server Error"))
    with pytest.raises(HubError):
        predict_file(client, source, "M")
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
    with pytest.raises(AugerError, match=f"model M cannot be asked: {problem}"):
        predict_file(client, source, "M")
    assert len(hub.requests) == 1


def test_a_model_that_is_not_there_is_not_found(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    hub.play(refuse("404 Not Found"))
    with pytest.raises(NotFound):
        predict_file(client, source, "M")


def test_a_result_that_cannot_be_written_is_named(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    predicted_path(source).mkdir()
    hub.play(READY, reply(answer(result={"columns": ["a", "y"], "data": [[1, 0], [2, 0]]})))
    with pytest.raises(AugerError, match=r"new_predicted\.csv` cannot be written: Is a directory"):
        predict_file(client, source, "M")
    assert sorted(path.name for path in source.parent.iterdir()) == ["new.csv", "new_predicted.csv"]


def test_actuals_carry_all_columns_and_their_names(
    hub: ScriptedHub, client: HubClient, source: Path
) -> None:
    hub.play(READY, reply({}))
    assert send_actuals(client, source, "M") == 2
    sent = hub.requests[1].json
    assert sent["actual_column_names"] == ["a", "y"]
    assert sent["actuals"] == [["1", "?"], ["2", "?"]]


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
    ],
)
def test_predictions_are_named_after_their_input(name: str, result: str) -> None:
    assert predicted_path(Path("x") / name) == Path("x") / result


@pytest.mark.parametrize("path", [".", "/", ""])
def test_a_folder_has_no_predictions(path: str) -> None:
    with pytest.raises(AugerError, match="is a folder"):
        predicted_path(Path(path))
