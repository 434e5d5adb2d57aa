"""The laws over worlds where a new model first stands beside the live one."""

import copy
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auger_reconcile.applier.result import ApplyResult
from auger_reconcile.resources._base import Verb

from .declared import declare
from .driver import Driver
from .rolling import UNDER_WAY
from .test_laws import (
    apply_cut,
    apply_expecting_nothing_strange,
    count_made,
    live_through,
    told,
)
from .wire import Fault, Wire
from .world import Row, World
from .worlds import Document, documents_with_rollouts, portrait, rollout_events

STEPS: st.SearchStrategy[list[Any]] = st.lists(
    st.one_of(documents_with_rollouts(), rollout_events()), min_size=1, max_size=6
)
PARALLEL = st.sampled_from([1, 4])
HUBS = st.builds(World, st.booleans())


@pytest.fixture
def data(folder: Path) -> Iterator[Path]:
    yield folder
    shutil.rmtree(folder / "models", ignore_errors=True)


def models(world: World) -> list[Row]:
    return list(world.rows.get("pipelines", {}).values())


def answering(world: World) -> set[str]:
    return {row["id"] for row in models(world) if row["status"] == "ready"}


def beside(world: World) -> set[str]:
    """Return the models that may still take the place of a live one."""
    told = (row.get("rollout") for row in models(world))
    return {one["challenger"] for one in told if one and one["stage"] in UNDER_WAY}


@dataclass
class Witness(Wire):
    """Notes after each request whether a model answers that needs no other beside it."""

    gaps: list[str] = field(default_factory=list)

    def _send(self, method: str, path: str, body: Any, act: Any) -> Any:
        answer = super()._send(method, path, body, act)
        if not answering(self.world) - beside(self.world):
            self.gaps.append(f"{method} {path} {body}")
        return answer


@given(world=HUBS, steps=STEPS, document=documents_with_rollouts(), parallelism=PARALLEL)
def test_after_an_apply_the_next_plan_is_empty(
    data: Path, world: World, steps: list[Any], document: Document, parallelism: int
) -> None:
    live_through(world, steps, data)
    driver = Driver(Wire(world), data)
    result = apply_expecting_nothing_strange(driver, document, parallelism=parallelism)
    if began_a_run(result):  # what a run chose again may by then have stood there long enough
        apply_expecting_nothing_strange(driver, document)
    assert told(driver.plan(declare(document, folder=data))) == []


def began_a_run(result: ApplyResult) -> bool:
    """Say whether the best trial was known only after the plan."""
    verbs = {action.verb for action in result.plan.actions if action.address.kind == "experiment"}
    return Verb.START in verbs


@given(world=HUBS, steps=STEPS, document=documents_with_rollouts())
def test_a_model_answers_at_each_moment_of_an_apply(
    data: Path, world: World, steps: list[Any], document: Document
) -> None:
    live_through(world, steps, data)
    wire = Witness(world)
    if answering(world) - beside(world):
        apply_expecting_nothing_strange(Driver(wire, data), document)
        assert wire.gaps == []


@given(world=HUBS, steps=STEPS, document=documents_with_rollouts())
def test_nothing_takes_the_place_of_a_model_before_its_time(
    data: Path, world: World, steps: list[Any], document: Document
) -> None:
    live_through(world, steps, data)
    live, early = answering(world) - beside(world), unripe(world)
    apply_expecting_nothing_strange(Driver(Wire(world), data), document)
    if live and "rollout" in document["models"]["prod"]:
        assert not early & (answering(world) - beside(world))


def unripe(world: World) -> set[str]:
    """Return what stands beside a live model since now."""
    told = [row["rollout"] for row in models(world) if row.get("rollout")]
    return {one["challenger"] for one in told if one["stage"] in UNDER_WAY and not one["rows"]}


@given(
    world=HUBS,
    steps=STEPS,
    document=documents_with_rollouts(),
    fault=st.sampled_from(Fault),
    part=st.floats(0, 1, exclude_max=True),
)
def test_an_apply_that_was_cut_anywhere_is_finished_by_the_next(  # noqa: PLR0917 - by Hypothesis
    data: Path, world: World, steps: list[Any], document: Document, fault: Fault, part: float
) -> None:
    live_through(world, steps, data)
    expected = copy.deepcopy(world)
    wire = Wire(expected)
    apply_expecting_nothing_strange(Driver(wire, data), document)
    cut = Wire(world, fault, int(part * len(wire.sent)))
    apply_cut(Driver(cut, data), document)
    apply_expecting_nothing_strange(Driver(Wire(world), data), document)
    assert portrait(world) == portrait(expected)
    assert [stages(world), count_made(world)] == [stages(expected), count_made(expected)]


def stages(world: World) -> list[str]:
    found = (row.get("rollout") for row in models(world) if row["status"] == "ready")
    return sorted(f"{one['stage']} {one['share']}" for one in found if one)
