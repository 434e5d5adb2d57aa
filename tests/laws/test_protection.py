"""What is protected stays, of every kind: declared so, or remembered by the lock file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from auger_reconcile.planner.build import PlanOptions
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import Verb

from .declared import declare
from .driver import Driver
from .test_laws import STEPS, Step, live_through
from .wire import Wire
from .world import World
from .worlds import Document, alive, documents, exports, hubs, options

KINDS = st.sampled_from(["dataset", "experiment", "model"])


def protect(document: Document, kind: str) -> Document:
    """Return a document in which every resource of a kind is protected."""
    section = f"{kind}s"
    settings = {
        name: {**one, "lifecycle": {**one.get("lifecycle", {}), "prevent_destroy": True}}
        for name, one in document[section].items()
    }
    return {**document, section: settings}


def is_refused(plan: Plan) -> bool:
    return any(one.code == "prevent-destroy" for one in plan.refusals)


def deletes(plan: Plan) -> list[Action]:
    return [action for action in plan.actions if action.verb is Verb.DELETE]


@given(world=hubs(), steps=STEPS, document=documents(), kind=KINDS, options=options())
def test_a_plan_that_deletes_of_a_protected_kind_is_refused_and_no_other(  # noqa: PLR0917 - by Hypothesis
    folder: Path,
    world: World,
    steps: list[Step],
    document: Document,
    kind: str,
    options: PlanOptions,
) -> None:
    live_through(world, steps, folder)
    desired = declare(protect(document, kind), folder=folder)
    plan = Driver(Wire(world), folder, options).plan(desired)
    hit = [a for a in deletes(plan) if a.address.kind == kind and a.address in desired.resources]
    assert is_refused(plan) == bool(hit)


@given(world=hubs(), steps=STEPS, document=documents(), kind=KINDS)
def test_a_refused_plan_changes_nothing(
    folder: Path, world: World, steps: list[Step], document: Document, kind: str
) -> None:
    live_through(world, steps, folder)
    wire = Wire(world)
    driver = Driver(wire, folder, PlanOptions(destroy=True))
    plan = driver.plan(declare(protect(document, kind), folder=folder))
    before = alive(world) | exports(folder)
    if plan.refusals:
        apply_all_the_same(driver, plan)
        assert wire.changes == []
        assert alive(world) | exports(folder) == before


def apply_all_the_same(driver: Driver, plan: Plan) -> Any:
    """Apply a plan that nobody should; return what was said to that."""
    try:
        return driver.apply(plan)
    except Exception as error:  # noqa: BLE001 - whatever it is, the hub has to be as before
        return error


@given(world=hubs(), steps=STEPS, document=documents(), kind=KINDS)
def test_what_was_protected_is_not_pruned_when_the_file_forgets_it(
    folder: Path, world: World, steps: list[Step], document: Document, kind: str
) -> None:
    live_through(world, [*steps, document], folder)
    whole = declare(document, folder=folder)
    locked = frozenset(at for at in whole.resources if at.kind == kind)
    rest = declare({**document, "models": {}, "experiments": {}, f"{kind}s": {}}, folder=folder)
    driver = Driver(Wire(world), folder, PlanOptions(prune=True, max_deletes=99))
    plan = driver.plan(replace(rest, protected=locked))
    names = {at.name for at in locked}
    hit = [a for a in deletes(plan) if a.address.kind == kind and a.object.name in names]
    assert is_refused(plan) or not hit
