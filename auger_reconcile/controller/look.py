"""Look at one target: fetch, plan, decide, apply what is allowed, and say how it stands.

Nothing is remembered that cannot be found out again: a look after a crash, or after an event that
was lost, finds what the next look would have found. Whatever goes wrong is the target's status.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from auger_reconcile.api.workspace import Workspace
from auger_reconcile.applier.apply import ApplyOptions
from auger_reconcile.applier.result import ApplyResult, Status
from auger_reconcile.applier.waiting import Patience
from auger_reconcile.config.declarations.channel import When
from auger_reconcile.controller.hubs import Hubs
from auger_reconcile.controller.permit import Decision, Permit, is_asked_by_files, permit
from auger_reconcile.controller.repository import Repository
from auger_reconcile.controller.settings import Settings, Target
from auger_reconcile.controller.status import (
    Book,
    Condition,
    TargetStatus,
    is_approved,
    stamp,
    withdraw,
)
from auger_reconcile.errors import AugerError, Conflict, HubError
from auger_reconcile.history.checkout import Checkout
from auger_reconcile.history.read import read_applies
from auger_reconcile.notify.message import about_apply, about_plan
from auger_reconcile.notify.send import tell
from auger_reconcile.planner.build import PlanOptions
from auger_reconcile.planner.plan import Plan
from auger_reconcile.planner.saved.document import seal_of, to_document

ORIGIN = "controller"


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Looker:
    """Looks at the targets of a controller.

    Attributes:
        stop: set when the controller is to end; what is under way at the hub goes on there.
        hubs: is told on which of them each target is.
    """

    settings: Settings
    book: Book
    environ: Mapping[str, str]
    user_home: Path
    stop: threading.Event = field(default_factory=threading.Event)
    hubs: Hubs = field(default_factory=Hubs)

    def look(self, target: Target) -> TargetStatus:
        """Bring a target as far as it may go, and return how it stands then."""
        now = _now()
        before = self.book.of(target.name)
        blank = TargetStatus(target.name, Condition.DEGRADED, stamp(now))
        known = replace(before or blank, since=stamp(now), plan=None, actions=None)
        try:
            status = self._reconcile(target, known, now)
        except AugerError as error:
            status = replace(known, condition=Condition.DEGRADED, why=(_sentence(error),))
        except Exception as error:  # noqa: BLE001 - one target takes no other along
            told = f"{type(error).__name__}: {error}; this is a bug in auger_reconcile"
            status = replace(known, condition=Condition.DEGRADED, why=(told,))
        return self.book.keep(status, _now())

    def _reconcile(self, target: Target, known: TargetStatus, now: datetime) -> TargetStatus:
        folder = self.settings.home / "repositories" / target.name
        repository = Repository(target.url, target.branch, folder, target.allowed_signers)
        commit = repository.fetch()
        if target.verify_commits:
            repository.verify(commit)
        repository.check_out(commit)
        known = replace(known, commit=commit)
        place = folder / target.path
        if not place.exists():
            raise AugerError(f"commit {commit[:10]} has no `{target.path}`")
        workspace = self._open(target, place, commit)
        with closing(workspace):
            plan = workspace.plan(PlanOptions(prune=target.prune))
            session = workspace.session
            self.hubs.follow(target.name, session.client.url, session.credentials.token)
            if not plan.actions:  # the lock file of a checkout that goes again protects nothing
                withdraw(self.settings.home, target.name)
                return _settled(known, plan, workspace)
            return self._decide(target, workspace, plan, known, now)

    def _open(self, target: Target, place: Path, commit: str) -> Workspace:
        return Workspace(
            files=(place,),
            env=target.env,
            hub=target.hub,
            environ=self.environ,
            home=self.user_home,
            origin=ORIGIN,
            is_exclusive=True,
            beat_seconds=self.settings.beat,
            checkout=Checkout(commit, target.branch, is_dirty=False),
        )

    def _decide(
        self, target: Target, workspace: Workspace, plan: Plan, known: TargetStatus, now: datetime
    ) -> TargetStatus:
        digest = _digest_of(plan)
        approved = is_approved(self.settings.home, target.name, digest)
        drifted = not is_asked_by_files(plan) and (
            _applied_commit(known, workspace, plan) == known.commit
        )
        decision = permit(plan, target, now, is_drift=drifted, is_approved=approved)
        pending = replace(
            known,
            condition=Condition.OUT_OF_SYNC,
            why=decision.reasons,
            plan=digest,
            actions=dict(Counter(action.verb.value for action in plan.actions)),
            projects=_conditions(workspace, plan),
        )
        if decision.verdict is Decision.REFUSE:
            pending = replace(pending, condition=Condition.DEGRADED)
        if decision.verdict is not Decision.APPLY:
            event = _event_of(decision, drifted=drifted)
            if event is not None and self._is_new(pending):
                self._tell(workspace, plan, event, pending)
            return pending
        if approved and plan.unapproved:
            workspace = replace(workspace, approved=frozenset(plan.unapproved))
            plan = workspace.plan(PlanOptions(prune=target.prune))
            if _digest_of(plan) != digest:
                return pending
        begun = self.book.keep(replace(pending, applied_commit=None), now)
        with closing(workspace):
            return self._apply(target, workspace, plan, begun)

    def _apply(
        self, target: Target, workspace: Workspace, plan: Plan, pending: TargetStatus
    ) -> TargetStatus:
        try:
            options = ApplyOptions(patience=Patience(stop=_Either(self.stop)))
            result = workspace.apply(plan, options)
        except Conflict as error:
            return replace(pending, why=(_sentence(error),))
        withdraw(self.settings.home, target.name)
        tell(about_apply(result, ORIGIN, pending.commit), self.settings.notify, self.environ)
        done = replace(pending, apply=result.record, plan=None, actions=None)
        if result.is_complete:
            projects = dict.fromkeys(workspace.desired.projects, Condition.IN_SYNC.value)
            return replace(
                done,
                condition=Condition.IN_SYNC,
                why=(),
                applied_commit=pending.commit,
                projects=projects,
            )
        condition = Condition.OUT_OF_SYNC if result.interrupted else Condition.DEGRADED
        return replace(done, condition=condition, why=_failures(result))

    def _is_new(self, pending: TargetStatus) -> bool:
        """Say whether nobody was told yet of what waits, and why."""
        before = self.book.of(pending.name)
        return before is None or (before.plan, before.why) != (pending.plan, pending.why)

    def _tell(self, workspace: Workspace, plan: Plan, event: When, pending: TargetStatus) -> None:
        why = list(pending.why)
        if event is not When.REFUSED:
            why.append(f"auger controller approve {pending.name} {(pending.plan or '')[:12]}")
        message = about_plan(plan, event, why, ORIGIN, pending.commit)
        tell(message, (*self.settings.notify, *workspace.channels), self.environ)


def _event_of(decision: Permit, *, drifted: bool) -> When | None:
    """Return what people are told of a plan that is not carried out; None for one that waits."""
    if decision.verdict is Decision.WAIT:
        return None
    if decision.verdict is Decision.REFUSE:
        return When.REFUSED
    return When.DRIFT if drifted else When.ASKED


class _Either(threading.Event):
    """A stop of one apply, set by itself or by the end of the controller."""

    def __init__(self, other: threading.Event) -> None:
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        return super().is_set() or self._other.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set() or super().wait(None if timeout is None else min(timeout, 1.0))


def _digest_of(plan: Plan) -> str:
    """Return what tells a plan from others; what policies say of it is no part of it."""
    return seal_of(to_document(replace(plan, diagnostics=(), objections=(), refusals=())))


def _settled(known: TargetStatus, plan: Plan, workspace: Workspace) -> TargetStatus:
    """Return the status of a target whose plan is empty: in sync, unless it says what is wrong."""
    errors = [item for item in plan.diagnostics if item.severity.value == "error"]
    why = tuple(f"{item.address}: {item.summary}" for item in errors)
    condition = Condition.DEGRADED if why else Condition.IN_SYNC
    projects = dict.fromkeys(workspace.desired.projects, condition.value)
    return replace(
        known, condition=condition, why=why, applied_commit=known.commit, projects=projects
    )


def _applied_commit(known: TargetStatus, workspace: Workspace, plan: Plan) -> str | None:
    """Return the commit that the hub was last made like: as noted, or as its history says.

    None where the newest apply of a controller did not get to its end: what is left of it to do is
    no drift.
    """
    if known.applied_commit:
        return known.applied_commit
    project = plan.actions[0].address.project
    with suppress(HubError):
        for record in read_applies(workspace.session.client, limit=20, project=project):
            if record.origin == ORIGIN:
                return record.commit if record.status == "applied" else None
    return None


def _conditions(workspace: Workspace, plan: Plan) -> dict[str, str]:
    touched = {action.address.project for action in plan.actions}
    return {
        name: (Condition.OUT_OF_SYNC if name in touched else Condition.IN_SYNC).value
        for name in workspace.desired.projects
    }


def _failures(result: ApplyResult) -> tuple[str, ...]:
    failed = [
        f"{one.action.verb.value} {one.action.address}: {one.error}"
        for one in result.outcomes
        if one.status is Status.FAILED
    ]
    errors = [item for item in result.plan.diagnostics if item.severity.value == "error"]
    failed += [f"{item.address}: {item.summary}" for item in errors]
    return tuple(failed) or ("interrupted",)


def _sentence(error: AugerError) -> str:
    return " ".join(str(error).split())
