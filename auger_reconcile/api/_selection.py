"""Find what a given name means in auger.yaml, and check what a select would make of the file.

What the file stores is always the name of a declared resource. That of a revision is the hub's
matter: stored, it would declare another resource, whose data and searches are made anew.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from auger_reconcile.diagnostics import Diagnostic, Severity, quote_some
from auger_reconcile.errors import AugerError, ConfigError, NotFound

if TYPE_CHECKING:
    from auger_reconcile.address import Address
    from auger_reconcile.api.context import Context
    from auger_reconcile.resources._base import FieldChange
    from auger_reconcile.resources.search.runs import ExperimentObject
    from auger_reconcile.state import DesiredState, ObservedState


class Place(NamedTuple):
    """A declared resource on the hub.

    Attributes:
        address: of the resource.
        bound: the object that it stands for; None where one has to be made.
        revisions: all that the hub has of it, oldest first.
    """

    address: Address
    bound: Any
    revisions: tuple[Any, ...]

    @property
    def object(self) -> Any:
        """What it stands for, or would be replaced; None where the hub has none."""
        return self.bound or next(iter(reversed(self.revisions)), None)


def find_declared(desired: DesiredState | None, project: str, kind: str, name: str) -> Any:
    """Return the address of the resource that has a name or had it before; None without any.

    Args:
        desired: what the files ask for; None where they are not valid.
        project: the resource's.
        kind: the resource's.
        name: as it was given.
    """
    from auger_reconcile.resources.names.revisions import is_named

    mine = _declared(desired, project, kind)
    by_name = [at for at in mine if is_named(at.name, name) or is_named(name, at.name)]
    former = (at for at, one in mine.items() if name in one.spec.formerly)
    return next(iter(sorted(by_name, key=lambda at: at.name != name)), next(former, None))


def _declared(desired: DesiredState | None, project: str, kind: str) -> dict[Address, Any]:
    resources = desired.resources if desired else {}
    return {at: one for at, one in resources.items() if (at.project, at.kind) == (project, kind)}


def place_of(desired: DesiredState, observed: ObservedState, address: Address) -> Place:
    """Return what the hub has of a declared resource."""
    return next(_places(desired, observed, [address]))


def find_revision(
    desired: DesiredState | None, observed: ObservedState, kind: str, found: Any
) -> Place | None:
    """Return the declared resource that an object is a revision of; None without any."""
    if desired is None:
        return None
    mine = [at for at in desired.resources if at.kind == kind]
    places = _places(desired, observed, mine)
    return next((one for one in places if found in one.revisions or found == one.bound), None)


def find_later(
    desired: DesiredState | None, observed: ObservedState, kind: str, found: Any
) -> Place | None:
    """Return the declared resource that an object is a revision of, and a later one stands for."""
    place = find_revision(desired, observed, kind, found)
    return place if place and place.object.id != found.id else None


def not_there(declared: Address) -> NotFound:
    """Return that a declared resource is not on the hub, with the command that makes it."""
    told = f"{declared.kind} `{declared.name}` is declared, but not on the hub"
    command = f"auger apply --target {shlex.quote(str(declared))}"
    if declared.kind == "experiment":
        command = f"auger experiment start {shlex.quote(declared.name)}"
    return NotFound(told, hint=command)


def starts_again(desired: DesiredState, observed: ObservedState, place: Place) -> bool:
    """Say whether an experiment whose runs that go on are stopped would be started by a plan.

    It would not where another run has the declared settings, or none is asked for.
    """
    from auger_reconcile.planner.build import PlanOptions, build_plan
    from auger_reconcile.resources.search.runs import IN_PROGRESS

    found: ExperimentObject = place.bound
    active = [run for run in found.every_run if run.status in IN_PROGRESS]
    stopped = found.with_runs(replace(run, status="interrupted") for run in active)
    key = (place.address.project, place.address.kind)
    there = tuple(stopped if one.id == found.id else one for one in observed.objects[key])
    after = replace(observed, objects={**observed.objects, key: there})
    plan = build_plan(desired, after, PlanOptions(targets=(place.address,)))
    return any(action.address == place.address for action in plan.actions)


def tell_later(
    desired: DesiredState | None, found: Any, later: Place | None, given: str | None, command: str
) -> Iterator[Diagnostic]:
    """Yield a word where the given name is an object's own, and a declared one of a later revision.

    Args:
        desired: what the files ask for.
        found: the object of that very name.
        later: the declared resource that it is an old revision of; None without any.
        given: the name; None where none was given.
        command: that takes the name of the later one.
    """
    project = later.address.project if later else ""
    if not (given and later and find_declared(desired, project, later.address.kind, given)):
        return
    stands = str(later.object.name)
    yield Diagnostic(
        Severity.WARNING,
        "stands-for",
        "the object of that very name is meant, and auger.yaml stands for a later revision",
        label=f"`{found.name}` is not `{stands}`",
        hint=f"{command} {shlex.quote(stands)}",
    )


def _places(
    desired: DesiredState, observed: ObservedState, addresses: Iterable[Address]
) -> Iterator[Place]:
    from auger_reconcile.planner.build import assess
    from auger_reconcile.planner.index import Index

    statuses = assess(desired, Index(observed))
    for at in addresses:
        one = statuses[at].assessment
        yield Place(at, one.object, tuple(one.revisions))


def check_declared_below(context: Context, kind: str, name: str, hint: str) -> None:
    """Refuse to select what a file in the long form does not declare: nothing would mean it.

    Raises:
        AugerError: it does not.
    """
    from auger_reconcile.config.syntax.text import show_path

    section = f"{kind}s"
    declared = context.setting(section)
    if isinstance(declared, Mapping) and declared and name not in declared:
        told = f"{kind} `{name}` is not declared below `{section}` of {show_path(context.file)}"
        known = quote_some(sorted(map(str, declared)))
        raise AugerError(told, hint=f"declared are {known}; {hint}")


def check_edit(context: Context, changes: Iterable[FieldChange], hint: str) -> None:
    """Refuse an edit after which the file would not be valid, where it is valid so far.

    Raises:
        ConfigError: with what would be wrong, and where.
    """
    changes = tuple(changes)
    faults = context.faults_after(changes)
    _refuse(changes, faults, hint)


def check_columns(
    context: Context, observed: ObservedState, changes: Iterable[FieldChange], hint: str
) -> None:
    """Refuse an edit after which settings name columns that the data on the hub does not have.

    Raises:
        ConfigError: with what would be wrong, and where.
    """
    from auger_reconcile.planner.build import build_plan

    def of_columns(desired: DesiredState | None) -> list[Diagnostic]:
        plan = build_plan(desired, observed) if desired else None
        told = (*plan.diagnostics, *plan.refusals) if plan else ()
        errors = [one for one in told if one.severity is Severity.ERROR]
        return [one for one in errors if one.code in ("unknown-column", "preflight")]

    changes = tuple(changes)
    found = of_columns(context.desired_after(changes) if changes else None)
    known = {
        (one.code, one.summary) for one in (of_columns(context.try_desired()) if found else ())
    }
    _refuse(changes, [one for one in found if (one.code, one.summary) not in known], hint)


def _refuse(changes: Iterable[FieldChange], faults: Sequence[Diagnostic], hint: str) -> None:
    if faults:
        told = ", ".join(f"`{one.path}: {one.after or ''}`" for one in changes)
        summary = "the file would not be valid with this, and is left as it is"
        lead = Diagnostic(Severity.ERROR, "invalid-edit", summary, label=told, hint=hint)
        raise ConfigError([lead, *faults])


def tell_incomplete(context: Context, changes: Iterable[FieldChange]) -> tuple[Diagnostic, ...]:
    """Return what a file lacks once names are cleared in it, as warnings."""
    found = context.faults_after(tuple(changes))
    return tuple(one._replace(severity=Severity.WARNING, span=None) for one in found)
