"""When an experiment is run again though nothing of it has changed, and why. Pure.

A cause leads to one run: what is open about the live model, or a time that a schedule names, is
answered by any run that was begun after it. Where that did not help, because no model of it took
the place of the live one, a later run may: it has more actuals to learn from. The times are the
hub's, as it tells them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from auger_reconcile.resources._base import Finding
from auger_reconcile.resources._spec import Trait, setting
from auger_reconcile.resources.gates.monitor import DRIFT, MISSING, SCORE, Alert
from auger_reconcile.resources.search.runs import COMPLETED, IN_PROGRESS, WAITING, Run
from auger_reconcile.schedule import (
    SPAN_PATTERN,
    is_schedule,
    last_due,
    moment,
    say_moment,
    to_day,
    to_hours,
    to_seconds,
)

Cause = Literal["drift", "score", "data", "schedule"]
RETRAIN = "retrain: "
"""How the reason of a run begins that nothing but `retrain` asks for."""
_BEGUN = IN_PROGRESS | {COMPLETED}
_MEASURES = {
    "drift": (DRIFT, MISSING, "feature_average_range"),
    "score": (SCORE, "model_accuracy"),
}


class Use(BaseModel):
    """What a run learns from besides the declared data set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actuals: bool = setting(
        default=False,
        description="Rows that its models predicted, with what really happened to them.",
    )
    window: str = setting(
        default="365d",
        description="How much of the newest past of these, a day at least.",
        pattern=SPAN_PATTERN,
    )


