"""Format numbers, durations and verbs as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.resources._base import Verb

if TYPE_CHECKING:
    from auger_reconcile.planner.coverage import Coverage
    from auger_reconcile.planner.estimate import Estimate

NOTHING = "–"  # what a table shows of a figure that there is not
MOST_NAMED = 5  # addresses in a sentence
PAST = {
    Verb.CREATE: "created",
    Verb.START: "started",
    Verb.STOP: "stopped",
    Verb.DELETE: "deleted",
    Verb.SELECT: "selected",
}


def count_of(number: int, noun: str) -> str:
    """Return `1 action`, `2,000 actions`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def expectation(estimate: Estimate) -> str:
    """Return how long runs will take: `about 12 min (8-15)`, `unknown, at most 60 min`.

    Of several: `about 12 min (8-15) and 2 unknown, at most 132 min`.
    """
    most = f"at most {_minutes(estimate.expected)} min"
    if estimate.seconds is None or estimate.low is None or estimate.high is None:
        return f"unknown, {most}"
    if estimate.seconds < 60:
        known = f"about {estimate.seconds:.0f} s"
        limits = f"{estimate.low:.0f}-{estimate.high:.0f}"
    else:
        known = f"about {_minutes(estimate.seconds)} min"
        limits = f"{_minutes(estimate.low)}-{_minutes(estimate.high)}"
    low, high = limits.split("-")
    known += f" ({limits})" if low != high else ""
    return f"{known} and {estimate.unknown} unknown, {most}" if estimate.unknown else known


def uncovered(coverage: Coverage) -> list[str]:
    """Return a sentence for each part of what is declared that was not looked at, or compared."""
    told = []
    if coverage.left_out:
        number, some = len(coverage.left_out), coverage.left_out[:MOST_NAMED]
        names = ", ".join(plain(str(address)) for address in some)
        rest = ", ..." if number > len(some) else ""
        were = "was" if number == 1 else "were"
        what = f"{count_of(number, 'resource')} {were} not looked at"
        told.append(f"{what} (--target, --exclude): {names}{rest}.")
    reasons: dict[str, list[str]] = {}
    for address, reason in coverage.uncompared.items():
        reasons.setdefault(reason, []).append(plain(str(address)))
    for reason, names_of in reasons.items():
        rest = ", ..." if len(names_of) > MOST_NAMED else ""
        told.append(f"Not compared: {', '.join(names_of[:MOST_NAMED])}{rest} ({reason}).")
    if coverage.environment:
        told.append(f"Only environment {plain(coverage.environment)} was looked at (--env).")
    return told


def matches(coverage: Coverage, files: str) -> str:
    """Return that nothing has to be done, of what was looked at and compared alone."""
    if coverage.is_complete:
        return " ".join([f"The hub matches {files}.", *uncovered(coverage)])
    return " ".join(["Nothing to do for what was compared.", *uncovered(coverage)])


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f}"


def size(count: float) -> str:
    """Return a number of bytes in steps of 1000: `512 bytes`, `1.2 MB`."""
    if count < 1000:
        return f"{count:.0f} bytes"
    power = min(len(f"{count:.0f}") - 1, 11) // 3
    return f"{count / 1000**power:.1f} {('', 'kB', 'MB', 'GB')[power]}"
