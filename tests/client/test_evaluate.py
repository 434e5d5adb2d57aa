"""Asking a hub to score a model."""

from __future__ import annotations

from typing import Any

import pytest

from auger_reconcile.client import evaluate
from auger_reconcile.client.evaluate import evaluate_rows
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.errors import AugerError, HubError
from tests.client.scripted_hub import ScriptedHub, refuse, reply

READY = reply({"id": "M", "status": "ready", "target_feature": "Churned"})


@pytest.fixture
def client(hub: ScriptedHub) -> HubClient:
    return HubClient(hub.url, "token")


def done(**members: Any) -> dict[str, Any]:
    return {"id": "e", "status": "done", **members}


def test_the_rows_are_sent_with_their_target_and_the_answer_is_waited_for(
    hub: ScriptedHub, client: HubClient
) -> None:
    asked, scores = reply({"id": "e", "status": "requested"}), {"accuracy": 0.5}
    hub.play(READY, asked, reply(done(result={"scores": scores})))
    found = evaluate_rows(client, "M", ["a", "Churned"], [["1", "no"]], threshold=0.25)
    assert found == {"scores": scores, "notices": []}
    assert hub.requests[1].json == {
        "pipeline_id": "M",
        "features": ["a", "Churned"],
        "records": [["1", "no"]],
        "threshold": 0.25,
        "token": "token",
    }
    assert hub.requests[2].path.endswith("/evaluations/e")


def test_a_threshold_that_decides_nothing_is_refused(hub: ScriptedHub, client: HubClient) -> None:
    asked = reply({"id": "e", "status": "requested"})
    hub.play(READY, asked, reply(done(result={"labels": ["a", "b", "c"]})))
    with pytest.raises(AugerError, match="the model tells 3 apart"):
        evaluate_rows(client, "M", ["a", "Churned"], [["1", "no"]], threshold=0.25)


@pytest.mark.parametrize(
    ("columns", "hint"),
    [
        (["a", "churned"], "the nearest name is `churned`"),
        (["a", "Churned "], "the nearest name is `Churned `"),
        (["a", "b"], None),
    ],
)
def test_a_missing_target_is_refused_before_anything_is_sent(
    hub: ScriptedHub, client: HubClient, columns: list[str], hint: str | None
) -> None:
    hub.play(READY)
    with pytest.raises(AugerError, match=r"`x\.csv` has no column `Churned`") as caught:
        evaluate_rows(client, "M", columns, [["1", "no"]], what="`x.csv`")
    assert caught.value.hint == hint
    assert len(hub.requests) == 1


def test_a_hub_that_scores_no_models_is_told(hub: ScriptedHub, client: HubClient) -> None:
    hub.play(READY, refuse("404 Not Found"))
    with pytest.raises(AugerError, match="scores no models"):
        evaluate_rows(client, "M", ["Churned"], [["no"]])


def test_why_rows_cannot_be_scored_is_told(hub: ScriptedHub, client: HubClient) -> None:
    hub.play(READY, reply({"id": "e", "status": "error", "error_message": "No row has it."}))
    with pytest.raises(HubError, match="cannot be scored: No row has it"):
        evaluate_rows(client, "M", ["Churned"], [["no"]])


def test_more_rows_than_a_request_holds_are_not_sent(
    hub: ScriptedHub, client: HubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "MOST_LETTERS", 100)
    hub.play(READY)
    with pytest.raises(AugerError, match="more rows than a hub takes at once"):
        evaluate_rows(client, "M", ["Churned"], [["no"]] * 50)
