"""Controllers over HTTP: reported whole, heard of, silent, and each its organization's own."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.hub.client import Client, add_stranger, wait_until

TARGET = {
    "name": "churn",
    "condition": "out of sync",
    "since": "2026-11-30T09:00:00Z",
    "why": ["delete is not allowed"],
    "commit": "c0ffee",
    "plan": "964d17d157b4",
    "actions": {"delete": 1},
    "projects": {"churn": "out of sync"},
    "apply": 3,
}


@pytest.fixture
def name() -> str:
    return f"c-{uuid.uuid4().hex[:8]}"


def report(hub: Client, name: str, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = hub.post("/controllers", name=name, beat_seconds=30, **more)
    return told


def found(hub: Client, name: str) -> dict[str, Any]:
    return next(one for one in hub.get("/controllers") if one["name"] == name)


def test_a_report_takes_the_place_of_the_one_before(hub: Client, name: str) -> None:
    first = report(hub, name, targets=[TARGET, {**TARGET, "name": "gone"}])
    again = report(hub, name, targets=[{**TARGET, "condition": "in sync", "why": []}])
    assert again["id"] == first["id"]
    (target,) = found(hub, name)["targets"]
    assert (target["name"], target["condition"], target["why"]) == ("churn", "in sync", [])
    assert (target["actions"], target["apply"]) == ({"delete": 1}, 3)


def test_a_sign_of_life_keeps_the_targets(hub: Client, name: str) -> None:
    report(hub, name, targets=[TARGET])
    assert len(report(hub, name)["targets"]) == 1


def test_one_that_is_not_heard_of_is_silent(hub: Client, name: str) -> None:
    hub.post("/controllers", name=name, beat_seconds=0.001, targets=[])  # a second at least
    assert not found(hub, name)["is_silent"]
    assert wait_until(lambda: bool(found(hub, name)["is_silent"]), seconds=10)


def test_who_reports_is_whoever_the_token_belongs_to(hub: Client, name: str) -> None:
    assert report(hub, name, user="somebody-else")["user"] != "somebody-else"


def test_another_organization_has_controllers_of_its_own(hub: Client, name: str) -> None:
    report(hub, name, targets=[TARGET])
    stranger = add_stranger(hub)
    assert stranger.get("/controllers") == []
    report(stranger, name)
    assert found(stranger, name)["targets"] == []
    assert len(found(hub, name)["targets"]) == 1


@pytest.mark.parametrize(
    ("targets", "why"),
    [
        (["churn"], "should be an array of objects with a name"),
        ([{"condition": "in sync"}], "should be an array of objects with a name"),
        ([{**TARGET, "condition": "good"}], "a condition is one of degraded, out of sync, in sync"),
    ],
)
def test_what_is_no_target_is_refused(hub: Client, name: str, targets: Any, why: str) -> None:
    answer = hub.call("POST", "/controllers", name=name, beat_seconds=30, targets=targets)
    assert answer.errors == [("invalid_param", "targets", why)]


def test_members_of_odd_types_are_left_out(hub: Client, name: str) -> None:
    odd = {"why": "text", "actions": [1], "projects": 7, "apply": "x", "since": 5, "commit": "a\0b"}
    (target,) = report(hub, name, targets=[{**TARGET, **odd}])["targets"]
    assert (target["why"], target["actions"], target["projects"]) == ([], {}, {})
    assert (target["apply"], target["since"], target["commit"]) == (None, "5", "ab")
