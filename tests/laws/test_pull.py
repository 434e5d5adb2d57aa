"""Whatever a hub has and a file says: after a pull the plan is empty, and comments are there."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auger_reconcile.api.context import Context
from auger_reconcile.api.files.pull import Pulled, pull, pull_into, write
from auger_reconcile.api.hubs.session import Session
from auger_reconcile.client.refresh import refresh
from auger_reconcile.config.load import load_desired_state, read_settings
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.resources._base import Verb

from .driver import Driver
from .examples import FEWER
from .test_laws import STEPS, Step, apply_expecting_nothing_strange, told
from .wire import Wire
from .world import World
from .worlds import documents, happen, hubs
from .written import SECTIONS, Written, with_sources, write_data, writings


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pulled")
    write_data(folder)
    return folder


def live_through(world: World, steps: list[Step], folder: Path) -> None:
    """Let a history happen, of the data in a folder; a project is there in the end."""
    for path in (folder / "auger.prod.yaml", folder / "models"):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    driver = Driver(Wire(world), folder)
    for step in steps:
        if isinstance(step, tuple):
            happen(world, step)
        else:
            apply_expecting_nothing_strange(driver, with_sources(step, folder))
    if not refresh(Wire(world), ["shop"], "acme").of("shop", "project"):  # type: ignore[arg-type]
        world.settle()
        world.call("POST", "projects", {"name": "shop"})


def connected(world: World, folder: Path, env: str | None = None) -> Context:
    context = Context(folder, env=env, environ={}, home=folder)
    context.__dict__["session"] = Session(Wire(world), "acme", None)  # type: ignore[arg-type]
    return context


def plan_of(context: Context) -> list[str]:
    loaded = load_desired_state([context.file], env=context.env, environ={})
    observed = context.observe("shop")
    plan = build_plan(loaded.state, observed)
    errors = [item.summary for item in plan.diagnostics if item.severity.value == "error"]
    return [*told(plan), *errors]


def pull_over(written: Written, context: Context) -> tuple[Pulled, str]:
    """Pull into a file that says something else; return what came of it, and its new text."""
    context.file.write_text(written.text, encoding="utf-8", newline="")
    done = pull_into(context, context.file, "shop")
    with context.file.open(encoding="utf-8", newline="") as file:
        return done, file.read()


@FEWER
@given(world=hubs(), steps=STEPS, everything=st.booleans(), prune=st.booleans())
def test_the_plan_of_a_new_file_is_empty(
    data: Path, world: World, steps: list[Step], everything: bool, prune: bool
) -> None:
    live_through(world, steps, data)
    context = connected(world, data)
    done = write(context.file, pull(context, "shop", everything=everything))
    assert done.differs == ()
    left_out = {one.partition(":")[0] for one in done.left_out}
    assert deleted_by(context, prune=prune) <= left_out


def deleted_by(context: Context, **options: Any) -> set[str]:
    """Return what a plan deletes, as kind and name, without what goes with it; nothing else."""
    desired = load_desired_state([context.file], environ={}).state
    plan = build_plan(desired, context.observe("shop"), PlanOptions(**options))
    assert {action.verb for action in plan.actions} <= {Verb.DELETE}
    return {
        f"{action.address.kind}.{action.name}"
        for action in plan.actions
        if not action.reason.startswith("goes with")
    }


@FEWER
@given(world=hubs(), steps=STEPS, drawn=st.data())
def test_the_plan_of_a_file_that_said_something_else_is_empty(
    data: Path, world: World, steps: list[Step], drawn: st.DataObject
) -> None:
    live_through(world, steps, data)
    written = drawn.draw(writings(with_sources(drawn.draw(documents()), data)))
    context = connected(world, data)
    done, text = pull_over(written, context)
    assert done.differs == ()
    assert plan_of(context) == []
    assert missing_comments(written, text, context) == []


def missing_comments(written: Written, text: str, context: Context) -> list[str]:
    """Return the comments that are gone although what they are about is there."""
    now = read_settings(context.file, environ={})
    stays = {
        f"{kind}.{name}": one
        for section, kind in SECTIONS.items()
        for name, one in (now.get(section) or {}).items()
    }
    wanted = ["# about the file"]
    wanted += [one for at, comments in written.about.items() if at in stays for one in comments]
    wanted += [
        comment for (at, name), comment in written.settings.items() if name in (stays.get(at) or {})
    ]
    return [one for one in wanted if one not in text]


@FEWER
@given(world=hubs(), steps=STEPS, drawn=st.data())
def test_with_an_overlay_all_is_written_there(
    data: Path, world: World, steps: list[Step], drawn: st.DataObject
) -> None:
    live_through(world, steps, data)
    written = drawn.draw(writings(with_sources(drawn.draw(documents()), data)))
    (data / "auger.prod.yaml").write_text("# for production\n" + json.dumps({"name": "shop"}))
    context = connected(world, data, env="prod")
    done, text = pull_over(written, context)
    assert (done.differs, text) == ((), written.text)
    assert plan_of(context) == []
    assert (data / "auger.prod.yaml").read_text().startswith("# for production\n")
