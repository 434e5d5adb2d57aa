"""Render an apply as text: progress line by line, then the summary."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

import click

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
from auger_reconcile.cli.views.error import make_lines, render_facts, summary_of
from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.plan.plan_text import Labels, protection_lines
from auger_reconcile.cli.views.run.account import notice_lines, notices_of, told_of
from auger_reconcile.cli.views.typed import as_argument, as_typed
from auger_reconcile.cli.views.words import PAST, count_of, duration, size
from auger_reconcile.errors import ActionFailed, ConfigError, NotAllowed, StillUnderWay
from auger_reconcile.planner.plan import Plan
from auger_reconcile.resources._base import AGAIN as REPEATED
from auger_reconcile.resources._base import Verb
from auger_reconcile.resources.search.account import Notice

WORTH_TELLING = 0.05  # seconds that an action takes at least to be told
SECONDS_BETWEEN_LINES = 2.0  # about one action, where lines cannot be drawn over
AGAIN = "Run the same command again for the rest; what was applied is not repeated."
MEND = "Correct what failed, then run the same command again; what was applied is not repeated."
REPEATS = "Run the same command again for the rest; what was to be made again is made once more."
BY_HAND = "Everything else is done: what is left is to change the file by hand."
ALLOWED = "Once you may, the same command does the rest; what was applied is not repeated."
GOES_ON = "It continues on the hub: `auger wait` follows it."
# What a person looks at next.
BOARD, PREDICT = "auger experiment leaderboard", "auger model predict FILE --model-id {id}"


class Progress(Protocol):
    """Shows what happens while a plan is applied."""

    def __call__(self, event: Event) -> None:
        """Show one event; may be called from any thread, by one at a time."""

    def note(self, text: str) -> None:
        """Show a line that belongs to no action."""


class PlainProgress:
    """Shows events as lines: for logs, pipes and simple terminals."""

    def __init__(
        self,
        plan: Plan,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._labels, self._tell, self._clock = Labels(plan), tell, clock
        self._last: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Show one event; that nobody reads it does not stop the apply."""
        with suppress(OSError):
            match event:
                case Progressed():
                    self._progress(event)
                case Finished(outcome):
                    self._tell(render_outcome(outcome, self._labels))
                case Started():
                    pass

    def note(self, text: str) -> None:
        """Show a line."""
        self._tell(text)

    def _progress(self, event: Progressed) -> None:
        now, action = self._clock(), event.action
        if event.total and event.done == event.total:
            return  # what follows tells more
        if now - self._last.get(action.id, now - SECONDS_BETWEEN_LINES) < SECONDS_BETWEEN_LINES:
            return
        self._last[action.id] = now
        self._tell(f"{self._labels.of(action)}: {describe_progress(event)}")


def describe_progress(event: Progressed) -> str:
    """Return how far an action is: `uploading, 1.2 of 4.0 MB`, `7 of 10 trials, best 0.9667`."""
    if event.done is None or not event.total:
        return plain(event.text)
    return f"{plain(event.text)}, {size(event.done)} of {size(event.total)}"


def render_outcome(outcome: Outcome, labels: Labels) -> str:
    """Return one line: `project.churn: created after 0.4 s`."""
    action = outcome.action
    label, done = labels.of(action), _done(outcome)
    result = "" if labels.is_told_before(action) else told_of(outcome.object)
    told = "; ".join(part for part in (plain(outcome.note), result) if part)
    note = f" ({told})" if told else ""
    match outcome.status:
        case Status.APPLIED:
            return f"{label}: {done}{_after(outcome)}{note}"
        case Status.SKIPPED:
            return f"{label}: not {done}{note}"
        case Status.FAILED:
            why = make_lines(_why(outcome.error))[0]
            was = "still under way" if _goes_on(outcome) else f"not {done}"
            return f"{label}: {was}{_after(outcome)}: {why}"


def _why(error: BaseException | None) -> str:
    """Return why an action failed; of the problems of a file, the first with its place."""
    match error:
        case None:
            return ""
        case ConfigError(diagnostics=(first, *_)):
            place = f"{first.span.path}:{first.span.line}: " if first.span else ""
            told = f"{place}{first.summary}{f': {first.label}' if first.label else ''}"
            return f"{told}\n{first.hint}" if first.hint else told
        case _:
            return summary_of(error)


def _goes_on(outcome: Outcome) -> bool:
    return isinstance(outcome.error, StillUnderWay)


def _is_select(outcome: Outcome) -> bool:
    return outcome.action.verb is Verb.SELECT


def _needs_mending(outcome: Outcome) -> bool:
    """Tell what fails again until somebody changes data or declaration."""
    return isinstance(outcome.error, ActionFailed) and not _goes_on(outcome)


def _done(outcome: Outcome) -> str:
    is_cleared = outcome.action.verb is Verb.SELECT and not outcome.action.name
    return "cleared" if is_cleared else PAST[outcome.action.verb]


