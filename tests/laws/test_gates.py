"""The laws over worlds with holdouts and gates, where every model has to pass one."""

import copy
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auger_reconcile.applier.result import Finished, Started
from auger_reconcile.planner.plan import Plan
from auger_reconcile.resources.gates.gate import Verdict

from .declared import declare
from .driver import Driver
from .test_laws import ALLOWED, apply_expecting_nothing_strange, describe, live_through, told
from .wire import Wire
from .world import World
from .worlds import Document, gated_documents, hubs, portrait

STEPS: st.SearchStrategy[list[Any]] = st.lists(gated_documents(), max_size=3)
PARALLEL = st.sampled_from([1, 4])


@pytest.fixture
def data(folder: Path) -> Iterator[Path]:
    yield folder
    shutil.rmtree(folder / "models", ignore_errors=True)


def closed_gates(plan: Plan) -> set[Any]:
    return {at for at, gate in plan.gates.items() if gate.verdict is Verdict.CLOSED}


@given(world=hubs(), steps=STEPS, document=gated_documents(), parallelism=PARALLEL)
def test_after_an_apply_the_next_plan_is_empty_or_says_why_a_gate_is_closed(
    data: Path, world: World, steps: list[Any], document: Document, parallelism: int
) -> None:
    live_through(world, steps, data)
    driver = Driver(Wire(world), data)
    result = apply_expecting_nothing_strange(driver, document, parallelism=parallelism)
    again = driver.plan(declare(document, folder=data))
    closed = {
        outcome.action.address
        for outcome in result.outcomes
        if "the gate is closed" in str(outcome.error)
    }
    if result.is_complete or closed:
        assert told(again) == []
        assert closed <= closed_gates(again)


@given(world=hubs(), before=gated_documents(), document=gated_documents(), place=st.integers(0, 9))
def test_the_gate_of_a_named_trial_is_asked_once(
    data: Path, world: World, before: Document, document: Document, place: int
) -> None:
    live_through(world, [before], data)
    trials = sorted(world.rows.get("trials", {}))
    if not trials:
        return
    document["models"]["prod"]["trial"] = trials[place % len(trials)]
    wire = Wire(world)
    driver = Driver(wire, data)
    result = apply_expecting_nothing_strange(driver, document)
    again = driver.plan(declare(document, folder=data))
    closed = any("the gate is closed" in str(one.error) for one in result.outcomes)
    if result.is_complete or closed:
        assert told(again) == []
        assert not closed or closed_gates(again)


@given(world=hubs(), steps=STEPS, document=gated_documents())
def test_a_plan_measures_nothing(
    data: Path, world: World, steps: list[Any], document: Document
) -> None:
    live_through(world, steps, data)
    wire, before = Wire(world), portrait(copy.deepcopy(world))
    Driver(wire, data).plan(declare(document, folder=data))
    assert wire.changes == []
    assert portrait(world) == before


@given(world=hubs(), steps=STEPS, document=gated_documents())
def test_what_is_live_goes_only_for_what_passed_its_gate(
    data: Path, world: World, steps: list[Any], document: Document
) -> None:
    live_through(world, steps, data)
    wire, shown, strange = Wire(world), [""], []
    driver = Driver(wire, data)
    live = {row["id"] for row in world.rows.get("pipelines", {}).values() if _is_live(row)}

    def note(event: Any) -> None:
        if isinstance(event, Started):
            shown[:] = [f"{event.action.verb.value} {event.action.address.kind}"]
            wire.sent.clear()
        elif isinstance(event, Finished):
            requests = [describe(*request) for request in wire.changes]
            strange.extend(r for r in requests if not re.fullmatch(ALLOWED[shown[0]], r))

    result = apply_expecting_nothing_strange(driver, document, note)
    assert strange == []
    if any("the gate is closed" in str(outcome.error) for outcome in result.outcomes):
        assert {
            row["id"] for row in world.rows.get("pipelines", {}).values() if _is_live(row)
        } == live


def _is_live(row: dict[str, Any]) -> bool:
    return row["status"] in ("ready", "packaging")
