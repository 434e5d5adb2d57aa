"""Numbers, durations and verbs as people write them."""

from __future__ import annotations

from auger_reconcile.cli.views.diagnostic import make_safe
from auger_reconcile.client.redact import redact
from auger_reconcile.resources._base import Verb

PAST = {
    Verb.CREATE: "created",
    Verb.START: "started",
    Verb.STOP: "stopped",
    Verb.DELETE: "deleted",
    Verb.SELECT: "selected",
}


def count_of(number: int, noun: str) -> str:
    """Return `1 action`, `2 actions`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(count: float) -> str:
    """Return a number of bytes in steps of 1000: `512 bytes`, `1.2 MB`."""
    if count < 1000:
        return f"{count:.0f} bytes"
    power = min(len(f"{count:.0f}") - 1, 11) // 3
    return f"{count / 1000**power:.1f} {('', 'kB', 'MB', 'GB')[power]}"


def plain(text: str) -> str:
    """Return a text that came from outside fit for a terminal: one line, no secret in a URL."""
    safe = make_safe(text)
    return redact(safe) if "://" in safe else safe
