"""Hubs are told how their targets stand: all of it once, then that somebody lives."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import responses

from auger_reconcile.controller.hub_report import HubReport
from auger_reconcile.controller.hubs import Hubs
from auger_reconcile.controller.status import Condition, TargetStatus

HUB, OTHER = "http://hub.test", "http://other.test"
ONE = TargetStatus("one", Condition.IN_SYNC, "2026-11-30T09:00:00Z", looked_at="1")
TWO = TargetStatus("two", Condition.DEGRADED, "2026-11-30T09:00:00Z", why=("git failed",))
STATUSES = {"one": ONE, "two": TWO}


@pytest.fixture
def hubs() -> Hubs:
    found = Hubs()
    found.follow("one", HUB, "t")
    found.follow("two", OTHER, "t")
    return found


@pytest.fixture
def report(hubs: Hubs) -> HubReport:
    return HubReport(hubs, "ops", 30.0)


def take(hub: Any, url: str = HUB, status: int = 200) -> Any:
    body = {"data": {}, "meta": {"status": status}}
    return hub.upsert(responses.POST, f"{url}/api/v1/controllers", json=body, status=status)


def sent(hub: Any, url: str = HUB) -> list[Any]:
    bodies = [json.loads(call.request.body) for call in hub.calls if call.request.url[:15] in url]
    return [
        [one["name"] for one in body["targets"]] if "targets" in body else None for body in bodies
    ]


def test_each_hub_is_told_of_its_own_targets(report: HubReport) -> None:
    with responses.RequestsMock() as hub:
        take(hub)
        take(hub, OTHER)
        report.send(STATUSES)
        told = {call.request.url: json.loads(call.request.body) for call in hub.calls}
    body = told[f"{OTHER}/api/v1/controllers"]
    assert (body["name"], body["beat_seconds"]) == ("ops", 30.0)
    assert [(one["name"], one["why"]) for one in body["targets"]] == [("two", ["git failed"])]
    assert [one["name"] for one in told[f"{HUB}/api/v1/controllers"]["targets"]] == ["one"]


def test_what_has_not_changed_is_told_once(hubs: Hubs, report: HubReport) -> None:
    hubs.follow("two", HUB, "t")
    with responses.RequestsMock() as hub:
        take(hub)
        report.send(STATUSES)
        report.send({**STATUSES, "one": replace(ONE, looked_at="2")})
        report.send({**STATUSES, "one": replace(ONE, condition=Condition.OUT_OF_SYNC)})
        assert sent(hub) == [["one", "two"], None, ["one", "two"]]


def test_a_hub_that_did_not_answer_is_told_everything_again(report: HubReport) -> None:
    statuses = {"one": ONE}
    with responses.RequestsMock(assert_all_requests_are_fired=False) as hub:
        take(hub, OTHER)
        take(hub)
        report.send(statuses)
        take(hub, status=503)
        report.send(statuses)
        take(hub)
        report.send(statuses)
        assert sent(hub) == [["one"], None, ["one"]]


@pytest.mark.parametrize("status", [403, 404])
def test_a_hub_that_does_not_take_it_is_asked_once(report: HubReport, status: int) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as hub:
        take(hub, OTHER)
        take(hub, status=status)
        report.send(STATUSES)
        report.send(STATUSES)
        assert len(sent(hub)) == 1