class Retrain(BaseModel):
    """When an experiment is run again though nothing of it has changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: tuple[Cause, ...] = setting(
        description=(
            "What starts a run: an alert about `drift` or `score` of its live model, `schedule`, "
            "or new `data`, which always does."
        ),
        traits=[Trait.UNORDERED],
        min_length=1,
    )
    schedule: str | None = setting(
        default=None,
        description="When, as a cron expression in UTC: `0 3 * * 1` is every Monday at three.",
    )
    not_more_often: str = setting(
        default="1d",
        description="The time between the beginnings of two runs: `1d`, `6h`.",
        pattern=SPAN_PATTERN,
        traits=[Trait.RAIL],
    )
    use: Use = setting(
        default=Use.model_construct(),  # no validator is built for it
        description="What its runs learn from besides the declared data set.",
    )


class Due(NamedTuple):
    """Whether an experiment is to be run again.

    Attributes:
        why: it is, in words.
        later: it would be, but its last run is too new: in words.
    """

    why: str | None = None
    later: str | None = None


NOT_DUE = Due()


class Facts(NamedTuple):
    """What tells whether a cause was answered well.

    Attributes:
        present: the hub's time, ISO 8601; without it no schedule is due.
        live_runs: ids of the runs whose models are deployed.
        actual_days: rows whose outcome is known, by ISO day.
    """

    present: str | None
    live_runs: Collection[str]
    actual_days: Mapping[str, int]


def check_retrain(retrain: Retrain) -> Iterator[Finding]:
    """Yield what is wrong with a declaration that is right by its types."""
    path = ("retrain", "schedule")
    if "schedule" in retrain.on and retrain.schedule is None:
        hint = "`on: [schedule]` needs `schedule`, such as `0 3 * * 1`"
        yield Finding("missing-field", "a field is missing", ("retrain",), hint, "`schedule`")
    if retrain.schedule is not None and "schedule" not in retrain.on:
        yield Finding("unused-field", "a schedule that nothing follows", path, _ON)
    if retrain.schedule is not None and not is_schedule(retrain.schedule):
        hint = "five fields: minute, hour, day of the month, month, day of the week"
        yield Finding("invalid-value", "no cron expression", path, hint)


_ON = "`on` names what starts a run, and `schedule` is not among it"


def to_wire(retrain: Retrain | None) -> dict[str, Any]:
    """Return what a run is asked to learn from besides its data set (wire contract §7)."""
    if retrain is None or not retrain.use.actuals:
        return {}
    return {"actuals": {"window_hours": to_hours(retrain.use.window)}}


def describe_use(retrain: Retrain | None, days: Mapping[str, int] | None) -> str:
    """Return in words what a run learns from besides its data set; empty for nothing.

    Args:
        retrain: what is declared.
        days: rows whose outcome is known, by ISO day; None of a hub that does not tell.
    """
    if retrain is None or not retrain.use.actuals:
        return ""
    if days is None:
        return ", without actuals: this hub joins none"
    newest = moment(max(days, default="1970-01-01")) or 0.0
    length = max(1, -(-to_hours(retrain.use.window) // 24))
    first = to_day(newest - (length - 1) * 86_400)
    rows = sum(count for day, count in days.items() if day >= first)
    return f", with {rows:,} row{'' if rows == 1 else 's'} of actuals of {retrain.use.window}"


def find_due(retrain: Retrain, runs: Sequence[Run], alerts: Sequence[Alert], facts: Facts) -> Due:
    """Return whether there is a cause that no run has answered yet.

    Args:
        retrain: what is declared.
        runs: of the experiment.
        alerts: that are open about its live models.
        facts: that the hub tells besides.
    """
    tried = [
        found
        for run in runs
        if run.status != WAITING and (found := moment(run.created_at)) is not None
    ]
    begun = [
        (found, run.id)
        for run in runs
        if run.status in _BEGUN and (found := moment(run.created_at))
    ]
    if not begun:
        return NOT_DUE
    answered, last = max(begun)
    time = moment(facts.present) if facts.present else None
    causes = [*_open(retrain, alerts, answered), *_scheduled(retrain, answered, time)]
    if time is not None and last not in facts.live_runs and retrain.use.actuals:
        causes += _unmended(retrain, alerts, (answered, time), facts.actual_days)
    if not causes:
        return NOT_DUE
    why = "; ".join(causes)
    wait = max(tried) + to_seconds(retrain.not_more_often)
    if time is None or time < wait:
        until = f"not before {say_moment(wait)}, {retrain.not_more_often} after the last run"
        return Due(later=f"{why}: it is run again {until}")
    return Due(why)


def _open(retrain: Retrain, alerts: Iterable[Alert], answered: float) -> Iterator[str]:
    for opened, text in _wanted(retrain, alerts):
        if opened > answered:
            yield text


def _unmended(
    retrain: Retrain,
    alerts: Iterable[Alert],
    span: tuple[float, float],
    actual_days: Mapping[str, int],
) -> Iterator[str]:
    """Yield what a run has answered in vain, once it is open twice as long as it was then.

    So the pauses double: what no run mends is tried a few times, and not for ever. Only where
    there are actuals of days after the run, without which it would find the same.

    Args:
        retrain: what is declared.
        alerts: that are open.
        span: when the last run was begun, and now.
        actual_days: rows whose outcome is known, by ISO day.
    """
    answered, time = span
    rows = sum(count for day, count in actual_days.items() if day > to_day(answered))
    for opened, text in _wanted(retrain, alerts):
        if rows and opened <= answered and time - opened >= 2 * (answered - opened):
            since = f"{rows:,} row{'' if rows == 1 else 's'} of actuals since"
            yield f"{text}: the run of {say_moment(answered)} did not mend it, {since}"


def _wanted(retrain: Retrain, alerts: Iterable[Alert]) -> Iterator[tuple[float, str]]:
    """Yield when each alert opened that is waited for, and what it says."""
    wanted = {one for cause in retrain.on for one in _MEASURES.get(cause, ())}
    for alert in alerts:
        opened = moment(alert.opened_at)
        if alert.measure in wanted and opened is not None:
            yield opened, alert.text


def _scheduled(retrain: Retrain, answered: float, time: float | None) -> Iterator[str]:
    if "schedule" not in retrain.on or retrain.schedule is None or time is None:
        return
    due = last_due(retrain.schedule, time)
    if due is not None and due > answered:
        yield f"scheduled for {say_moment(due)} ({retrain.schedule})"
