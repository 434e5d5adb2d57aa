"""Whatever a hub has: of the declaration that is made of it, the plan is empty."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auger_reconcile.client.refresh import refresh
from auger_reconcile.config.edit.render import render_state
from auger_reconcile.config.load import load_desired_state
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.pull.import_state import import_state

from .test_laws import STEPS, Step, live_through, told
from .wire import Wire
from .world import World
from .worlds import hubs


@pytest.fixture
def data(folder: Path) -> Iterator[Path]:
    yield folder
    shutil.rmtree(folder / "models", ignore_errors=True)


@given(world=hubs(), steps=STEPS, everything=st.booleans(), settled=st.booleans())
def test_the_plan_of_an_adopted_project_is_empty(
    data: Path, world: World, steps: list[Step], everything: bool, settled: bool
) -> None:
    live_through(world, steps, data)
    if settled:
        world.settle()
    observed = refresh(Wire(world), ["shop"], "acme")  # type: ignore[arg-type]
    if observed.of("shop", "project"):
        imported = import_state(observed, "shop", everything=everything)
        path = data / "auger.yaml"
        path.write_text(render_state(imported.state).text, encoding="utf-8")
        desired = load_desired_state([path], environ={}).state
        assert told(build_plan(desired, observed, PlanOptions())) == []
        assert desired.resources.keys() == imported.state.resources.keys()