def _after(outcome: Outcome) -> str:
    return f" after {duration(outcome.seconds)}" if outcome.seconds >= WORTH_TELLING else ""


def render_result(result: ApplyResult, *, color: bool) -> str:
    """Return the summary: counts, every error with its facts, and what to run next."""
    labels = Labels(result.plan)
    lines = [_headline(result, color=color)] if result.outcomes or not result.remembered else []
    lines += protection_lines(result.plan) if result.remembered else []
    lines += [f"`{path.name}` remembers it; commit it." for path in result.remembered]
    label = click.style("error", fg="red", bold=True) if color else "error"
    for outcome in result.outcomes:
        if outcome.status is Status.FAILED and outcome.error:
            was = "is still under way" if _goes_on(outcome) else f"was not {_done(outcome)}"
            who = f"{labels.of(outcome.action)} {was}"
            first, *rest = make_lines(_why(outcome.error))
            lines += ["", f"{label}: {who}: {first}", *(f"  {line}" for line in rest)]
            lines += render_facts(outcome.error, color=color)
    notices = list(_notice_lines(result, labels))
    notices += [f"{item.summary}: {plain(item.label or item.code)}" for item in result.notices]
    lines += ["", *notices] if notices else []
    left = [outcome for outcome in result.outcomes if outcome.status is not Status.APPLIED]
    if left and all(_goes_on(outcome) for outcome in left):
        lines += ["", as_typed(GOES_ON)]
    elif left:
        is_repeated = any(one.action.reason == REPEATED for one in result.outcomes)
        again = REPEATS if is_repeated else AGAIN
        if any(isinstance(one.error, NotAllowed) for one in left):
            again = ALLOWED
        elif len(left) < len(result.outcomes) and all(map(_is_select, left)):
            again = BY_HAND  # the command itself would find its work done, and refuse
        lines += ["", MEND if any(map(_needs_mending, left)) else again]
    elif commands := list(dict.fromkeys(_next_commands(result))):
        lines += ["", "Next:", *(f"  {as_typed(command)}" for command in commands)]
    return "\n".join(lines) + "\n"


def render_cut_off(plan: Plan, ended: Sequence[Outcome]) -> str:
    """Return the summary of an apply that was ended at once: what had ended by then."""
    applied = sum(1 for outcome in ended if outcome.status is Status.APPLIED)
    told = f"Interrupted at once: applied {applied} of {count_of(len(plan.actions), 'action')}"
    return f"{told}. What was under way may go on at the hub.\n{AGAIN}\n"


def _notice_lines(result: ApplyResult, labels: Labels) -> Iterator[str]:
    """Yield a line a notice, each once; a run has those of its data set as well."""
    told: dict[Address, tuple[Notice, ...]] = dict(result.plan.notices)
    shown: set[tuple[Address, Notice]] = set()
    for outcome in result.outcomes:
        address, notices = outcome.action.address, notices_of(outcome.object)
        needed = result.plan.references.get(address, {}).values()
        known = {notice for at in needed for notice in told.get(at, ())}
        told[address] = notices
        new = [one for one in notices if one not in known and (address, one) not in shown]
        shown.update((address, one) for one in new)
        yield from (f"{labels.of(outcome.action)}: {line}" for line in notice_lines(new))


def _headline(result: ApplyResult, *, color: bool) -> str:
    counts = {status: result.count(status) for status in Status}
    text = f"Applied {counts[Status.APPLIED]} of {count_of(len(result.outcomes), 'action')}"
    told = [
        f"{counts[status]} {status.value}"
        for status in (Status.FAILED, Status.SKIPPED)
        if counts[status]
    ]
    text = ", ".join(
        [f"Interrupted: {text[0].lower()}{text[1:]}" if result.interrupted else text, *told]
    )
    if not color:
        return f"{text}."
    return click.style(f"{text}.", fg="green" if result.is_complete else "red", bold=True)


def _next_commands(result: ApplyResult) -> Iterator[str]:
    known = {action.address for action in result.plan.actions} | result.plan.bindings.keys()
    searches = {at for at in known if at.kind == "experiment"}
    are_many = len({at.project for at in known}) > 1  # whose boards no one file is about
    for outcome in result.outcomes:
        at, found = outcome.action.address, outcome.object
        match at.kind, outcome.action.verb:
            case "experiment", Verb.START if are_many:
                yield "auger show"
            case "experiment", Verb.START if outcome.action.object and not outcome.action.spec:
                # a run made once more is compared, and on the board of no name
                run = outcome.action.object.run
                if result.interrupted:
                    yield f"auger experiment reproduce {run.reproduces or run.id}"
            case "experiment", Verb.START:
                yield BOARD + (f" {as_argument(at.name)}" if len(searches) > 1 else "")
            case "model", Verb.CREATE if found is not None:
                locally = " --locally" if getattr(found, "path", None) else ""
                yield PREDICT.format(id=found.trial_id) + locally
