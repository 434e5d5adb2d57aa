"""Apply a plan to the hub: carry out its actions and no other. Decides nothing.

Independent actions run at the same time; what depends on a failed one is skipped, everything else
is finished. An apply that was cut off is finished by planning and applying again.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from typing_extensions import assert_never

from auger_reconcile.address import Address
from auger_reconcile.applier.result import (
    ApplyResult,
    Event,
    Finished,
    Outcome,
    Progressed,
    Started,
    Status,
)
from auger_reconcile.applier.steps import StepRunner
from auger_reconcile.applier.waiting import Patience
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.diagnostics import Diagnostic, Severity
from auger_reconcile.errors import ActionFailed, AugerError, Interrupted, PlanRefused
from auger_reconcile.planner.plan import Action, Plan, Replacement, place_of
from auger_reconcile.resources._base import Verb, Work
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources._steps import Steps

DEFAULT_PARALLELISM = 10
SIGNAL_CHECK = 0.2  # seconds after which a Ctrl-C is noticed at the latest


@dataclass(frozen=True)
class ApplyOptions:
    """How to apply.

    Attributes:
        parallelism: actions carried out at the same time.
        wait: wait also for runs that nothing depends on.
        patience: clock, timeout and stop signal of all waits.
        on_event: told what happens, from several threads but never two at once.
        select: writes selected names into auger.yaml, given the action.
    """

    parallelism: int = DEFAULT_PARALLELISM
    wait: bool = False
    patience: Patience = field(default_factory=Patience)
    on_event: Callable[[Event], None] = lambda _: None
    select: Callable[[Action], None] | None = None


def apply_plan(
    plan: Plan, client: HubClient, folder: Path, options: ApplyOptions | None = None
) -> ApplyResult:
    """Carry out a plan.

    Args:
        plan: as shown to the user.
        client: connected to the hub the plan was made for.
        folder: of auger.yaml; downloads go below it.
        options: how.

    Raises:
        PlanRefused: a guard or a policy forbids the plan; nothing was done.
    """
    if refusals := refusals_of(plan):
        raise PlanRefused(refusals)
    return _Apply(plan, client, folder, options or ApplyOptions()).run()


def refusals_of(plan: Plan) -> tuple[Diagnostic, ...]:
    """Return why a plan is not carried out: guards, and policies that nobody has approved."""
    return (
        *plan.refusals,
        *(
            Diagnostic(
                Severity.ERROR,
                "not-approved",
                "a policy requires approval",
                label=f"`{name}`",
                hint=f"auger apply --approve {name}",
            )
            for name in plan.unapproved
        ),
    )


class _Apply:
    """One apply under way: what is left, what runs, what each address is bound to by now."""

    def __init__(self, plan: Plan, client: HubClient, folder: Path, options: ApplyOptions) -> None:
        self.plan, self.client, self.folder, self.options = plan, client, folder, options
        self.bindings: dict[Address, Any] = dict(plan.bindings)
        self.outcomes: dict[str, Outcome] = {}
        self.replacing: dict[tuple[str, str, Any], list[Action]] = defaultdict(list)
        self.dependents: dict[str, list[Action]] = defaultdict(list)
        for action in plan.actions:
            for needed in action.depends_on:
                self.dependents[needed].append(action)
            for found in action.replaces:
                self.replacing[place_of(action.address, found)].append(action)
        self.missing = {action.id: len(action.depends_on) for action in plan.actions}
        self.doomed: dict[str, Action] = {}  # action id to the failed action that it needs
        self.ready = deque(action for action in plan.actions if not action.depends_on)
        self.running: dict[Future[Outcome], Action] = {}
        self.lock = threading.Lock()

    @property
    def interrupted(self) -> bool:
        """Whether the user asked to stop."""
        return self.options.patience.stop.is_set()

    def run(self) -> ApplyResult:
        """Carry out everything; a first Ctrl-C ends it early, a second one at once."""
        with ThreadPoolExecutor(self.options.parallelism, thread_name_prefix="apply") as pool:
            while not self._advance(pool):
                pass
        ordered = tuple(self.outcomes[action.id] for action in self.plan.actions)
        return ApplyResult(self.plan, ordered, self.interrupted)

    def _advance(self, pool: ThreadPoolExecutor) -> bool:
        """Begin what is ready, collect what has ended; say whether everything is done."""
        try:
            self._begin(pool)
            self._collect()
        except KeyboardInterrupt:
            if self.interrupted:
                raise
            self.options.patience.stop.set()
        return not self.ready and not self.running

    def _begin(self, pool: ThreadPoolExecutor) -> None:
        """Hand out what has become ready, and skip what can no longer be done."""
        while self.ready and len(self.running) < self.options.parallelism:
            action = self.ready.popleft()
            culprit = self.doomed.get(action.id)
            if culprit or self.interrupted:
                note = f"needs {culprit.address}" if culprit else "interrupted"
                self._finish(Outcome(action, Status.SKIPPED, note=note))
            else:
                self.running[pool.submit(self._run_action, action)] = action

    def _collect(self) -> None:
        """Wait for the next actions to end and keep their outcomes."""
        done, _ = wait(self.running, timeout=SIGNAL_CHECK, return_when=FIRST_COMPLETED)
        for future in done:
            action = self.running.pop(future)
            outcome = future.result()
            self.bindings[action.address] = self._bound(outcome)
            self._finish(outcome)

    def _bound(self, outcome: Outcome) -> Any:
        """Return what an address stands for after an action on it."""
        bound = self.bindings.get(outcome.action.address)
        if outcome.status is not Status.APPLIED:
            return bound
        if outcome.action.verb is Verb.DELETE and bound is not None:
            return None if bound.id == outcome.action.object.id else bound
        return outcome.object

    def _finish(self, outcome: Outcome) -> None:
        self.outcomes[outcome.action.id] = outcome
        for dependent in self.dependents[outcome.action.id]:
            if outcome.status is not Status.APPLIED:
                self.doomed.setdefault(dependent.id, outcome.action)
            self.missing[dependent.id] -= 1
            if not self.missing[dependent.id]:
                self.ready.append(dependent)
        self._tell(Finished(outcome))

    def _tell(self, event: Event) -> None:
        with self.lock:
            self.options.on_event(event)

    def _run_action(self, action: Action) -> Outcome:
        """Carry out one action on a thread of the pool."""
        began = time.monotonic()
        self._tell(Started(action))

        def report(text: str, done: int | None, total: int | None) -> None:
            self._tell(Progressed(action, text, done, total))

        runner = StepRunner(self.client, self.folder, self.options.patience, report)
        outcome = self._outcome(action, runner)
        return replace(outcome, seconds=time.monotonic() - began)

    def _outcome(self, action: Action, runner: StepRunner) -> Outcome:
        bound = self.bindings.get(action.address)
        if self._is_kept(action):
            return Outcome(action, Status.APPLIED, note="kept: nothing better came", object=bound)
        try:
            found = self._run(action, runner)
        except Interrupted:
            if not runner.has_written:
                return Outcome(action, Status.SKIPPED, note="interrupted")
            note = "it continues on the hub, unwatched"
            return Outcome(action, Status.APPLIED, note=note, object=bound)
        except AugerError as error:
            return Outcome(action, Status.FAILED, error=error)
        return Outcome(action, Status.APPLIED, object=found)

    def _run(self, action: Action, runner: StepRunner) -> Any:
        """Return the object that an action leaves behind.

        Raises:
            AugerError: it failed; anything else is turned into one, so that it takes no other
                action down.
        """
        try:
            if action.verb is Verb.SELECT:
                if self.options.select is None:
                    raise ActionFailed("there is no auger.yaml to write the name into")
                self.options.select(action)
                return self.bindings.get(action.address)
            return runner.run(self._steps(action))
        except AugerError:
            raise
        except OSError as error:  # of this machine: a full disk, a folder that is read-only
            where = f"`{error.filename}`: " if error.filename else ""
            raise ActionFailed(f"{where}{error.strerror or type(error).__name__}") from error
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            raise ActionFailed(f"{told}; this is a bug in auger_reconcile") from error

    def _is_kept(self, action: Action) -> bool:
        """Say whether a replacement brought forth the very object that it was to supersede."""
        if action.verb is not Verb.DELETE or action.replacement is not Replacement.NEW_FIRST:
            return False
        creates = self.replacing.get(place_of(action.address, action.object), ())
        bound = [self.bindings.get(create.address) for create in creates]
        return any(found is not None and found.id == action.object.id for found in bound)

    def _steps(self, action: Action) -> Steps:
        kind = kind_of(action.address.kind)
        roles: Mapping[str, Address] = self.plan.references.get(action.address, {})
        bound = {role: self.bindings.get(address) for role, address in roles.items()}
        active = action.verb in (Verb.START, Verb.STOP)
        has_new = active and self.bindings.get(action.address) is not None
        work = Work(
            spec=action.spec,
            name=action.name,
            object=self.bindings[action.address] if has_new else action.object,
            refs=bound,
            organization_id=self.plan.organization_id,
            project=bound.get("project"),
            # What goes first is gone by now, and nothing to be content with.
            superseded=() if action.replacement is Replacement.OLD_FIRST else action.replaces,
            previous=action.previous,
            # A select stores a name, which is known before the end of what was started.
            wait=self.options.wait
            or any(other.verb is not Verb.SELECT for other in self.dependents[action.id]),
        )
        match action.verb:
            case Verb.CREATE:
                return kind.create(work)
            case Verb.START:
                return kind.start(work)
            case Verb.STOP:
                return kind.stop(work)
            case Verb.DELETE:
                return kind.delete(work)
            case Verb.SELECT:
                raise AssertionError("select has no steps: a bug in auger_reconcile")
            case _:
                assert_never(action.verb)
