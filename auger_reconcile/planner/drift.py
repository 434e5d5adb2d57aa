"""Compute drift: where the observed state differs from the desired state. Pure.

The same assessments as a plan's, told from the hub's side: a plan says what apply would do, drift
says what somebody or something has done, or has never been done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import SourceSpan
from auger_reconcile.planner.build import assess, refer
from auger_reconcile.planner.coverage import COMPLETE, Coverage
from auger_reconcile.planner.decide import ResourceStatus
from auger_reconcile.planner.index import Index
from auger_reconcile.planner.remove import delete_undeclared_objects, find_forgotten
from auger_reconcile.planner.targets import EVERYTHING, Scope, cover, resolve_scope
from auger_reconcile.resources._base import Assessment, FieldChange, Wanted
from auger_reconcile.state import DesiredState, Digest, ObservedState

FORMAT_VERSION = "1.0"


class Divergence(str, Enum):
    """How one thing on the hub differs from what the files say of it."""

    UNDECLARED = "undeclared"  # the hub has it, no file names it
    MISSING = "missing"  # a file declares it, the hub does not have it
    CHANGED = "changed"  # it is there with other settings or content
    IDLE = "idle"  # it should be active: a stopped cluster, an interrupted run
    ACTIVE = "active"  # it should be stopped
    FAILED = "failed"  # it is there and broken
    PRESENT = "present"  # it is declared absent
    UNKNOWN = "unknown"  # it could not be compared, which was asked for


@dataclass(frozen=True)
class Difference:
    """One thing that differs.

    Attributes:
        address: where it is declared, or would be.
        name: of the object on the hub; that of the address when there is none.
        reason: in words.
        changes: settings, from what the hub has to what is declared.
        span: where it is declared; None for what is not.
    """

    address: Address
    divergence: Divergence
    name: str
    reason: str
    changes: tuple[FieldChange, ...] = ()
    span: SourceSpan | None = None


@dataclass(frozen=True)
class Drift:
    """Everything that differs, in the order of the files, what they do not name at the end."""

    hub: str
    organization: str
    config_digest: str | Digest
    differences: tuple[Difference, ...] = ()
    coverage: Coverage = COMPLETE

    @property
    def is_empty(self) -> bool:
        """Whether the hub is what the files say."""
        return not self.differences

    @property
    def summary(self) -> dict[str, int]:
        """The number of differences by divergence, all of them named."""
        counts = Counter(one.divergence for one in self.differences)
        return {one.value: counts[one] for one in Divergence}


def find_drift(desired: DesiredState, observed: ObservedState, scope: Scope = EVERYTHING) -> Drift:
    """Return how the hub differs from the files, in all of the declared projects or in a scope."""
    index = Index(observed)
    statuses = assess(desired, index)
    chosen = resolve_scope(statuses, refer(desired), scope)
    differences = [found for one in chosen.values() for found in _differences(one)]
    differences += (
        found
        for found in _undeclared(statuses, desired, index)
        if found.address in chosen
        or (found.address not in statuses and scope.covers_undeclared(found.address))
    )
    return Drift(
        observed.hub,
        observed.organization,
        desired.digest,
        tuple(differences),
        cover(statuses, chosen),
    )


def _differences(one: ResourceStatus) -> Iterator[Difference]:
    """Yield what differs about one declared resource."""
    assessment = one.assessment
    if one.wanted is Wanted.ABSENT:
        for found in assessment.revisions:
            yield _of(one, Divergence.PRESENT, "declared absent", found)
    elif assessment.refusal:
        kind = Divergence.CHANGED if assessment.revisions else Divergence.MISSING
        kind = Divergence.UNKNOWN if assessment.uncompared else kind
        yield _of(one, kind, assessment.refusal, _last(assessment.revisions))
    elif assessment.create:
        yield _of_missing(one)
    else:
        yield from _of_activity(one)
        for found in assessment.superseded:
            yield _of(one, Divergence.UNDECLARED, "beside the declared one", found)


def _of_missing(one: ResourceStatus) -> Difference:
    assessment, reason = one.assessment, str(one.assessment.create)
    if assessment.broken:
        return _of(one, Divergence.FAILED, reason, assessment.broken[0])
    if assessment.revisions:
        return _of(one, Divergence.CHANGED, reason, _last(assessment.revisions))
    return _of(one, Divergence.MISSING, reason)


def _of_activity(one: ResourceStatus) -> Iterator[Difference]:
    assessment = one.assessment
    if one.wanted is Wanted.STOPPED:
        if assessment.stop:
            yield _of(one, Divergence.ACTIVE, assessment.stop, assessment.object)
        return
    reason = assessment.restart
    if one.wanted is Wanted.STARTED:
        reason = assessment.start or reason
    if reason:
        kind = Divergence.CHANGED if assessment.changes else Divergence.IDLE
        yield _of(one, kind, reason, assessment.object)


def _of(one: ResourceStatus, divergence: Divergence, reason: str, found: Any = None) -> Difference:
    declared, assessment = one.declared, one.assessment
    return Difference(
        declared.address,
        divergence,
        _name(found) if found is not None else declared.address.name,
        reason,
        changes=_told(assessment, divergence),
        span=declared.spans.get(""),
    )


def _told(assessment: Assessment, divergence: Divergence) -> tuple[FieldChange, ...]:
    return assessment.changes if divergence is Divergence.CHANGED else ()


def _undeclared(
    statuses: Mapping[Address, ResourceStatus], desired: DesiredState, index: Index
) -> Iterator[Difference]:
    """Yield what the declared projects have and the files do not name."""
    going = {at.project for at, one in statuses.items() if _is_gone_home(one)}
    looked_at = [project for project in desired.projects if project not in going]
    for action in delete_undeclared_objects(index, statuses, pruned=looked_at, gone=()):
        if not find_forgotten(desired.forgotten, action.address, action.object):
            yield Difference(action.address, Divergence.UNDECLARED, action.name, "not declared")


def _is_gone_home(one: ResourceStatus) -> bool:
    return one.kind.is_home and one.wanted is Wanted.ABSENT


def _name(found: Any) -> str:
    return found.name or str(found.id)


def _last(found: tuple[Any, ...]) -> Any:
    return found[-1] if found else None


def to_document(drift: Drift) -> dict[str, Any]:
    """Return the JSON form of a drift, the same bytes for the same drift."""
    return {
        "format_version": FORMAT_VERSION,
        "hub": drift.hub,
        "organization": drift.organization,
        "config_digest": str(drift.config_digest),
        "drift": [_to_document(one) for one in drift.differences],
        "summary": drift.summary,
        **drift.coverage.to_document(),
    }


def _to_document(one: Difference) -> dict[str, Any]:
    span = one.span
    return {
        "address": str(one.address),
        "project": one.address.project,
        "kind": one.address.kind,
        "name": one.name,
        "divergence": one.divergence.value,
        "reason": one.reason,
        "changes": [
            {"path": change.path, "declared": change.after, "observed": change.before}
            for change in one.changes
        ],
        "place": span and {"file": span.path, "line": span.line, "column": span.column},
    }
