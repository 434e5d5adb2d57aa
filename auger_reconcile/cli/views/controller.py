"""Render how the targets of a controller stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.table import local_time
from auger_reconcile.controller.status import TargetStatus

_LETTERS = 12  # of a commit or digest


def render_statuses(statuses: Sequence[TargetStatus]) -> str:
    """Return a few lines a target."""
    return "".join(f"{line}\n" for one in statuses for line in _lines(one))


def _lines(one: TargetStatus) -> Iterator[str]:
    commit = f" at commit {one.commit[:_LETTERS]}" if one.commit else ""
    since = f" since {local_time(one.since)}" if one.since else ""
    yield f"{plain(one.name)}: {one.condition.value}{since}{commit}"
    for why in one.why:
        yield f"  {plain(why)}"
    if one.plan:
        counts = ", ".join(f"{count} to {verb}" for verb, count in (one.actions or {}).items())
        yield f"  plan {one.plan[:_LETTERS]} waits: {counts}"
    out = [name for name, condition in (one.projects or {}).items() if condition != "in sync"]
    if out and len(one.projects or {}) > 1:
        yield f"  projects: {plain(', '.join(out[:10]))}{', ...' if len(out) > 10 else ''}"


def statuses_to_json(
    statuses: Sequence[TargetStatus], *, is_running: bool | None = None
) -> dict[str, Any]:
    """Return the JSON form; `running` where it is asked whether a controller keeps it so."""
    told = {"targets": [one.to_json() for one in statuses]}
    return told if is_running is None else {"running": is_running, **told}
