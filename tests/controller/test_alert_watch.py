"""A hub is asked once for all of its targets, and says when there is something new."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from auger_reconcile.controller.alert_watch import AlertWatch
from auger_reconcile.controller.hubs import Hubs

HUB = "http://hub.test"


@pytest.fixture
def hubs() -> Hubs:
    found = Hubs()
    found.follow("one", HUB, "t")
    found.follow("two", HUB, "t")
    return found


@pytest.fixture
def watch(hubs: Hubs) -> AlertWatch:
    return AlertWatch(hubs)


def say(hub: Any, *ids: int, status: int = 200) -> None:
    data = [{"id": number} for number in ids]
    body = {"data": data, "meta": {"status": status, "pagination": {"total": len(ids)}}}
    hub.upsert(responses.GET, f"{HUB}/api/v1/review_alert_items", json=body, status=status)


def test_a_new_alert_is_heard_once_by_all_targets_of_its_hub(watch: AlertWatch) -> None:
    with responses.RequestsMock() as hub:
        say(hub, 4)
        assert watch.hear() == {"one", "two"}, "what was there before is not known"
        assert watch.hear() == set()
        say(hub, 5)
        assert watch.hear() == {"one", "two"}
        assert len(hub.calls) == 3


def test_a_target_on_another_hub_hears_nothing_of_this_one(hubs: Hubs, watch: AlertWatch) -> None:
    hubs.follow("two", "http://other.test", "t")
    with responses.RequestsMock() as hub:
        say(hub, 4)
        hub.add(responses.GET, "http://other.test/api/v1/review_alert_items", status=404, json={})
        assert watch.hear() == {"one"}


def test_a_hub_that_does_not_answer_is_left_to_the_next_look(watch: AlertWatch) -> None:
    with responses.RequestsMock() as hub:
        hub.add(responses.GET, f"{HUB}/api/v1/review_alert_items", status=503, json={})
        assert watch.hear() == set()
