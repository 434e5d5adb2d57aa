"""Render the history of applies as text, and one apply with what came of each action."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.table import (
    Column,
    Row,
    local_time,
    member,
    moment,
    render_table,
    table_width,
)
from auger_reconcile.cli.views.words import count_of, duration
from auger_reconcile.history.read import AppliedAction, ApplyRecord

_COMMIT = 10  # letters of a commit that tell it from others


def render_history(
    records: Sequence[ApplyRecord], *, with_projects: bool, width: int | None
) -> Iterator[str]:
    """Yield the lines of a table, as many of its columns as fit into the terminal."""
    rows = [record.content for record in records]
    columns = _columns(with_projects=with_projects)
    left_out = []
    while width is not None and len(columns) > 2 and table_width(columns, rows) > width:
        left_out.append(columns.pop().heading)
    yield from render_table(columns, rows)
    if left_out:
        yield f"Left out, for a wider terminal or --json: {', '.join(reversed(left_out))}."


def _columns(*, with_projects: bool) -> list[Column]:
    """Return the columns, the ones that can be done without last."""
    projects = [Column("Projects", _projects)] if with_projects else []
    return [
        Column("Apply", member("id"), is_number=True),
        Column("Status", member("status")),
        Column("Began", moment("created_at")),
        Column("Plan", _plan),
        *projects,
        Column("By", member("user")),
        Column("Commit", _commit),
        Column("Took", lambda row: duration(float(row.get("seconds") or 0))),
        Column("From", member("origin")),
    ]


def _plan(row: Row) -> str:
    """Return what was to be done and, where not all of it was, how much."""
    summary: dict[str, int] = row.get("summary") or {}
    outcomes: dict[str, int] = row.get("outcomes") or {}
    told = ", ".join(f"{count} {verb}" for verb, count in summary.items())
    missed = [
        f"{outcomes[status]} {status}"
        for status in ("failed", "skipped", "waiting")
        if outcomes.get(status)
    ]
    return f"{told} ({', '.join(missed)})" if missed else told


def _projects(row: Row) -> str:
    names = [str(name) for name in row.get("projects") or ()]
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else "".join(names)


def _commit(row: Row) -> str:
    commit = str(row.get("commit") or "")[:_COMMIT]
    return f"{commit}+" if commit and row.get("is_dirty") else commit


def render_record(record: ApplyRecord) -> str:
    """Return one apply as text."""
    lines = [_headline(record), ""]
    lines += [f"  {name + ':':9} {plain(text)}" for name, text in _facts(record)]
    if record.actions:
        lines += ["", *(line for action in record.actions for line in _action(action, record))]
    missing = record.actions_count - len(record.actions)
    if missing > 0:
        lines += ["", f"The hub kept no more; {count_of(missing, 'action')} left out."]
    return "\n".join(lines) + "\n"


def _headline(record: ApplyRecord) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in record.outcomes.items())
    told = f"Apply {record.id}: {record.status}"
    return f"{told} ({counts})" if counts else told


def _facts(record: ApplyRecord) -> Iterator[tuple[str, str]]:
    yield "by", f"{record.user} ({record.origin})" if record.origin else record.user
    ended = f", took {duration(record.seconds)}" if record.ended_at else ""
    yield "began", local_time(record.created_at) + ended
    yield "project", ", ".join(record.projects[:5]) + (", ..." if record.projects[5:] else "")
    if record.commit:
        branch = f" on {record.branch}" if record.branch else ""
        changed = ", with changes that are in no commit" if record.is_dirty else ""
        yield "commit", f"{record.commit}{branch}{changed}"
    if record.plan_digest:
        yield "plan", record.plan_digest
    if record.auger_version:
        yield "auger", record.auger_version
    if record.message:
        yield "message", record.message


def _action(action: AppliedAction, record: ApplyRecord) -> Iterator[str]:
    place = f"{action.project}/" if len(record.projects) > 1 else ""
    took = f" after {duration(action.seconds)}" if action.seconds and action.seconds > 0.05 else ""
    yield f"  {action.status:8} {action.action:7} {plain(place + action.address)}{took}"
    for text in (action.about, action.note):
        if text:
            yield f"{'':19}{plain(text)}"


def record_to_json(record: ApplyRecord) -> Any:
    """Return one apply as the hub tells it."""
    return record.content
