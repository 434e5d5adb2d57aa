"""Parse spans of time and ISO times, and compute when a schedule was due last.

Pure: what time it is says who asks.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone

_SPAN = re.compile(r"([1-9]\d*)\s*([mhdw])")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
SPAN_PATTERN = r"^\s*[1-9]\d*\s*[mhdw]\s*$"


def to_seconds(span: str) -> int:
    """Return the seconds of a span such as `90m`, `6h`, `7d` or `2w`; ValueError for no such."""
    found = _SPAN.fullmatch(span.strip())
    if not found:
        raise ValueError(f"`{span}` is no span of time: write 90m, 6h, 7d or 2w")
    return int(found[1]) * _SECONDS[found[2]]


def to_hours(span: str) -> int:
    """Return the hours of a span, rounded up."""
    return -(-to_seconds(span) // 3600)


def from_hours(hours: int) -> str:
    """Return a span of so many hours as it is written shortest."""
    return f"{hours // 24}d" if hours and hours % 24 == 0 else f"{hours}h"


def moment(text: str) -> float | None:
    """Return an ISO time in seconds since 1970, without a zone in UTC; None for no such time."""
    try:
        found = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp()


def to_day(seconds: float) -> str:
    """Return the day in UTC of a moment: `2026-11-30`."""
    return datetime.fromtimestamp(max(seconds, 0.0), tz=timezone.utc).date().isoformat()


def is_schedule(schedule: str) -> bool:
    """Say whether a text is a cron expression of five fields that is due at some time."""
    from cronsim import CronSim, CronSimError

    try:
        if len(schedule.split()) != 5:
            return False
        next(CronSim(schedule, datetime(2026, 1, 1, tzinfo=timezone.utc)))
    except (CronSimError, StopIteration):
        return False
    return True


def last_due(schedule: str, present: float) -> float | None:
    """Return the newest moment up to the present at which a schedule was due, in UTC."""
    from cronsim import CronSim

    start = datetime.fromtimestamp(present, tz=timezone.utc)
    # the iterator begins after its start, and has whole minutes
    begin = datetime.fromtimestamp((present // 60 + 1) * 60, tz=timezone.utc)
    for due in CronSim(schedule, begin, reverse=True):
        if due <= start:
            return due.timestamp()
    return None


def say_moment(seconds: float) -> str:
    """Return a moment as people read it, in UTC."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
