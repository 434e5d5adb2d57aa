"""Applies as the hub records them: against a hub that keeps what it is told, with its faults."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.address import Address
from auger_reconcile.applier.apply import ApplyOptions
from auger_reconcile.applier.result import Started
from auger_reconcile.errors import Conflict, NotFound, PlanRefused, Unavailable
from auger_reconcile.history.record import AppliedBy, apply_recorded
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import Verb
from auger_reconcile.resources.project import ProjectSpec

CHURN = Address("churn", "project", "churn")


class Historian:
    """Stands where a client stands: projects can be made, and applies are written down."""

    def __init__(self, **faults: Exception) -> None:
        self.faults = faults
        self.sent: list[tuple[str, str, Mapping[str, Any]]] = []
        self.beaten = threading.Event()

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        self.sent.append((method, path, body or {}))
        collection = path.partition("/")[0]
        fault = self.faults.get(f"{method}_{collection}")
        if fault:
            self.beaten.set()
            raise fault
        if method == "PATCH":
            self.beaten.set()
        return {"id": 7, "name": "churn", "status": "undeployed"}

    def told(self, method: str) -> list[Mapping[str, Any]]:
        return [body for verb, path, body in self.sent if verb == method and "applies" in path]


def make_plan(**more: Any) -> Plan:
    spec = ProjectSpec(name="churn")
    create = Action("1", CHURN, Verb.CREATE, "churn", "does not exist", spec=spec)
    return Plan("http://hub", "acme", 1, "digest", (create,), **more)


def run(client: Historian, folder: Path, plan: Plan | None = None, **origin: Any) -> Any:
    return apply_recorded(plan or make_plan(), client, folder, None, AppliedBy(**origin))  # type: ignore[arg-type]


def test_the_record_is_opened_before_the_first_action_and_closed_after_the_last(
    tmp_path: Path,
) -> None:
    client = Historian()
    result = run(client, tmp_path, name="command")
    paths = [(method, path) for method, path, _ in client.sent]
    assert paths[0] == ("POST", "applies")
    assert paths[-1] == ("PATCH", "applies/7")
    (opened,), (closed,) = client.told("POST"), client.told("PATCH")
    assert (opened["origin"], opened["projects"]) == ("command", ["churn"])
    assert opened["actions"][0]["about"] == "does not exist"
    assert len(opened["plan_digest"]) == 64
    assert closed["status"] == "applied"
    assert closed["outcomes"][0]["status"] == "applied"
    assert closed["outcomes"][0]["object_id"] == 7
    assert (result.record, result.notices) == (7, ())


def test_a_failed_action_is_recorded_with_what_went_wrong(tmp_path: Path) -> None:
    client = Historian(POST_projects=Unavailable("no room"))
    assert not run(client, tmp_path).is_complete
    (closed,) = client.told("PATCH")
    assert closed["status"] == "failed"
    assert closed["outcomes"][0]["note"] == "no room"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (NotFound("no route", status=404), "this hub keeps no history"),
        (Unavailable("no answer"), "no answer"),
        (Conflict("locked", status=409), "the hub refused it"),
    ],
)
def test_an_apply_that_cannot_be_recorded_goes_on_and_says_so_once(
    tmp_path: Path, fault: Exception, told: str
) -> None:
    client = Historian(POST_applies=fault)
    result = run(client, tmp_path)
    assert result.is_complete
    assert [item.label for item in result.notices] == [told]
    assert client.told("PATCH") == []


def test_an_end_that_cannot_be_told_is_a_notice(tmp_path: Path) -> None:
    result = run(Historian(PATCH_applies=Unavailable("gone")), tmp_path)
    assert result.is_complete
    assert [item.label for item in result.notices] == ["gone"]


def test_an_exclusive_apply_does_nothing_beside_another(tmp_path: Path) -> None:
    client = Historian(POST_applies=Conflict("apply 3 is under way", status=409))
    with pytest.raises(Conflict):
        run(client, tmp_path, exclusive=True)
    assert len(client.sent) == 1


def test_nothing_is_recorded_of_what_changes_nothing_on_the_hub(tmp_path: Path) -> None:
    client = Historian()
    assert run(client, tmp_path, Plan("http://hub", "acme", 1, "digest")).record is None
    assert client.sent == []


def test_a_refused_plan_is_refused_before_anything_is_recorded(tmp_path: Path) -> None:
    from auger_reconcile.diagnostics import Diagnostic, Severity

    client = Historian()
    refusal = Diagnostic(Severity.ERROR, "protected", "protected")
    with pytest.raises(PlanRefused):
        run(client, tmp_path, make_plan(refusals=(refusal,)))
    assert client.sent == []


def beat_while_acting(client: Historian, folder: Path, **origin: Any) -> ApplyOptions:
    """Apply, and hold the first action until the hub has heard of the apply."""

    def hold(event: object) -> None:
        if isinstance(event, Started):
            client.beaten.wait(10)

    options = ApplyOptions(on_event=hold)
    apply_recorded(make_plan(), client, folder, options, AppliedBy(beat_seconds=0.01, **origin))  # type: ignore[arg-type]
    return options


def test_the_hub_hears_of_an_apply_while_it_goes_on(tmp_path: Path) -> None:
    client = Historian()
    beat_while_acting(client, tmp_path)
    assert "status" not in client.told("PATCH")[0]


def test_a_lease_that_was_taken_over_stops_the_apply(tmp_path: Path) -> None:
    client = Historian(PATCH_applies=Conflict("it is over", status=409))
    options = beat_while_acting(client, tmp_path, exclusive=True)
    assert options.patience.stop.wait(10)
