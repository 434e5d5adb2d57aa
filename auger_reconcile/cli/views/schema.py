"""Render how a table is read, what is odd about it, and what is proposed for it, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.table import Column, member, render_table
from auger_reconcile.cli.views.words import count_of

if TYPE_CHECKING:
    from auger_reconcile.api.files.scaffold import NewProject

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blank"}


def schema_lines(statistics: Mapping[str, Any], target: str | None = None) -> Iterator[str]:
    """Yield lines: the size and the dialect of a table, and each column as it is read.

    Args:
        statistics: of a data set (wire contract §2.8).
        target: the column that is to be predicted, where it is known.
    """
    schema: Mapping[str, Any] = statistics.get("schema") or {}
    yield plain(_size(statistics, schema))
    found = {one["column_name"]: one for one in statistics.get("stat_data") or []}
    columns = schema.get("columns") or [  # of a hub that keeps no schemas
        {"name": name, "type": one.get("datatype")} for name, one in found.items()
    ]
    rows = [_row(one, found.get(one["name"], {}), target) for one in columns]
    if not rows:
        return
    yield ""
    yield from render_table(
        (
            Column("Column", member("name")),
            Column("Type", member("type")),
            Column("Role", member("role")),
            Column("Different", member("unique"), is_number=True),
            Column("Missing", member("missing"), is_number=True),
            Column("Read as", member("read")),
        ),
        rows,
    )


def _size(statistics: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    count, width = statistics.get("count"), statistics.get("columns_count")
    told = "not profiled yet"
    if isinstance(count, int):
        told = f"{count_of(count, 'row')}, {count_of(width or 0, 'column')}"
    delimiter = schema.get("delimiter")
    parts = [
        told,
        schema.get("format"),
        f"separated by {_DELIMITERS.get(delimiter, delimiter)}" if delimiter else None,
        schema.get("encoding"),
    ]
    return ", ".join(str(part) for part in parts if part)


def _row(column: Mapping[str, Any], found: Mapping[str, Any], target: str | None) -> dict[str, Any]:
    return {
        "name": column["name"],
        "type": column["type"],
        "read": how_read(column),
        "role": "target" if column["name"] == target else column.get("purpose", "feature"),
        "unique": found.get("unique_values"),
        "missing": found.get("missing_values", 0) if found else None,
    }


def how_read(column: Mapping[str, Any]) -> str:
    """Return in words how the texts of a column are read; nothing where it goes without saying."""
    form, missing, kept = (column.get(name) for name in ("format", "missing", "kept"))
    parts = [
        f"`{column['decimal']}` before decimals" if column.get("decimal", ".") != "." else None,
        f"`{column['thousands']}` between thousands" if column.get("thousands") else None,
        f"with {' '.join(column['symbols'])}" if column.get("symbols") else None,
        "ISO 8601" if form == "iso" else form,
        f"in {column['timezone']}" if column.get("timezone") else None,
        f"{_listed(missing)} is missing" if missing else None,
        f"{_listed(kept)} is a value" if kept else None,
    ]
    return ", ".join(str(part) for part in parts if part)


def _listed(marks: Sequence[str]) -> str:
    return ", ".join(f"`{mark}`" for mark in marks)


def notice_lines(notices: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line a notice, as they come from a hub."""
    for notice in notices:
        head = click.style("notice", fg="cyan", bold=True)
        yield f"{head}: {plain(str(notice.get('text')))}"


def proposal_lines(made: NewProject) -> Iterator[str]:
    """Yield what was proposed for a new project, and why."""
    if made.proposal is None or made.look is None:
        if made.not_looked:
            yield plain(f"The data was not looked at: {made.not_looked}.")
        return
    proposal = made.proposal
    seen = f"{made.look.source}, {count_of(made.look.rows, 'row')}"
    yield plain(f"Looked at {seen}. In auger.yaml now:")
    settings = (
        ("target", proposal.target),
        ("model_type", proposal.model_type),
        ("time_series", proposal.time),
        *(("series", one) for one in proposal.series),
        ("metric", proposal.metric),
        *(("exclude", one) for one in proposal.exclude),
    )
    for name, one in settings:
        if one is not None:
            yield plain(f"  {name}: {one.value} ({one.reason})")
    if proposal.target is None:
        yield "  target: no column looks like one; auger.yaml has to say it"
    for other in proposal.others:
        yield plain(f"  or target: {other.value} ({other.reason})")
