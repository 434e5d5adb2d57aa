"""The history over HTTP: opened, heard of, closed, paged, taken over."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest

from tests.hub.client import Client, wait_until

ACTION = {"id": "1", "kind": "project", "name": "p", "action": "create", "about": "does not exist"}


@pytest.fixture
def name() -> str:
    return f"p-{uuid.uuid4().hex[:8]}"


def record(hub: Client, project: str, **more: Any) -> dict[str, Any]:
    action = {**ACTION, "address": f"project.{project}", "project": project}
    opened: dict[str, Any] = hub.post(
        "/applies", projects=[project], actions=[action], commit="c0ffee", branch="main", **more
    )
    return opened


def test_an_apply_is_running_until_it_is_closed(hub: Client, name: str) -> None:
    opened = record(hub, name)
    assert (opened["status"], opened["commit"], opened["summary"]) == (
        "running",
        "c0ffee",
        {"create": 1},
    )
    outcome = {"id": "1", "status": "applied", "seconds": 0.5, "object_id": 7, "note": "n"}
    closed = hub.patch(f"/applies/{opened['id']}", outcomes=[outcome], status="applied")
    assert (closed["status"], closed["outcomes"]) == ("applied", {"applied": 1})
    (action,) = hub.get(f"/applies/{opened['id']}")["actions"]
    assert (action["status"], action["object_id"], action["note"]) == ("applied", "7", "n")


def test_who_applied_is_whoever_the_token_belongs_to(hub: Client, name: str) -> None:
    assert record(hub, name, user="somebody-else")["user"] != "somebody-else"


def test_a_closed_apply_takes_nothing_more(hub: Client, name: str) -> None:
    opened = record(hub, name)
    hub.patch(f"/applies/{opened['id']}", status="failed", message="the disk is full")
    answer = hub.call("PATCH", f"/applies/{opened['id']}", status="applied")
    assert (answer.status, answer.errors[0][0]) == (409, "conflict")
    assert hub.get(f"/applies/{opened['id']}")["message"] == "the disk is full"


def test_an_apply_that_is_not_heard_of_was_interrupted(hub: Client, name: str) -> None:
    opened = record(hub, name, beat_seconds=0.01)
    path = f"/applies/{opened['id']}"
    assert wait_until(lambda: hub.get(path)["status"] == "interrupted", seconds=5)
    assert hub.patch(path)["status"] == "running", "it is heard of again"


def test_a_lease_is_held_by_one_and_taken_over_from_the_dead(hub: Client, name: str) -> None:
    first = record(hub, name, exclusive=True, beat_seconds=600)
    refused = hub.call("POST", "/applies", projects=[name], exclusive=True)
    assert refused.status == 409
    assert f"apply {first['id']} of " in refused.errors[0][2]
    hub.patch(f"/applies/{first['id']}", status="applied")
    second = record(hub, name, exclusive=True, beat_seconds=0.01)
    time.sleep(0.05)  # what the second one promised to be heard of, thrice
    third = record(hub, name, exclusive=True)
    assert hub.get(f"/applies/{second['id']}")["status"] == "interrupted"
    assert hub.call("PATCH", f"/applies/{second['id']}").status == 409, "it has to learn it"
    hub.patch(f"/applies/{third['id']}", status="applied")


def test_applies_are_listed_newest_first_by_project_and_by_what_they_left(
    hub: Client, name: str
) -> None:
    ids = [record(hub, name)["id"] for _ in range(3)]
    outcome = {"id": "1", "status": "applied", "object_id": name, "run_id": f"run-{name}"}
    hub.patch(f"/applies/{ids[1]}", outcomes=[outcome])
    listed = hub.get("/applies", project=name)
    assert [item["id"] for item in listed] == ids[::-1]
    assert listed[0]["actions"] is None
    page = hub.call("GET", "/applies", project=name, limit=1, offset=1)
    assert [item["id"] for item in page.data] == [ids[1]]
    assert page.body["meta"]["pagination"]["total"] == 3
    assert [item["id"] for item in hub.get("/applies", object_id=name)] == [ids[1]]
    assert [item["id"] for item in hub.get("/applies", run_id=f"run-{name}")] == [ids[1]]
    like = {"object_id": name, "kind": "project"}
    assert [item["id"] for item in hub.get("/applies", **like, action="create")] == [ids[1]]
    assert hub.get("/applies", **like, action="start") == []
    assert hub.get("/applies", **(like | {"kind": "dataset"})) == []
    like = {"object_id": name, "kind": "project"}
    assert [item["id"] for item in hub.get("/applies", **like, action="create")] == [ids[1]]
    assert hub.get("/applies", **like, action="start") == []
    assert hub.get("/applies", **(like | {"kind": "dataset"})) == []


@pytest.mark.parametrize(
    "given",
    [{"actions": ["x"]}, {"actions": 1}, {"beat_seconds": "soon"}, {"exclusive": 3}],
)
def test_what_is_no_apply_is_refused(hub: Client, given: dict[str, Any]) -> None:
    assert hub.call("POST", "/applies", **given).status == 400


def test_long_texts_are_kept_by_their_beginning(hub: Client, name: str) -> None:
    opened = record(hub, name, origin="o" * 10_000)
    assert len(opened["origin"]) == 255
