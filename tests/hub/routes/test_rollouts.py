"""A model stands beside the one that answers: who answers whom, and how both are scored."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from tests.hub.client import IRIS, OPTIONS, Client, wait_until

FEATURES = OPTIONS["featureColumns"]
MONITOR = {"score": {"min": 0.1, "window_hours": 48}}


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    with IRIS.open() as file:
        return list(csv.reader(file))[1:]


@pytest.fixture(scope="module")
def pair(hub: Client, iris_project: dict[str, Any]) -> tuple[str, str]:
    """A live model with an endpoint, and one that stands beside it as a shadow."""
    run = hub.add_run(iris_project["file"], max_n_trials=2)
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "completed")
    trials = hub.get("/trials", experiment_session_id=run["id"])
    live, other = str(trials[0]["id"]), str(trials[1]["id"])
    hub.post("/pipelines", trial_id=live, name="rolled", monitor=MONITOR)
    hub.wait("Pipeline", live, "ready")
    rollout = {"of": live, "stage": "shadow", "share": 0}
    hub.post("/pipelines", trial_id=other, name="rolled", rollout=rollout)
    hub.wait("Pipeline", other, "ready")
    return live, other


def told(hub: Client, live: str) -> Any:
    return hub.get(f"/pipelines/{live}")["rollout"]


def endpoint_of(hub: Client, model: str) -> str:
    return str(hub.get(f"/pipelines/{model}")["endpoint_pipelines"][0]["endpoint_id"])


def ask(hub: Client, endpoint: str, rows: list[list[str]]) -> dict[str, Any]:
    path = f"/endpoints/{endpoint}/predictions"
    made = hub.post(path, records=[row[:4] for row in rows], features=FEATURES)
    shown = f"{path}/{made['id']}"
    assert wait_until(lambda: hub.get(shown)["status"] == "done", seconds=60)
    return dict(made)


def test_a_shadow_answers_nobody(hub: Client, pair: tuple[str, str], rows: Any) -> None:
    live, other = pair
    found = told(hub, live)
    assert (found["challenger"], found["stage"], found["share"]) == (other, "shadow", 0)
    assert found["began_at"] >= hub.get(f"/pipelines/{other}")["created_at"]
    asked = [ask(hub, endpoint_of(hub, live), rows[:1])["pipeline_id"] for _ in range(5)]
    assert asked == [live] * 5


@pytest.mark.parametrize("how", [{}, {"wait": True}, {"wait": True, "keep": "none"}])
def test_a_shadow_is_asked_what_the_live_model_is_asked(
    hub: Client, pair: tuple[str, str], rows: Any, how: dict[str, Any]
) -> None:
    live, other = pair
    before = len(hub.get("/predictions", pipeline_id=other))
    path = f"/endpoints/{endpoint_of(hub, live)}/predictions"
    made = hub.post(path, records=[row[:4] for row in rows[:7]], features=FEATURES, **how)
    assert made["pipeline_id"] == live

    def copies() -> Any:
        return hub.get("/predictions", pipeline_id=other)[: -before or None]

    assert wait_until(lambda: [one["status"] for one in copies()] == ["done"], seconds=60)
    (copy,) = copies()
    assert (copy["records_count"], copy["endpoint_id"]) == (7, None)
    assert copy["result"] is None, "it is counted, and nobody keeps what was asked"
    counted = f"/pipelines/{other}/health"
    assert wait_until(lambda: sum(day["rows"] for day in hub.get(counted)["days"]) >= 7)


def test_a_canary_answers_its_share_and_both_are_scored_on_the_same_rows(
    hub: Client, pair: tuple[str, str], rows: Any
) -> None:
    live, other = pair
    as_shadow = told(hub, live)["began_at"]
    hub.patch(f"/pipelines/{other}", rollout={"of": live, "stage": "canary", "share": 10})
    began = told(hub, live)["began_at"]
    assert began > as_shadow, "another stage begins anew"
    hub.patch(f"/pipelines/{other}", rollout={"of": live, "stage": "canary", "share": 60})
    assert told(hub, live)["began_at"] == began, "another share is no other beginning"
    endpoint = endpoint_of(hub, live)
    asked = [ask(hub, endpoint, rows[n : n + 5]) for n in range(0, 100, 5)]
    assert {one["pipeline_id"] for one in asked} == {live, other}
    truths = [
        {"prediction_id": one["id"], "actual": row[4]}
        for number, one in enumerate(asked)
        for row in rows[5 * number : 5 * number + 5]
    ]
    hub.post(f"/endpoints/{endpoint}/actuals", actuals=truths)
    assert wait_until(lambda: told(hub, live)["rows"] == 100, seconds=60)
    assert wait_until(lambda: told(hub, live)["live_score"] is not None, seconds=60)
    assert told(hub, live)["score"] > 0.5 < told(hub, live)["live_score"]
    (notice,) = (
        n for n in hub.get(f"/pipelines/{live}/health")["notices"] if n["code"] == "rollout"
    )
    assert notice["text"].startswith(f"Trial {other} stands beside it as a canary of 60 %: ")
    days = [sum(hub.get(f"/pipelines/{one}")["actual_days"].values()) for one in pair]
    assert days == [100, 0], "what both were scored on is one row each to learn from"


def test_what_is_promoted_answers_for_the_endpoint_and_is_watched(
    hub: Client, pair: tuple[str, str], rows: Any
) -> None:
    live, other = pair
    endpoint = endpoint_of(hub, live)
    hub.patch(f"/pipelines/{other}", rollout={"stage": "live"}, monitor=MONITOR)
    assert told(hub, live) is None
    assert hub.get(f"/endpoints/{endpoint}")["primary_pipeline_id"] == other
    assert ask(hub, endpoint, rows[:1])["pipeline_id"] == other


def test_what_was_aborted_is_remembered_where_it_stood(hub: Client, pair: tuple[str, str]) -> None:
    other, live = pair
    hub.patch(f"/pipelines/{other}", rollout={"of": live, "stage": "canary", "share": 10})
    why = {"stage": "aborted", "why": "accuracy 0.71 below 0.8"}
    hub.patch(f"/pipelines/{other}", status="undeploying", rollout=why)
    hub.wait("Pipeline", other, "undeployed")
    found = told(hub, live)
    assert (found["stage"], found["why"]) == ("aborted", "accuracy 0.71 below 0.8")


def test_what_went_and_is_deployed_again_stands_beside_nothing(
    hub: Client, pair: tuple[str, str]
) -> None:
    other, live = pair
    hub.post("/pipelines", trial_id=other, rollout={"of": live, "stage": "canary", "share": 10})
    assert told(hub, live)["challenger"] == other
    hub.wait("Pipeline", other, "ready")
    hub.patch(f"/pipelines/{other}", status="undeploying")
    hub.wait("Pipeline", other, "undeployed")
    hub.post("/pipelines", trial_id=other)
    assert told(hub, live) is None
    hub.wait("Pipeline", other, "ready")


@pytest.mark.parametrize(
    ("rollout", "text"),
    [
        ({"stage": "hidden"}, "stage should be one of shadow, canary, aborted, live"),
        ({"stage": "canary", "of": "nobody"}, "of is not another model of the project"),
        ({"stage": "canary", "share": 100}, "share should be a whole number of percent"),
    ],
)
def test_a_rollout_that_cannot_be_is_refused(
    hub: Client, pair: tuple[str, str], rollout: dict[str, Any], text: str
) -> None:
    other, live = pair
    answer = hub.call("PATCH", f"/pipelines/{live}", rollout={"of": other, **rollout})
    assert answer.errors == [("invalid_param", "rollout", text)]
