"""Decide what of a plan a controller may do without a person. Pure: the time is handed in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from auger_reconcile.controller.settings import Target
from auger_reconcile.planner.plan import Plan
from auger_reconcile.resources.gates.rollout import PROMOTE
from auger_reconcile.resources.search.retrain import RETRAIN


class Decision(str, Enum):
    """What becomes of a plan."""

    APPLY = "apply"
    ASK = "ask"
    WAIT = "wait"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Permit:
    """What becomes of a plan, and why not more."""

    verdict: Decision
    reasons: tuple[str, ...] = ()


def permit(
    plan: Plan, target: Target, now: datetime, *, is_drift: bool, is_approved: bool
) -> Permit:
    """Return what becomes of a plan that has something to do.

    Args:
        plan: judged by its policies.
        target: says what is allowed.
        now: with its time zone.
        is_drift: the commit was applied before: the hub has changed, not the files.
        is_approved: a person has approved this very plan.
    """
    if plan.refusals:
        return Permit(Decision.REFUSE, tuple(item.label or item.summary for item in plan.refusals))
    if waits := tuple(_waits(target, now)):
        return Permit(Decision.WAIT, waits)
    if is_approved:
        return Permit(Decision.APPLY)
    if is_drift and not target.heal:
        return Permit(Decision.ASK, ("the hub was changed, and `heal` is off",))
    if asks := tuple(_asks(plan, target)):
        return Permit(Decision.ASK, asks)
    return Permit(Decision.APPLY)


def is_asked_by_files(plan: Plan) -> bool:
    """Say whether all of a plan follows from `retrain` or `rollout`: nobody has changed the hub."""
    follows: set[str] = set()
    for action in plan.actions:
        is_declared = action.reason.startswith((RETRAIN, PROMOTE))
        is_aborted = getattr(action.object, "verdict", None) is not None
        if is_declared or is_aborted or follows.intersection(action.depends_on):
            follows.add(action.id)
    return len(follows) == len(plan.actions)


def _waits(target: Target, now: datetime) -> Iterator[str]:
    if target.pause_until and now < target.pause_until:
        yield f"paused until {target.pause_until:%Y-%m-%d %H:%M %Z}"
    elif target.windows and not any(window.is_open(now) for window in target.windows):
        yield "outside of the windows in which plans are applied"


def _asks(plan: Plan, target: Target) -> Iterator[str]:
    counts = Counter(action.verb.value for action in plan.actions)
    for verb, count in counts.items():
        if verb not in target.allow:
            yield f"{count} to {verb}, which is not among `allow`"
    deletes = counts["delete"]
    if "delete" in target.allow and deletes > target.limits.deletes:
        yield f"{deletes} to delete, the limit is {target.limits.deletes}"
    estimate, limit = plan.estimate, target.limits.minutes
    if limit is not None and estimate and estimate.expected / 60 > limit:
        yield f"runs of up to {estimate.expected / 60:.0f} minutes, the limit is {limit:.0f}"
    for name in plan.unapproved:
        yield f"policy `{name}` requires approval"
