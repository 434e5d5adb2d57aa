"""A client that waits has its answer with the request, and says what stays of it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.hub.client import Client

ASKED = {
    "features": ["sepal_length", "sepal_width", "petal_length", "petal_width"],
    "records": [[5.1, 3.5, 1.4, 0.2]],
}


def ask(hub: Client, pipeline: dict[str, Any], **more: Any) -> dict[str, Any]:
    return dict(hub.post("/predictions", pipeline_id=pipeline["id"], **ASKED, **more))


def test_who_waits_has_the_result_with_the_answer(hub: Client, pipeline: dict[str, Any]) -> None:
    for _ in range(2):  # of a model that is loaded first, and of one that is
        answered = ask(hub, pipeline, wait=True)
        assert answered["status"] == "done"
        assert answered["object"] == "prediction"
        assert answered["result"]["data"] == [[5.1, 3.5, 1.4, 0.2, "setosa"]]
        assert hub.get(f"/predictions/{answered['id']}")["result"] == answered["result"]


def test_who_does_not_wait_is_answered_as_ever(hub: Client, pipeline: dict[str, Any]) -> None:
    for more in ({}, {"wait": False}, {"wait": "false"}, {"wait": None}):
        assert ask(hub, pipeline, **more)["status"] == "requested"


def test_the_other_name_is_kept(hub: Client, pipeline: dict[str, Any]) -> None:
    asked = {"pipeline_id": pipeline["id"], **ASKED, "wait": "true", "proba": True}
    answered = hub.post("/prediction_groups", **asked)
    assert (answered["object"], answered["status"]) == ("prediction_group", "done")
    assert answered["result"]["columns"][5:] == [
        "proba_setosa",
        "proba_versicolor",
        "proba_virginica",
    ]


@pytest.mark.parametrize("explain", [False, True])
def test_what_stays_is_what_was_asked_for(
    hub: Client, pipeline: dict[str, Any], explain: bool
) -> None:
    kept = {
        keep: ask(hub, pipeline, wait=True, keep=keep, explain=explain) for keep in ("none", "ids")
    }
    assert [one["status"] for one in kept.values()] == ["done", "done"]
    assert all(one["result"]["data"] for one in kept.values())
    assert hub.call("GET", f"/predictions/{kept['none']['id']}").status == 404
    shown = hub.get(f"/predictions/{kept['ids']['id']}")
    assert (shown["status"], shown["records_count"], shown["result"]) == ("done", 1, None)


def test_what_is_fetched_later_is_kept(hub: Client, pipeline: dict[str, Any]) -> None:
    asked = {"pipeline_id": pipeline["id"], **ASKED, "keep": "none"}
    (kind, name, _) = hub.call("POST", "/predictions", **asked).errors[0]
    assert (kind, name) == ("invalid_param", "keep")


def test_a_bad_question_is_refused_as_ever(hub: Client, pipeline: dict[str, Any]) -> None:
    bad = {"pipeline_id": pipeline["id"], "features": ["a"], "records": [[1, 2]], "wait": True}
    assert hub.call("POST", "/predictions", **bad).status == 400
    unknown = {**bad, "pipeline_id": "nobody's", "records": [[1]]}
    assert hub.call("POST", "/predictions", **unknown).status == 404
    stranger = Client(hub.url, "wrong", hub.home)
    assert stranger.call("POST", "/predictions", **bad).status == 401


def test_a_question_that_the_model_cannot_answer_ends_in_its_error(
    hub: Client, pipeline: dict[str, Any]
) -> None:
    ask(hub, pipeline, wait=True)
    asked = {"pipeline_id": pipeline["id"], "features": ["a"], "records": [[1]], "wait": True}
    answered = hub.post("/predictions", **asked)
    assert answered["status"] == "error"
    assert "sepal_length" in answered["error_message"]


def test_many_who_wait_at_once_are_all_answered(hub: Client, pipeline: dict[str, Any]) -> None:
    answered: list[str] = []
    askers = [
        threading.Thread(target=lambda: answered.append(ask(hub, pipeline, wait=True)["status"]))
        for _ in range(20)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(60)
    assert answered == ["done"] * 20
