"""The laws of the product, over generated worlds."""

import copy
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auger_reconcile.applier.result import ApplyResult, Finished, Started
from auger_reconcile.errors import ActionFailed, Unavailable
from auger_reconcile.planner.build import PlanOptions
from auger_reconcile.planner.plan import Plan
from auger_reconcile.resources._base import Verb

from .declared import declare
from .driver import Driver
from .wire import Fault, Killed, Wire
from .world import World
from .worlds import (
    Document,
    Event,
    alive,
    documents,
    events,
    exports,
    happen,
    hubs,
    options,
    portrait,
    portray_exports,
)

# What may go wrong in these worlds, and only through the world's fault.
EXPECTED = (
    "ended with status",
    "gate:",
    "the gate is closed",
    "could not read the data",
    "run with a score",
    "was aborted beside the live model",
)
Step = Document | Event
STEPS = st.lists(st.one_of(documents(), events()), max_size=4)
PARALLEL = st.sampled_from([1, 1, 2, 4, 10])


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


def apply_expecting_nothing_strange(
    driver: Driver,
    document: Document,
    on_event: Callable[[Any], None] = lambda _: None,
    *,
    parallelism: int = 1,
) -> ApplyResult:
    """Apply; what fails has failed for a reason of the world's, not of ours."""
    plan = driver.plan(declare(document, folder=driver.folder))
    if plan.refusals:
        return ApplyResult(plan, (), interrupted=True)
    result = driver.apply(plan, on_event=on_event, parallelism=parallelism)
    for outcome in result.outcomes:
        assert outcome.error is None or (
            isinstance(outcome.error, ActionFailed)
            and any(text in str(outcome.error) for text in EXPECTED)
        ), f"{outcome.action.id}: {outcome.error!r}"
    return result


def told(plan: Plan) -> list[str]:
    return [f"{action.id} as {action.name}: {action.reason}" for action in plan.actions]


@given(world=hubs(), steps=STEPS, document=documents())
def test_a_plan_only_reads(data: Path, world: World, steps: list[Step], document: Document) -> None:
    live_through(world, steps, data)
    wire, before = Wire(world), (portrait(copy.deepcopy(world)), exports(data))
    Driver(wire, data).plan(declare(document, folder=data))
    assert wire.changes == []
    assert (portrait(world), exports(data)) == before


@given(world=hubs(), steps=STEPS, document=documents(), options=options(), parallelism=PARALLEL)
def test_after_an_apply_the_next_plan_is_empty(  # noqa: PLR0917 - by Hypothesis
    data: Path,
    world: World,
    steps: list[Step],
    document: Document,
    options: PlanOptions,
    parallelism: int,
) -> None:
    live_through(world, steps, data)
    driver = Driver(Wire(world), data, options)
    result = apply_expecting_nothing_strange(driver, document, parallelism=parallelism)
    if result.is_complete:
        assert told(driver.plan(declare(document, folder=data))) == []


@given(world=hubs(), steps=STEPS, document=documents(), parallelism=PARALLEL)
def test_actions_at_the_same_time_and_runs_nobody_waits_for_converge_too(
    data: Path, world: World, steps: list[Step], document: Document, parallelism: int
) -> None:
    live_through(world, steps, data)
    driver = Driver(Wire(world), data)
    plan = driver.plan(declare(document, folder=data))
    result = driver.apply(plan, parallelism=parallelism, wait=False)
    if result.is_complete:
        assert told(driver.plan(declare(document, folder=data))) == []


@given(
    world=hubs(),
    steps=STEPS,
    document=documents(),
    fault=st.sampled_from(Fault),
    part=st.floats(0, 1, exclude_max=True),
    parallelism=PARALLEL,
)
def test_an_apply_that_was_cut_anywhere_is_finished_by_the_next(  # noqa: PLR0917 - by Hypothesis
    data: Path,
    world: World,
    steps: list[Step],
    document: Document,
    fault: Fault,
    part: float,
    parallelism: int,
) -> None:
    live_through(world, steps, data)
    world.fates.clear()
    expected, before = copy.deepcopy(world), exports(data)
    wire = Wire(expected)
    whole = apply_expecting_nothing_strange(Driver(wire, data), document)
    exported = portray_exports(data, expected)
    for name in exports(data) - before:
        (data / "models" / name).unlink()
    cut = Wire(world, fault, int(part * len(wire.sent)))
    apply_cut(Driver(cut, data), document)
    apply_expecting_nothing_strange(Driver(Wire(world), data), document, parallelism=parallelism)
    if whole.is_complete and not shares_a_url(document):
        assert portrait(world) == portrait(expected)
        assert portray_exports(data, world) == exported
        assert count_made(world) == count_made(expected)
        lost = world.made["uploads"] - expected.made["uploads"]
        assert lost in (0, int(are_bytes_lost(cut)))


