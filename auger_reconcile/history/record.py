"""Apply a plan and record it on the hub: who, from which commit, what came of each action.

The record is opened before the first action and closed after the last; between them the hub is told
every few seconds that the apply lives, and what came of actions. Refuses to do: fail an apply that
cannot be recorded. That is told in the result.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from auger_reconcile import __version__
from auger_reconcile.applier.apply import ApplyOptions, apply_plan, refusals_of
from auger_reconcile.applier.result import ApplyResult, Event, Finished, Outcome
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.diagnostics import Diagnostic, Severity
from auger_reconcile.errors import AugerError, Conflict, HubError
from auger_reconcile.history.checkout import Checkout, read_checkout
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.planner.saved.document import seal_of, to_document
from auger_reconcile.resources._base import Verb

APPLIES = "applies"
BEAT_SECONDS = 15.0
UNKNOWN_ROUTE = (404, 405)


@dataclass(frozen=True)
class AppliedBy:
    """What applies a plan, and how it is recorded.

    Attributes:
        name: `command`, `program` or `controller`.
        exclusive: nothing is applied while another apply is under way in the same projects.
        beat_seconds: how often the hub hears of the apply.
        checkout: instead of that of the folder.
    """

    name: str = "program"
    exclusive: bool = False
    beat_seconds: float = BEAT_SECONDS
    checkout: Checkout | None = None


PROGRAM = AppliedBy()


def apply_recorded(
    plan: Plan,
    client: HubClient,
    folder: Path,
    options: ApplyOptions | None = None,
    origin: AppliedBy = PROGRAM,
) -> ApplyResult:
    """Carry out a plan and record it; what changes nothing on the hub is not recorded.

    Raises:
        PlanRefused: a guard forbids the plan; nothing was done.
        Conflict: it is to be alone, and another apply is under way; nothing was done.
    """
    chosen = options or ApplyOptions()
    if refusals_of(plan) or all(action.verb is Verb.SELECT for action in plan.actions):
        return apply_plan(plan, client, folder, chosen)
    record, notices = _open(plan, client, folder, origin)
    if record is None:
        return replace(apply_plan(plan, client, folder, chosen), notices=notices)
    lost = chosen.patience.stop if origin.exclusive else threading.Event()
    with _Beats(record, origin.beat_seconds, lost):

        def note(event: Event) -> None:
            record.hear(event)
            chosen.on_event(event)

        try:
            result = apply_plan(plan, client, folder, replace(chosen, on_event=note))
        except AugerError:
            record.close("failed")
            raise
    return replace(result, record=record.id, notices=record.close(_status_of(result)))


def _status_of(result: ApplyResult) -> str:
    if result.interrupted:
        return "interrupted"
    return "applied" if result.is_complete else "failed"


def _open(
    plan: Plan, client: HubClient, folder: Path, origin: AppliedBy
) -> tuple[_Record | None, tuple[Diagnostic, ...]]:
    """Return an open record, or why there is none."""
    try:
        opened = client.call("POST", APPLIES, _describe(plan, folder, origin))
        return _Record(client, int(opened["id"])), ()
    except Conflict:
        if origin.exclusive:
            raise
        return None, (_unrecorded("the hub refused it"),)
    except (AugerError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, HubError) and error.status in UNKNOWN_ROUTE:
            return None, (_unrecorded("this hub keeps no history"),)
        return None, (_unrecorded(str(error) or type(error).__name__),)


def _unrecorded(why: str) -> Diagnostic:
    summary = "this apply is not in the history"
    return Diagnostic(Severity.WARNING, "not-recorded", summary, label=why)


def _describe(plan: Plan, folder: Path, origin: AppliedBy) -> Mapping[str, Any]:
    checkout = origin.checkout or read_checkout(folder)
    found = (
        {
            "commit": checkout.commit,
            "branch": checkout.branch,
            "is_dirty": checkout.is_dirty,
        }
        if checkout
        else {}
    )
    return {
        "projects": sorted({action.address.project for action in plan.actions}),
        "actions": [_describe_action(action) for action in plan.actions],
        "origin": origin.name,
        "auger_version": __version__,
        "plan_digest": seal_of(to_document(plan)),
        "config_digest": str(plan.config_digest) or None,
        "beat_seconds": origin.beat_seconds,
        **({"exclusive": True} if origin.exclusive else {}),
        **found,
    }


def _describe_action(action: Action) -> Mapping[str, Any]:
    return {
        "id": action.id,
        "address": str(action.address),
        "project": action.address.project,
        "kind": action.address.kind,
        "name": action.name,
        "action": action.verb.value,
        "about": "; ".join(part for part in (action.reason, action.detail) if part),
    }


def _describe_outcome(outcome: Outcome) -> Mapping[str, Any]:
    found = outcome.object if outcome.object is not None else outcome.action.object
    run = getattr(found, "run", None) if outcome.action.verb is Verb.START else None
    return {
        "id": outcome.action.id,
        "status": outcome.status.value,
        "seconds": round(outcome.seconds, 3),
        "note": str(outcome.error) if outcome.error else outcome.note or None,
        "object_id": getattr(found, "id", None),
        "run_id": getattr(run, "id", None),
    }


@dataclass
class _Record:
    """An open record: outcomes that the hub has not been told yet."""

    client: HubClient
    id: int
    pending: list[Outcome] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, event: Event) -> None:
        """Keep what came of an action."""
        if isinstance(event, Finished):
            with self.lock:
                self.pending.append(event.outcome)

    def send(self, **members: Any) -> None:
        """Tell the hub what is pending; kept when it cannot be told.

        Raises:
            AugerError: it cannot be told now.
        """
        with self.lock:
            told: Sequence[Outcome] = tuple(self.pending)
        body = {"outcomes": [_describe_outcome(outcome) for outcome in told], **members}
        self.client.call("PATCH", f"{APPLIES}/{self.id}", body)
        with self.lock:
            del self.pending[: len(told)]

    def close(self, status: str) -> tuple[Diagnostic, ...]:
        """Tell the hub how it ended; return what is to be said when that is not possible."""
        try:
            self.send(status=status)
        except AugerError as error:
            summary = "the history does not say how this apply ended"
            return (Diagnostic(Severity.WARNING, "not-recorded", summary, label=str(error)),)
        return ()


class _Beats:
    """Lets the hub hear of an apply while it goes on, from a thread of its own.

    A beat that fails is made up for by the next one. One that the hub refuses because somebody else
    has taken the lease over stops the apply.
    """

    def __init__(self, record: _Record, seconds: float, lost: threading.Event) -> None:
        self._record, self._seconds, self._lost = record, seconds, lost
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="apply-record", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(self._seconds)

    def _beat(self) -> None:
        while not (self._over.wait(self._seconds) or self._lost.is_set()):
            with suppress(AugerError):
                self._send()

    def _send(self) -> None:
        try:
            self._record.send()
        except Conflict:
            self._lost.set()
