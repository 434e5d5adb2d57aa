"""The laws of the product, over generated worlds."""

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auger_reconcile.applier.result import ApplyResult
from auger_reconcile.errors import ActionFailed
from auger_reconcile.planner.plan import Plan

from .declared import declare
from .driver import Driver
from .wire import Fault, Killed, Wire
from .world import World
from .worlds import Document, Event, documents, events, exports, happen, hubs, portrait

EXPECTED = ("ended with status", "gate:", "could not read the data", "no trial with a score")
Step = Document | Event
STEPS = st.lists(st.one_of(documents(), events()), max_size=4)


@pytest.fixture
def data(folder: Path) -> Iterator[Path]:
    yield folder
    shutil.rmtree(folder / "models", ignore_errors=True)


def live_through(world: World, steps: list[Step], folder: Path) -> None:
    """Let a history happen: files that are applied, and events in between."""
    shutil.rmtree(folder / "models", ignore_errors=True)
    driver = Driver(Wire(world), folder)
    for step in steps:
        if isinstance(step, tuple):
            happen(world, step)
        else:
            apply_expecting_nothing_strange(driver, step)


def apply_expecting_nothing_strange(driver: Driver, document: Document) -> ApplyResult:
    """Apply; what fails has failed for a reason of the world's, not of ours."""
    result = driver.apply(driver.plan(declare(document, folder=driver.folder)))
    for outcome in result.outcomes:
        assert outcome.error is None or (
            isinstance(outcome.error, ActionFailed)
            and any(text in str(outcome.error) for text in EXPECTED)
        ), f"{outcome.action.id}: {outcome.error!r}"
    return result


def told(plan: Plan) -> list[str]:
    return [f"{action.id} as {action.name}: {action.reason}" for action in plan.actions]


@given(world=hubs(), steps=STEPS, document=documents())
def test_after_an_apply_the_next_plan_is_empty(
    data: Path, world: World, steps: list[Step], document: Document
) -> None:
    live_through(world, steps, data)
    driver = Driver(Wire(world), data)
    result = apply_expecting_nothing_strange(driver, document)
    if result.is_complete:
        assert told(driver.plan(declare(document, folder=data))) == []


@given(world=hubs(), steps=STEPS, document=documents())
def test_a_plan_only_reads(data: Path, world: World, steps: list[Step], document: Document) -> None:
    live_through(world, steps, data)
    wire, before = Wire(world), (portrait(copy.deepcopy(world)), exports(data))
    Driver(wire, data).plan(declare(document, folder=data))
    assert wire.changes == []
    assert (portrait(world), exports(data)) == before


@given(
    world=hubs(),
    steps=STEPS,
    document=documents(),
    fault=st.sampled_from(Fault),
    part=st.floats(0, 1, exclude_max=True),
)
def test_an_apply_that_was_cut_anywhere_is_finished_by_the_next(
    data: Path, world: World, steps: list[Step], document: Document, fault: Fault, part: float
) -> None:
    live_through(world, steps, data)
    world.fates.clear()
    expected, whole = copy.deepcopy(world), exports(data)
    wire = Wire(expected)
    apply_until_nothing_changes(Driver(wire, data), document)
    for name in exports(data) - whole:
        (data / "models" / name).unlink()
    cut = Wire(world, fault, int(part * len(wire.sent)))
    apply_cut(Driver(cut, data), document)
    apply_until_nothing_changes(Driver(Wire(world), data), document)
    assert portrait(world) == portrait(expected)
    assert count_made(world) == count_made(expected)
    assert world.made["uploads"] - expected.made["uploads"] in (0, int(uploads_are_lost(cut)))


def count_made(world: World) -> dict[str, int]:
    """Return how often everything was made; exports and uploads are no objects of their own."""
    return {name: n for name, n in world.made.items() if name not in ("pipeline_files", "uploads")}


def uploads_are_lost(wire: Wire) -> bool:
    """Say whether bytes were sent of which no data set was made."""
    methods = [f"{method} {path}" for method, path, _ in wire.sent[: wire.cut_at + 1]]
    return methods[-1].startswith("UPLOAD") or methods[-1] == "POST project_files"


def apply_cut(driver: Driver, document: Document) -> None:
    try:
        driver.apply(driver.plan(declare(document, folder=driver.folder)))
    except (Killed, Exception) as error:
        assert isinstance(error, Killed) or "broke" in str(error)


def apply_until_nothing_changes(driver: Driver, document: Document) -> None:
    """Apply as often as a patient user would."""
    for _ in range(3):
        result = apply_expecting_nothing_strange(driver, document)
        if result.is_complete:
            break
