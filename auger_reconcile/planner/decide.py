"""Decide which verbs a declared resource needs: the one place of the five-verb rule.

    wanted     not there          there, idle     there, active     there, active wrongly
    --------   ----------------   -------------   ---------------   ----------------------
    absent     -                  delete          delete            delete
    present    create             -               -                 start
    started    create, start      start           -                 start
    stopped    create             -               stop              stop

A create first deletes what failed and is in its way (`-/+`), and afterwards what it supersedes
(`+/-`). How a resource stands to the hub was assessed by its kind; nothing here knows kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from auger_reconcile.address import Address
from auger_reconcile.planner.estimate import estimate_start
from auger_reconcile.planner.plan import Action, Replacement
from auger_reconcile.resources._base import Assessment, Kind, Verb, Wanted
from auger_reconcile.state import Declared


class ResourceStatus(NamedTuple):
    """A declared resource with its kind and how it stands to the hub.

    Attributes:
        wanted: what it is to become, whatever is declared where all is to be destroyed.
        why_absent: the reason of its deletes, where it is to be absent.
    """

    declared: Declared
    kind: Kind[Any, Any]
    wanted: Wanted
    assessment: Assessment
    why_absent: str


def decide_actions(status: ResourceStatus) -> Iterator[Action]:
    """Yield the actions that bring one resource into its wanted state, without dependencies."""
    assessment, wanted = status.assessment, status.wanted
    if wanted is Wanted.ABSENT:
        for found in assessment.revisions:
            yield delete_action(status, found, status.why_absent)
        return
    if assessment.refusal:
        return
    if assessment.create:
        yield from _replace(status)
    elif assessment.superseded:
        for found in assessment.superseded:
            why = getattr(found, "verdict", None) or f"superseded by {_label(assessment.object)}"
            yield delete_action(status, found, why)
    yield from _activate(status)


def _replace(status: ResourceStatus) -> Iterator[Action]:
    """Yield a create with the deletes before and after it."""
    assessment = status.assessment
    for found in assessment.broken:
        yield delete_action(status, found, str(assessment.create), Replacement.OLD_FIRST)
    replacement = None
    if assessment.superseded:
        replacement = Replacement.NEW_FIRST
    elif assessment.broken:
        replacement = Replacement.OLD_FIRST
    yield _action(status, Verb.CREATE, str(assessment.create), replacement=replacement)
    for found in assessment.superseded:
        yield delete_action(status, found, "superseded", Replacement.NEW_FIRST)


def _activate(status: ResourceStatus) -> Iterator[Action]:
    """Yield the start or stop that the wanted activity needs."""
    assessment, wanted = status.assessment, status.wanted
    if wanted is Wanted.STOPPED:
        if assessment.stop:
            yield _action(status, Verb.STOP, assessment.stop)
        return
    reason = assessment.restart
    if wanted is Wanted.STARTED:
        reason = assessment.start or reason
    if reason:
        yield start_action(status, reason)


def start_action(status: ResourceStatus, reason: str) -> Action:
    """Return the start of a resource."""
    return _action(status, Verb.START, reason)


def stop_action(status: ResourceStatus, reason: str) -> Action:
    """Return the stop of a resource."""
    return _action(status, Verb.STOP, reason)


def delete_action(
    status: ResourceStatus, found: Any, reason: str, replacement: Replacement | None = None
) -> Action:
    """Return the deletion of one object of a resource."""
    address = status.declared.address
    return Action(
        id=f"delete:{address.qualified}:{found.id}",
        address=address,
        verb=Verb.DELETE,
        name=found.name or str(found.id),
        reason=reason,
        detail=status.kind.describe(found),
        spec=status.declared.spec,
        object=found,
        loss=status.kind.loss(Verb.DELETE, found),
        replacement=replacement,
    )


def delete_undeclared(project: str, kind: Kind[Any, Any], found: Any, reason: str) -> Action:
    """Return the deletion of an object that the files do not name."""
    name = found.name or str(found.id)
    address = Address(project, kind.name, name)
    return Action(
        id=f"delete:{address.qualified}:{found.id}",
        address=address,
        verb=Verb.DELETE,
        name=name,
        reason=reason,
        detail=kind.describe(found),
        object=found,
        loss=kind.loss(Verb.DELETE, found),
    )


def _action(
    status: ResourceStatus, verb: Verb, reason: str, *, replacement: Replacement | None = None
) -> Action:
    assessment, address = status.assessment, status.declared.address
    return Action(
        id=f"{verb.value}:{address.qualified}",
        address=address,
        verb=verb,
        name=assessment.name,
        reason=reason,
        detail=assessment.detail.get(verb, ""),
        spec=status.declared.spec,
        object=assessment.object,
        changes=assessment.changes if verb is Verb.START else (),
        unknown=assessment.unknown if verb is Verb.CREATE else (),
        replaces=(*assessment.broken, *assessment.superseded) if verb is Verb.CREATE else (),
        previous=assessment.previous if verb is Verb.CREATE else None,
        loss=status.kind.loss(verb, assessment.object),
        replacement=replacement,
        estimate=estimate_start(assessment) if verb is Verb.START else None,
    )


def _label(found: Any) -> str:
    return f"`{found.name or found.id}`"
