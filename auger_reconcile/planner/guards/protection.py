"""Decide what is protected: which deletes that forbids, and what an apply protects and releases.

The lock file lists names, so that a resource is listed under every name that its objects bear: of
one that was renamed, those of before as well. Pure, as all of the planner; nothing is changed here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import Diagnostic, Severity, nearest
from auger_reconcile.planner.decide import ResourceStatus
from auger_reconcile.planner.index import Index
from auger_reconcile.planner.plan import Action
from auger_reconcile.planner.targets import Scope
from auger_reconcile.resources._base import Verb
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.state import UNCHANGED, Declared, DesiredState, ProtectionChange

RENAMED = "a `moved` line says that it is known by another name, `removed` that it stays as it is"


def change_protection(
    desired: DesiredState, chosen: Mapping[Address, ResourceStatus], objects: Index
) -> ProtectionChange:
    """Return what an apply has to write into the lock files.

    What is not declared any more stays protected, also when `removed` leaves it on the hub; what is
    declared without protection is released, under its names of before as well. What a plan was not
    asked about stays as it is.

    Args:
        desired: what is declared, and what the lock files list.
        chosen: of the declared resources, those that are planned.
        objects: the hub.
    """
    if not desired.keeps_lock:
        return UNCHANGED
    listed = desired.protected - desired.locked_elsewhere
    wanted: set[Address] = set()
    named: set[Address] = set()
    for at, one in chosen.items():
        former = _former_addresses(one.declared)
        named |= {at, *former}
        if one.declared.spec.lifecycle.prevent_destroy:
            wanted |= {at, *(old for old in former if objects.bears(old))}
    return ProtectionChange(
        tuple(sorted(wanted - listed)), tuple(sorted((named & listed) - wanted))
    )


def _former_addresses(declared: Declared) -> tuple[Address, ...]:
    """Return the addresses that a resource had before, by `moved`."""
    return tuple(declared.address._replace(name=name) for name in declared.spec.formerly)


def check_protection(desired: DesiredState, actions: Sequence[Action]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for every delete of what is protected, or was when it was declared."""
    deletes = [action for action in actions if action.verb is Verb.DELETE]
    if not deletes:
        return
    former = {
        at: one
        for one in desired.resources.values()
        if one.spec.lifecycle.prevent_destroy
        for at in _former_addresses(one)
    }
    names: dict[tuple[str, str], list[Address]] = defaultdict(list)
    for at in (*former, *(desired.protected - desired.resources.keys() - former.keys())):
        names[at.project, at.kind].append(at)
    for action in deletes:
        address, declared = action.address, desired.resources.get(action.address)
        others = (
            at
            for at in names[address.project, address.kind]
            if kind_of(at.kind).bears(action.object, at.name)
        )
        listed = address if address in desired.protected else next(others, None)
        hint = None
        if declared and declared.spec.lifecycle.prevent_destroy:
            hint = "`lifecycle.prevent_destroy` has to be removed, and applied, before"
        elif listed in former:
            declared = former[listed]
            hint = f"`prevent_destroy` of `{declared.address}`, which was it, has to be removed"
            hint += ", and applied, before"
        elif listed:
            hint = "the lock file lists it: declare it without `prevent_destroy` and apply, before"
            hint += "" if declared else "; if it was renamed, `moved` says so"
        if hint is None:
            continue
        spans = declared.spans if declared else {}
        if listed in desired.locked_elsewhere:
            hint = "the lock file of another environment lists it, in which it is to be released"
            spans = {}
        yield Diagnostic(
            Severity.ERROR,
            "prevent-destroy",
            "the plan would delete a protected resource",
            span=spans.get("lifecycle")
            or spans.get("")
            or desired.locked_at.get(listed or address),
            label=action.name,
            hint=hint,
            address=str(address),
        )


def check_lock(desired: DesiredState, objects: Index) -> Iterator[Diagnostic]:
    """Yield a diagnostic for everything that a lock file lists and that is nowhere.

    What was removed from the files stands there rightly, so that only the hub knows a misspelt one.
    """
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for at, declared in desired.resources.items():
        names[at.project, at.kind] |= {at.name, *declared.spec.formerly}
    for at in sorted(desired.protected - desired.locked_elsewhere):
        place = (at.project, at.kind)
        if at.name in names[place] or objects.bears(at):
            continue
        known = {*names[place], *(found.name for found in objects.objects(*place) if found.name)}
        near, project = nearest(at.name, known), nearest(at.project, desired.projects)
        hint = "its line protects nothing, and has to go"
        if near:
            hint = f"there is `{at.kind}.{near}`"
        elif project and project != at.project:
            hint = f"there is a project `{project}`"
        yield Diagnostic(
            Severity.ERROR,
            "unknown-protected",
            "the lock file lists what is neither declared nor on the hub",
            span=desired.locked_at.get(at),
            label=f"`{at}` of project `{at.project}`",
            hint=hint,
            address=str(at),
        )


def check_undeclared(desired: DesiredState, objects: Index, scope: Scope) -> Iterator[Diagnostic]:
    """Yield a warning for what a lock file lists, the hub has, and the files say nothing of.

    It was removed from the files, or a `moved` line was, which told what it is called now.
    """
    if not desired.keeps_lock:
        return
    told = {*desired.resources, *desired.forgotten}
    for one in desired.resources.values():
        told |= set(_former_addresses(one))
    projects = set(desired.projects)
    for at in sorted(desired.protected - desired.locked_elsewhere - told):
        if at.project in projects and scope.covers_undeclared(at) and objects.bears(at):
            yield Diagnostic(
                Severity.WARNING,
                "undeclared-protected",
                "what the lock file protects is no longer declared",
                span=desired.locked_at.get(at),
                label=f"`{at}`",
                hint=RENAMED,
                address=str(at),
            )
