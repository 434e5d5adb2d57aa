"""Which verbs a declared resource needs: the one place of the five-verb rule.

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


class Standing(NamedTuple):
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


def decide_actions(standing: Standing) -> Iterator[Action]:
    """Yield the actions that bring one resource into its wanted state, without dependencies."""
    assessment, wanted = standing.assessment, standing.wanted
    if wanted is Wanted.ABSENT:
        for found in assessment.revisions:
            yield delete_action(standing, found, standing.why_absent)
        return
    if assessment.refusal:
        return
    if assessment.create:
        yield from _replace(standing)
    elif assessment.superseded:
        for found in assessment.superseded:
            yield delete_action(standing, found, f"superseded by {_label(assessment.object)}")
    yield from _activate(standing)


def _replace(standing: Standing) -> Iterator[Action]:
    """Yield a create with the deletes before and after it."""
    assessment = standing.assessment
    for found in assessment.broken:
        yield delete_action(standing, found, str(assessment.create), Replacement.OLD_FIRST)
    replacement = None
    if assessment.superseded:
        replacement = Replacement.NEW_FIRST
    elif assessment.broken:
        replacement = Replacement.OLD_FIRST
    yield _action(standing, Verb.CREATE, str(assessment.create), replacement=replacement)
    for found in assessment.superseded:
        yield delete_action(standing, found, "superseded", Replacement.NEW_FIRST)


def _activate(standing: Standing) -> Iterator[Action]:
    """Yield the start or stop that the wanted activity needs."""
    assessment, wanted = standing.assessment, standing.wanted
    if wanted is Wanted.STOPPED:
        if assessment.stop:
            yield _action(standing, Verb.STOP, assessment.stop)
        return
    reason = assessment.restart
    if wanted is Wanted.STARTED:
        reason = assessment.start or reason
    if reason:
        yield start_action(standing, reason)


def start_action(standing: Standing, reason: str) -> Action:
    """Return the start of a resource."""
    return _action(standing, Verb.START, reason)


def stop_action(standing: Standing, reason: str) -> Action:
    """Return the stop of a resource."""
    return _action(standing, Verb.STOP, reason)


def delete_action(
    standing: Standing, found: Any, reason: str, replacement: Replacement | None = None
) -> Action:
    """Return the deletion of one object of a resource."""
    address = standing.declared.address
    return Action(
        id=f"delete:{address.qualified}:{found.id}",
        address=address,
        verb=Verb.DELETE,
        name=found.name or str(found.id),
        reason=reason,
        detail=standing.kind.describe(found),
        spec=standing.declared.spec,
        object=found,
        loss=standing.kind.loss(Verb.DELETE, found),
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
    standing: Standing, verb: Verb, reason: str, *, replacement: Replacement | None = None
) -> Action:
    assessment, address = standing.assessment, standing.declared.address
    return Action(
        id=f"{verb.value}:{address.qualified}",
        address=address,
        verb=verb,
        name=assessment.name,
        reason=reason,
        detail=assessment.detail.get(verb, ""),
        spec=standing.declared.spec,
        object=assessment.object,
        changes=assessment.changes if verb is Verb.START else (),
        unknown=assessment.unknown if verb is Verb.CREATE else (),
        replaces=(*assessment.broken, *assessment.superseded) if verb is Verb.CREATE else (),
        loss=standing.kind.loss(verb, assessment.object),
        replacement=replacement,
        estimate=estimate_start(assessment) if verb is Verb.START else None,
    )


def _label(found: Any) -> str:
    return f"`{found.name or found.id}`"
