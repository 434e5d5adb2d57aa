"""Show a plan, get consent, carry it out, tell what came of it: where changes end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import click

from auger_reconcile.api.saved_plan import read_plan, refresh_plan
from auger_reconcile.api.workspace import Workspace
from auger_reconcile.applier.apply import ApplyOptions
from auger_reconcile.applier.result import ApplyResult
from auger_reconcile.applier.waiting import Patience
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.planning import find_exit_code, make_plan, read_files, show_plan
from auger_reconcile.cli.views.apply_json import JsonEvents, result_to_json
from auger_reconcile.cli.views.apply_text import PlainProgress, Progress, render_result
from auger_reconcile.cli.views.plan_json import plan_to_json
from auger_reconcile.errors import AugerError, PlanRefused
from auger_reconcile.planner.plan import Plan

QUESTION = 'Do you want to carry this out? Only "yes" is accepted: '
FINISHING = "Finishing what has begun; Ctrl-C again ends it at once."
SHOW_CURSOR = b"\x1b[?25h"


@dataclass(frozen=True)
class Consent:
    """How a command gets the user's yes.

    Attributes:
        given: by an option, so that nothing is asked.
        option: that gives it, for the hint where nobody can be asked.
    """

    given: bool
    option: str = "--auto-approve"


def plan_and_apply(
    invocation: Invocation,
    *,
    auto_approve: bool,
    wait: bool,
    parallelism: int,
    timeout: float | None,
    **said: Any,
) -> ExitCode:
    """Plan as the options say, and carry the plan out."""
    options = ApplyOptions(parallelism, wait=wait, patience=Patience(timeout))
    with invocation.workspace() as workspace:
        plan = make_plan(invocation, workspace, read_files(invocation, workspace, **said))
        if plan.is_empty and not plan.refusals:
            _remember_protection(invocation, workspace)
        return carry_out(
            invocation, plan, workspace.apply, options=options, consent=Consent(auto_approve)
        )


def _remember_protection(invocation: Invocation, workspace: Workspace) -> None:
    """Let a protection last, though there is nothing else to do."""
    for path in workspace.remember_protection():
        if not invocation.is_quiet:
            invocation.tell(f"`{path.name}` lists what is protected now; commit it.\n")


def apply_saved(
    invocation: Invocation, path: Path, *, wait: bool, parallelism: int, timeout: float | None
) -> ExitCode:
    """Carry out a saved plan; that it was saved is the consent.

    Raises:
        StalePlan: it no longer fits the files or the hub.
    """
    options = ApplyOptions(parallelism, wait=wait, patience=Patience(timeout))
    saved = read_plan(path)
    with invocation.workspace() as workspace:
        with invocation.busy_with("Reading the hub"):
            plan, declared = refresh_plan(saved, workspace)
        with closing(declared):
            return carry_out(
                invocation, plan, declared.apply, options=options, consent=Consent(given=True)
            )


def carry_out(
    invocation: Invocation,
    plan: Plan,
    apply: Callable[[Plan, ApplyOptions], ApplyResult],
    *,
    options: ApplyOptions,
    consent: Consent,
) -> ExitCode:
    """Show a plan, ask, apply it and tell the outcome; return the exit code.

    Args:
        invocation: where to show it.
        plan: is carried out as it is, or not at all.
        apply: carries it out, such as `Workspace.apply`.
        options: of the apply; its events are shown by this function.
        consent: whether and how the user's yes is needed.

    Raises:
        AugerError: there is nobody to ask.
    """
    if plan.refusals and invocation.as_json:
        raise PlanRefused(plan.refusals)
    if not invocation.as_json:
        show_plan(invocation, plan, form="text")
    if plan.refusals or plan.is_empty:
        if invocation.as_json:
            _tell_nothing_done(plan)
        elif plan.refusals:
            invocation.tell("\nNothing was done.")
        return find_exit_code(plan)
    if not (consent.given or _ask(invocation, consent)):
        invocation.tell("Nothing was done.")
        return ExitCode.DECLINED
    result = _apply_visibly(invocation, plan, apply, options)
    if result.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.DONE if result.is_complete else ExitCode.FAILED


def _ask(invocation: Invocation, consent: Consent) -> bool:
    """Ask for the word `yes`; anything else is a no.

    Raises:
        AugerError: there is nobody to ask.
    """
    if invocation.as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise AugerError(
            "the plan needs consent, and there is nobody to ask",
            hint=f"`{consent.option}` gives it beforehand",
        )
    click.echo("\n" + QUESTION, nl=False, err=True)
    return sys.stdin.readline().strip() == "yes"


def _tell_nothing_done(plan: Plan) -> None:
    events = JsonEvents()
    events.begin(plan_to_json(plan))
    events.end(result_to_json(ApplyResult(plan, ())))


def _apply_visibly(
    invocation: Invocation,
    plan: Plan,
    apply: Callable[[Plan, ApplyOptions], ApplyResult],
    options: ApplyOptions,
) -> ApplyResult:
    """Apply with the view that fits the surroundings."""
    stop = options.patience.stop
    if invocation.as_json:
        events = JsonEvents()
        events.begin(plan_to_json(plan))
        with _interruptible(stop, invocation.tell):
            result = apply(plan, replace(options, on_event=events))
        events.end(result_to_json(result))
        return result
    with _progress(invocation, plan) as progress, _interruptible(stop, progress.note):
        result = apply(plan, replace(options, on_event=progress))
    invocation.show("\n" + render_result(result, color=invocation.color))
    return result


@contextmanager
def _progress(invocation: Invocation, plan: Plan) -> Iterator[Progress]:
    """Yield what shows the events: live in a terminal, line by line elsewhere."""
    if invocation.is_quiet:
        yield PlainProgress(plan, lambda _: None)
        return
    invocation.tell("\n")
    if not invocation.has_live_terminal:
        yield PlainProgress(plan, invocation.tell)
        return
    from auger_reconcile.cli.views.apply_live import LiveProgress

    with LiveProgress(plan, color=invocation.error_color) as live:
        yield live


@contextmanager
def _interruptible(stop: threading.Event, note: Callable[[str], None]) -> Iterator[None]:
    """Let the first Ctrl-C end the apply early, and the second one at once."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears signals
        return

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            _end_at_once()
        stop.set()
        with suppress(OSError):
            note(FINISHING)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end_at_once() -> None:
    """End the process now, with the terminal as it was found."""
    with suppress(OSError):
        if sys.stderr.isatty():
            os.write(2, SHOW_CURSOR)
    with suppress(Exception):  # a stream that nobody reads, or that this thread was writing to
        sys.stdout.flush()
    os._exit(ExitCode.INTERRUPTED)
