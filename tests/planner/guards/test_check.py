"""The limits of the guards, to the object."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import Diagnostic, Severity, SourceSpan
from auger_reconcile.planner.estimate import Estimate
from auger_reconcile.planner.guards.check import check_forgotten, check_guards, check_storage
from auger_reconcile.planner.guards.protection import check_lock
from auger_reconcile.planner.index import Index
from auger_reconcile.planner.plan import Action
from auger_reconcile.resources._base import Verb
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources.files.source import DatasetSpec
from auger_reconcile.state import Branch, Declared, DesiredState, ObservedState, Storage

WHOLE, SETTING = SourceSpan("auger.yaml", 3, 1), SourceSpan("auger.yaml", 7, 5)


def refusals(**told: Any) -> list[str]:
    return [item.code for item in forbidden(**told)]


def told(**told: Any) -> Diagnostic:
    (item,) = forbidden(**told)
    return item


def forbidden(*, gone: int, there: int, max_deletes: int | None = None) -> list[Diagnostic]:
    """Return what forbids to delete so many data sets of so many."""
    actions = [delete(f"{number}.csv", number) for number in range(gone)]
    counts = {("churn", "dataset"): there}
    return list(check_guards(DesiredState({}), actions, counts, max_deletes))


def delete(name: str, number: int = 1) -> Action:
    return Action(
        id=f"delete:{number}",
        address=Address("churn", "dataset", name),
        verb=Verb.DELETE,
        name=name,
        reason="declared absent",
        object=SimpleNamespace(id=number, name=name, url=""),
    )


def start(project: str, seconds: float, unknown: int = 0) -> Action:
    """Return the start of a run that is known, with others that may take no time at all."""
    return Action(
        id=f"start:{project}",
        address=Address(project, "experiment", "e"),
        verb=Verb.START,
        name="e",
        reason="new",
        estimate=Estimate(seconds, seconds, seconds, runs=1, unknown=unknown),
    )


def declared(kind: str, project: str, name: str, *, at: dict[str, SourceSpan], **told: Any):
    address = Address(project, kind, name)
    return {address: Declared(address, kind_of(kind).spec(name=name, **told), at)}


@pytest.mark.parametrize(("gone", "there"), [(9, 9), (3, 10), (6, 20)])
def test_few_objects_or_a_small_share_may_go(gone: int, there: int):
    assert refusals(gone=gone, there=there) == []


@pytest.mark.parametrize(("gone", "there"), [(4, 10), (10, 10), (7, 20)])
def test_from_ten_objects_a_large_share_may_not_go(gone: int, there: int):
    assert refusals(gone=gone, there=there) == ["too-many-deletes"]


def test_the_refusals_are_told_with_what_helps() -> None:
    assert told(gone=4, there=10) == Diagnostic(
        Severity.ERROR,
        "too-many-deletes",
        "the plan deletes more than 30% of what a project has",
        label="4 of 10 data sets of `churn`",
        hint="`--max-deletes 4` allows it",
    )
    assert told(gone=4, there=10, max_deletes=3) == Diagnostic(
        Severity.ERROR,
        "too-many-deletes",
        "the plan deletes more than was allowed",
        label="4 deletes, `--max-deletes 3`",
    )


def test_as_many_as_were_allowed_may_go_and_no_more():
    assert refusals(gone=10, there=10, max_deletes=10) == []
    assert refusals(gone=11, there=11, max_deletes=10) == ["too-many-deletes"]


def over_budget(seconds: dict[str, float], **minutes: int | None) -> list[str | None]:
    """Return the projects that may not spend what their runs take."""
    projects = {}
    for name, allowed in minutes.items():
        projects |= declared("project", name, name, at={"": WHOLE}, budget_minutes=allowed)
    actions = [start(project, took) for project, took in seconds.items()]
    found = check_guards(DesiredState(projects), actions, {}, None)
    return [item.address for item in found if item.code == "over-budget"]


def test_a_project_may_spend_its_budget_to_the_second() -> None:
    assert over_budget({"a": 600}, a=10) == []
    assert over_budget({"a": 601}, a=10) == ["project.a"]


def test_every_project_has_a_budget_of_its_own_or_none() -> None:
    took = {"free": 9_000, "within": 600, "over": 601, "double": 1_200}
    assert over_budget(took, free=None, within=10, idle=10, over=10, double=10) == [
        "project.over",
        "project.double",
    ]


@pytest.mark.parametrize("at", [{"": WHOLE}, {"": WHOLE, "budget_minutes": SETTING}])
def test_a_budget_that_is_not_enough_is_told_in_its_place(at: dict[str, SourceSpan]) -> None:
    project = declared("project", "shop", "shop", at=at, budget_minutes=10)
    [found] = check_guards(DesiredState(project), [start("shop", 660, unknown=2)], {}, None)
    assert found == Diagnostic(
        Severity.ERROR,
        "over-budget",
        "the runs of the plan take longer than the project may spend",
        span=at.get("budget_minutes", WHOLE),
        label="11 min, 2 unknown, allowed are 10",
        hint="a run that nothing is known of counts with its `max_total_time`",
        address="project.shop",
    )


@pytest.mark.parametrize("at", [{"": WHOLE}, {"": WHOLE, "lifecycle": SETTING}])
def test_what_is_protected_is_told_in_its_place(at: dict[str, SourceSpan]) -> None:
    kept = declared("dataset", "churn", "d.csv", at=at, lifecycle={"prevent_destroy": True})
    free = declared("dataset", "churn", "e.csv", at=at)
    actions = [start("churn", 1), delete("e.csv"), delete("d.csv")]
    assert list(check_guards(DesiredState({**free, **kept}), actions, {}, 9)) == [
        Diagnostic(
            Severity.ERROR,
            "prevent-destroy",
            "the plan would delete a protected resource",
            span=at.get("lifecycle", WHOLE),
            label="d.csv",
            hint="`lifecycle.prevent_destroy` has to be removed, and applied, before",
            address="dataset.d.csv",
        )
    ]


def test_what_was_protected_when_it_was_applied_is_told_by_its_lock() -> None:
    protected = frozenset({Address("churn", "dataset", "d.csv")})
    actions = [delete("e.csv"), delete("d.csv")]
    assert list(check_guards(DesiredState({}, protected=protected), actions, {}, 9)) == [
        Diagnostic(
            Severity.ERROR,
            "prevent-destroy",
            "the plan would delete a protected resource",
            label="d.csv",
            hint="the lock file lists it: declare it without `prevent_destroy` and apply, before; "
            "if it was renamed, `moved` says so",
            address="dataset.d.csv",
        )
    ]


def test_the_line_of_a_lock_file_is_shown_where_nothing_declares_what_it_lists() -> None:
    at = Address("churn", "dataset", "d.csv")
    desired = DesiredState({}, protected=frozenset({at}), locked_at={at: LINE})
    (told,) = check_guards(desired, [delete("d.csv")], {}, 9)
    assert told.span == LINE
    assert "declare it without" in str(told.hint)
    other = replace(desired, locked_elsewhere=frozenset({at}))
    (told,) = check_guards(other, [delete("d.csv")], {}, 9)
    assert (told.span, "of another environment" in str(told.hint)) == (LINE, True)


def test_what_a_lock_of_another_environment_lists_by_an_earlier_name_is_released_there() -> None:
    at = Address("churn", "dataset", "d.csv")
    settings = {"formerly": ("d.csv",), "state": "absent"}
    moved = declared("dataset", "churn", "e.csv", at={}, **settings)
    action = replace(delete("d.csv"), address=at._replace(name="e.csv"))
    listed = {"protected": frozenset({at}), "locked_at": {at: LINE}}
    desired = DesiredState(moved, **listed, locked_elsewhere=frozenset({at}))
    (told,) = check_guards(desired, [action], {}, 9)
    assert (told.span, "of another environment" in str(told.hint)) == (LINE, True)
    (told,) = check_guards(replace(desired, locked_elsewhere=frozenset()), [action], {}, 9)
    assert "declare it without" in str(told.hint)


@pytest.mark.parametrize("listed", ["d.csv", "d-1.csv"])
def test_what_is_left_on_the_hub_is_not_deleted_with_something_else(listed: str) -> None:
    at = Address("churn", "dataset", listed)
    desired = DesiredState({}, forgotten=frozenset({at}), forgotten_at={at: LINE})
    actions = [delete("e.csv", 2), delete(listed)]
    (told,) = check_guards(desired, actions, {}, 9)
    assert (told.code, told.span, told.label) == (
        "removed-deleted",
        LINE,
        f"{listed} declared absent",
    )
    home = Action("delete:p", Address("churn", "project", "churn"), Verb.DELETE, "churn", "asked")
    assert not list(check_guards(desired, [*actions, home], {}, 9))


def off_branch(here: str | None, *, gone: int = 1) -> list[Diagnostic]:
    actions = [delete(f"{number}.csv", number) for number in range(gone)]
    desired = DesiredState({}, branches=(Branch("main", here, SETTING),))
    return list(check_guards(desired, actions, {("churn", "dataset"): 1}, None))


@pytest.mark.parametrize(("here", "said"), [("feature", "this is `feature`"), (None, "no branch")])
def test_a_plan_from_another_branch_is_refused(here: str | None, said: str) -> None:
    (item,) = off_branch(here)
    assert (item.code, item.span) == ("protected-branch", SETTING)
    assert said in str(item.label)


def test_a_plan_from_the_branch_is_not() -> None:
    assert off_branch("main") == []


def test_where_nothing_is_to_be_done_no_branch_is_asked_for() -> None:
    assert off_branch("feature", gone=0) == []


SHOP, LINE = Address("shop", "dataset", "kept.csv"), SourceSpan("auger.lock.yaml", 3, 7)


def unknown(*protected: Address, **told: Any) -> list[Diagnostic]:
    """Return what is wrong with a lock file, where the hub has `kept-1.csv` in `shop`."""
    found = SimpleNamespace(id=1, name="kept-1.csv", url="")
    observed = ObservedState("", "", 1, {("shop", "dataset"): (found,)})
    desired = DesiredState(protected=frozenset(protected), **{"resources": {}, **told})
    return list(check_lock(desired, Index(observed)))


def unknown_removed(*forgotten: Address, **told: Any) -> list[Diagnostic]:
    """Return what is told of `removed`, where the hub has `kept-1.csv` in `shop`."""
    found = SimpleNamespace(id=1, name="kept-1.csv", url="")
    observed = ObservedState("", "", 1, {("shop", "dataset"): (found,)})
    desired = DesiredState(forgotten=frozenset(forgotten), **{"resources": {}, **told})
    return list(check_forgotten(desired, Index(observed)))


def test_what_is_removed_and_on_the_hub_is_right_under_any_of_its_names() -> None:
    assert unknown_removed(SHOP) == []
    assert unknown_removed(SHOP._replace(name="kept.csv")) == []


def test_what_is_removed_and_nowhere_is_told_in_its_place_with_what_is_near() -> None:
    lost, gone = SHOP._replace(name="kepd-1.csv"), SHOP._replace(name="other.csv")
    near, far = unknown_removed(lost, gone, forgotten_at={lost: LINE})
    assert (near.severity, near.code, near.span) == (Severity.WARNING, "unknown-removed", LINE)
    assert (near.label, near.hint) == ("`dataset.kepd-1.csv`", "there is `dataset.kept-1.csv`")
    assert (far.span, far.hint) == (None, "an entry that was deleted may go")


def test_what_is_removed_may_be_a_slip_of_what_is_declared() -> None:
    resources = declared("dataset", "shop", "baseline", at={})
    (item,) = unknown_removed(SHOP._replace(name="baselime"), resources=resources)
    assert item.hint == "there is `dataset.baseline`"


def test_what_is_locked_without_an_environment_may_be_on_another_hub() -> None:
    lost = SHOP._replace(name="lost.csv")
    assert unknown(lost, locked_elsewhere=frozenset({lost})) == []


def test_what_is_locked_and_on_the_hub_is_right() -> None:
    assert unknown(SHOP) == []


@pytest.mark.parametrize("names", [{"name": "new.csv"}, {"name": "n", "formerly": ("new.csv",)}])
def test_what_is_locked_and_declared_is_right(names: dict[str, Any]) -> None:
    resources = declared("dataset", "shop", names.pop("name"), at={}, **names)
    assert unknown(SHOP._replace(name="new.csv"), resources=resources) == []


def test_what_is_locked_and_nowhere_is_told_in_its_place() -> None:
    lost = SHOP._replace(name="kepd-1.csv")
    assert unknown(SHOP, lost, locked_at={lost: LINE}) == [
        Diagnostic(
            Severity.ERROR,
            "unknown-protected",
            "the lock file lists what is neither declared nor on the hub",
            span=LINE,
            label="`dataset.kepd-1.csv` of project `shop`",
            hint="there is `dataset.kept-1.csv`",
            address="dataset.kepd-1.csv",
        )
    ]


@pytest.mark.parametrize(
    ("at", "hint"),
    [
        (SHOP._replace(project="shopz"), "there is a project `shop`"),
        (SHOP._replace(project="zebra"), "its line protects nothing, and has to go"),
        (SHOP._replace(kind="model", name="m"), "its line protects nothing, and has to go"),
    ],
)
def test_what_is_locked_and_nowhere_has_a_hint(at: Address, hint: str) -> None:
    [told] = unknown(at, resources=declared("project", "shop", "shop", at={}))
    assert told.hint == hint


def unstorable(used: int, most: int | None, *sizes: int, source: str = "") -> list[Diagnostic]:
    """Return what is told of uploads of these sizes."""
    at = [Address("shop", "dataset", f"{number}.csv") for number in range(len(sizes))]
    specs = [
        DatasetSpec(name=one.name, source=source or one.name, path=one.name, size=size)
        for one, size in zip(at, sizes, strict=True)
    ]
    resources = {one: Declared(one, spec, {}) for one, spec in zip(at, specs, strict=True)}
    actions = [Action(str(one), one, Verb.CREATE, one.name, "new") for one in at]
    storage = None if most is None else Storage(used, most)
    return list(check_storage(DesiredState(resources), actions, storage))


def test_uploads_that_do_not_fit_together_are_a_warning_with_the_numbers() -> None:
    (item,) = unstorable(500, 1000, 300, 300)
    assert (item.severity, item.code) == (Severity.WARNING, "storage-quota")
    assert item.label == "600 bytes to upload, 500 bytes of 1.0 kB are used"


def test_uploads_that_fit_to_the_byte_are_none() -> None:
    assert unstorable(400, 1000, 300, 300) == []


def test_without_a_limit_nothing_is_told_of_uploads() -> None:
    assert unstorable(400, None, 10**15) == []


def test_what_the_hub_downloads_is_not_known_and_not_warned_of() -> None:
    assert unstorable(1000, 1000, 300, source="https://example.com/a.csv") == []
