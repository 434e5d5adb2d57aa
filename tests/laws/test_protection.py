"""What is protected stays, of every kind: declared so, or remembered by the lock file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from auger_reconcile.address import Address
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


def rename(document: Document, kind: str) -> Document:
    """Return a document in which every resource of a kind has another name, as `moved` says."""
    names = {name: f"renamed-{name}" for name in document[f"{kind}s"]}
    moved = {
        names[name]: {**one, "formerly": (name,)} for name, one in document[f"{kind}s"].items()
    }
    referring = {
        section: {
            name: {**one, kind: names[one[kind]]} if one.get(kind) in names else one
            for name, one in document[section].items()
        }
        for section in ("experiments", "models")
    }
    return {**document, **referring, f"{kind}s": moved}


def remember(plan: Plan, before: frozenset[Address]) -> frozenset[Address]:
    """Return what the lock file lists once a plan is applied."""
    return (before | set(plan.protection.protects)) - set(plan.protection.releases)


@given(world=hubs(), steps=STEPS, document=documents(), kind=KINDS)
def test_what_was_protected_under_another_name_is_not_pruned_when_nothing_tells_that_any_more(
    folder: Path, world: World, steps: list[Step], document: Document, kind: str
) -> None:
    live_through(world, [*steps, document], folder)
    renamed = declare(rename(protect(document, kind), kind), folder=folder)
    driver = Driver(Wire(world), folder, PlanOptions(prune=True, max_deletes=99))
    locked = remember(driver.plan(replace(renamed, keeps_lock=True)), frozenset())
    rest = declare({**document, "models": {}, "experiments": {}, f"{kind}s": {}}, folder=folder)
    plan = driver.plan(replace(rest, protected=locked))
    hit = [
        action
        for action in deletes(plan)
        if action.address.kind == kind and action.object.name in document[f"{kind}s"]
    ]
    assert is_refused(plan) or not hit


@given(
    world=hubs(),
    steps=STEPS,
    document=documents(),
    kind=KINDS,
    options=options(),
    left_out=st.sets(KINDS),
)
def test_after_an_apply_nothing_is_left_to_protect_or_to_release(  # noqa: PLR0917 - by Hypothesis
    folder: Path,
    world: World,
    steps: list[Step],
    document: Document,
    kind: str,
    options: PlanOptions,
    left_out: set[str],
) -> None:
    live_through(world, steps, folder)
    listed = frozenset(declare(document, folder=folder).resources)
    desired = declare(rename(protect(document, kind), kind), folder=folder)
    excluded = tuple(at for at in desired.resources if at.kind in left_out)
    driver = Driver(Wire(world), folder, options._replace(excludes=excluded))
    plan = driver.plan(replace(desired, keeps_lock=True, protected=listed))
    change = {*plan.protection.protects, *plan.protection.releases}
    looked_at = {at for at in desired.resources if at not in plan.coverage.left_out}
    before = {
        at._replace(name=name) for at in looked_at for name in desired.resources[at].spec.formerly
    }
    assert change <= looked_at | before
    after = replace(desired, keeps_lock=True, protected=remember(plan, listed))
    assert driver.plan(after).protection.is_empty
