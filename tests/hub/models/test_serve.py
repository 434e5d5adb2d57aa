"""The HTTP service of an export, asked as MLflow's and as the hub's clients ask."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from auger_hub.models.predict import Predictor
from auger_hub.models.serve import Service, make_server

COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
ROW = [5.1, 3.5, 1.4, 0.2]
URL = "http://127.0.0.1:{port}{path}"


@pytest.fixture(scope="module", params=[""])
def port(iris_model: Path, request: pytest.FixtureRequest) -> Iterator[int]:
    server = make_server(Service(Predictor.load(iris_model), "M1"), "127.0.0.1", 0, request.param)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def ask(port: int, path: str, body: Any, kind: str = "application/json") -> requests.Response:
    data = body if isinstance(body, str) else json.dumps(body)
    headers = {"Content-Type": kind}
    url = URL.format(port=port, path=path)
    return requests.post(url, data=data, headers=headers, timeout=20)


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": COLUMNS, "data": [ROW]}},
        {"dataframe_records": [dict(zip(COLUMNS, ROW, strict=True))]},
        {"inputs": {name: [value] for name, value in zip(COLUMNS, ROW, strict=True)}},
        {"instances": [ROW]},
    ],
)
def test_invocations_take_each_shape_of_mlflow(port: int, body: dict[str, Any]) -> None:
    answer = ask(port, "/invocations", body)
    assert (answer.status_code, answer.json()) == (200, {"predictions": [{"species": "setosa"}]})


def test_invocations_take_csv(port: int) -> None:
    text = f"{','.join(COLUMNS)}\n5.1,3.5,1.4,0.2\n"
    answer = ask(port, "/invocations", text, "text/csv; charset=utf-8")
    assert answer.json() == {"predictions": [{"species": "setosa"}]}


def test_a_threshold_among_the_params_adds_probabilities(port: int) -> None:
    body = {"instances": [ROW], "params": {"threshold": 0.5}}
    row = ask(port, "/invocations", body).json()["predictions"][0]
    assert sum(row[f"proba_{name}"] for name in ("setosa", "versicolor", "virginica")) == (
        pytest.approx(1)
    )


def test_predictions_are_answered_as_by_the_hub(port: int) -> None:
    body = {"features": COLUMNS, "records": [ROW], "no_features_in_result": True}
    data = ask(port, "/predictions", body).json()["data"]
    assert (data["object"], data["status"], data["pipeline_id"]) == ("prediction", "done", "M1")
    assert data["result"] == {"columns": ["species"], "data": [["setosa"]]}


def test_what_could_not_be_read_is_told(port: int) -> None:
    body = {"features": COLUMNS, "records": [["tall", *ROW[1:]]]}
    notices = ask(port, "/predictions", body).json()["data"]["result"]["notices"]
    assert [(one["code"], one["column"]) for one in notices] == [
        ("unreadable-values", "sepal_length")
    ]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/invocations", "no json", 400),
        ("/invocations", "[" * 100_000, 400),
        ("/invocations", [], 400),
        ("/invocations", {}, 400),
        ("/invocations", {"dataframe_split": {"columns": COLUMNS, "data": [[1]]}}, 400),
        ("/invocations", {"inputs": {"a": [1], "b": [1, 2]}}, 400),
        ("/invocations", {"inputs": {"a": [1]}}, 400),
        ("/invocations", {"instances": [ROW], "params": {"threshold": "high"}}, 400),
        ("/predictions", {"features": COLUMNS, "records": "all"}, 400),
        ("/predictions", {"features": COLUMNS, "records": [ROW], "threshold": 2}, 400),
        ("/elsewhere", {}, 404),
    ],
)
def test_a_bad_question_is_answered_with_a_sentence(
    port: int, path: str, body: Any, status: int
) -> None:
    answer = ask(port, path, body)
    assert answer.status_code == status
    assert answer.json()["error"].endswith(".")


def test_health_tells_when_the_model_is_there(port: int) -> None:
    for path in ("/health", "/ping"):
        answer = requests.get(URL.format(port=port, path=path), timeout=20)
        assert answer.json() == {"status": "ok", "model_id": "M1"}
    assert requests.get(URL.format(port=port, path="/"), timeout=20).status_code == 404


def test_a_body_without_a_length_or_too_long_is_refused(port: int) -> None:
    url = URL.format(port=port, path="/invocations")
    assert requests.post(url, data=iter([b"x"]), timeout=20).status_code == 411
    headers = {"Content-Length": "99999999999"}
    with requests.Session() as session:
        asked = requests.Request("POST", url, headers=headers).prepare()
        asked.headers.update(headers)
        assert session.send(asked, timeout=20).status_code == 413


@pytest.mark.parametrize("port", ["secret"], indirect=True)
def test_with_a_token_only_who_knows_it_may_ask(port: int) -> None:
    url = URL.format(port=port, path="/predictions")
    body = {"features": COLUMNS, "records": [ROW]}
    right = {"Authorization": "Bearer secret"}
    assert requests.post(url, json=body, timeout=20).status_code == 401
    assert requests.post(url, json=body, headers=right, timeout=20).status_code == 200