def shares_a_url(document: Document) -> bool:
    """Say whether two data sets are one on the hub, named as the one that comes first."""
    urls = [one["source"] for one in document["datasets"].values() if "source" in one]
    return len(set(urls)) < len(urls)


NO_OBJECTS = ("pipeline_files", "uploads", "trial_evaluations")  # asked again, they are the same


def count_made(world: World) -> dict[str, int]:
    """Return how often everything was made that is an object of its own."""
    return {name: n for name, n in world.made.items() if name not in NO_OBJECTS}


def are_bytes_lost(wire: Wire) -> bool:
    """Say whether the cut left bytes of which no data set was made."""
    method, path, _ = wire.sent[wire.cut_at]
    return method == "UPLOAD" or (method, path) == ("POST", "project_files")


def apply_cut(driver: Driver, document: Document) -> None:
    """Apply over a wire that is cut; the end of the process is the end of this call."""
    with suppress(Killed, Unavailable):
        driver.apply(driver.plan(declare(document, folder=driver.folder)))


@given(world=hubs(), steps=STEPS, document=documents(), options=options())
def test_apply_sends_what_its_actions_are_for_and_nothing_else(
    data: Path, world: World, steps: list[Step], document: Document, options: PlanOptions
) -> None:
    live_through(world, steps, data)
    wire, shown, strange = Wire(world), [""], []
    driver = Driver(wire, data, options)

    def note(event: Any) -> None:
        if isinstance(event, Started):
            shown[:] = [f"{event.action.verb.value} {event.action.address.kind}"]
            wire.sent.clear()
        elif isinstance(event, Finished):
            requests = [describe(*request) for request in wire.changes]
            allowed = ALLOWED[shown[0]]
            strange.extend(text for text in requests if not re.fullmatch(allowed, text))

    apply_expecting_nothing_strange(driver, document, note)
    assert strange == []


@given(world=hubs(), steps=STEPS, document=documents(), options=options())
def test_nothing_disappears_or_stops_that_the_plan_did_not_say(
    data: Path, world: World, steps: list[Step], document: Document, options: PlanOptions
) -> None:
    live_through(world, steps, data)
    before = alive(world) | exports(data)
    result = apply_expecting_nothing_strange(Driver(Wire(world), data, options), document)
    lost = before - alive(world) - exports(data)
    announced = {
        str(action.object.id).rpartition("/")[2]
        for action in result.plan.actions
        if action.verb is Verb.DELETE
    }
    assert {name for name in lost if not name.endswith(".json")} <= announced


@given(world=hubs(), steps=STEPS, document=documents(), options=options())
def test_what_is_protected_stays(
    data: Path, world: World, steps: list[Step], document: Document, options: PlanOptions
) -> None:
    live_through(world, steps, data)
    protected = {**document, "lifecycle": {"prevent_destroy": True}}
    plan = Driver(Wire(world), data, options).plan(declare(protected, folder=data))
    deleted = [a for a in plan.actions if a.verb is Verb.DELETE and a.address.kind == "project"]
    assert bool(plan.refusals) == bool(deleted)


ALLOWED = {
    "create project": "POST projects",
    "start project": "PATCH projects/ID(/deploy)?",
    "stop project": "PATCH projects/ID/undeploy",
    "delete project": "DELETE projects/ID",
    "create dataset": "POST project_file_urls|UPLOAD ID|POST project_files",
    "delete dataset": "DELETE project_files/ID",
    "create experiment": "POST experiments",
    "start experiment": "POST experiment_sessions|PATCH experiment_sessions/ID( preprocess)?",
    "stop experiment": "PATCH experiment_sessions/ID interrupted",
    "delete experiment": "DELETE experiments/ID",
    "create model": (
        "POST trial_evaluations|POST pipelines|POST pipeline_files|PATCH pipelines/ID"
    ),
    "start model": "PATCH pipelines/ID",
    "delete model": "PATCH pipelines/ID undeploying",
}


def describe(method: str, path: str, body: Mapping[str, Any]) -> str:
    """Return a request without its ids: `PATCH pipelines/ID undeploying`."""
    plain = re.sub(r"(?<=/)\w*\d\w*|\w+\.csv", "ID", path)
    return f"{method} {plain} {body.get('status', '')}".strip()
