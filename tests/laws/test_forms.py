"""However a file says it, in either form and with an overlay: after an apply the plan is empty."""

import json
from pathlib import Path

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from auger_reconcile.config.load import load_desired_state
from auger_reconcile.errors import ConfigError
from auger_reconcile.planner.build import PlanOptions
from auger_reconcile.state import DesiredState

from .driver import Driver
from .examples import FEWER
from .test_laws import STEPS, Step, told
from .test_pull import live_through
from .wire import Wire
from .world import World
from .worlds import documents, hubs
from .written import SECTIONS, with_sources, write_data, writings


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("applied")
    write_data(folder)
    return folder


@st.composite
def overlays(draw: st.DrawFn) -> str:
    """Return an overlay: another size, and what another document says of some sections."""
    other = draw(documents())
    chosen = draw(st.sets(st.sampled_from(sorted(SECTIONS))))
    said = {name: other[name] for name in sorted(chosen) if name != "datasets"}
    size = {"type": "high_memory", "max_nodes": draw(st.integers(1, 3))}
    return json.dumps(said | ({"cluster": size} if draw(st.booleans()) else {}))


@FEWER
@given(world=hubs(), steps=STEPS, drawn=st.data(), prune=st.booleans())
def test_after_an_apply_the_plan_is_empty(
    data: Path, world: World, steps: list[Step], drawn: st.DataObject, prune: bool
) -> None:
    live_through(world, steps, data)
    written = drawn.draw(writings(with_sources(drawn.draw(documents()), data)))
    (data / "auger.yaml").write_text(written.text, encoding="utf-8", newline="")
    env = drawn.draw(st.sampled_from([None, "prod"]))
    if env:
        (data / "auger.prod.yaml").write_text(drawn.draw(overlays()))
    desired = loaded(data, env)
    if desired is None:
        return
    driver = Driver(Wire(world), data, PlanOptions(prune=prune))
    plan = driver.plan(desired)
    if plan.refusals:
        return
    result = driver.apply(plan)
    if not result.is_complete:
        return
    note(str(told(plan)))
    assert told(driver.plan(desired)) == []


def loaded(folder: Path, env: str | None) -> DesiredState | None:
    """Return what the files declare; None where base and overlay contradict each other."""
    try:
        return load_desired_state([folder / "auger.yaml"], env=env, environ={}).state
    except ConfigError:
        return None
