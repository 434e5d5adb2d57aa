"""Render tables: aligned columns, streamed; widths come from the first page."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain, islice
from typing import Any, NamedTuple

import click

from auger_reconcile.cli.views.harmless import plain, without_secrets

FIRST_PAGE = 100
WIDEST = 60  # columns kept free for one cell; a longer text is shown whole and moves what follows
GAP = "  "
Row = Mapping[str, Any]


class Column(NamedTuple):
    """One column: its heading, what it shows of a row, and whether it is a number.

    One that is spare is left out where the terminal is too narrow for all, the last of them first.
    """

    heading: str
    value: Callable[[Row], Any]
    is_number: bool = False
    is_spare: bool = False

    def text(self, row: Row) -> str:
        """Return what the column shows of a row; nothing for None."""
        value = self.value(row)
        if value is None:
            return ""
        return f"{value:.4f}" if isinstance(value, float) else plain(str(value))


def member(name: str) -> Callable[[Row], Any]:
    """Return a function that takes one member of a row."""
    return lambda row: row.get(name)


def moment(name: str) -> Callable[[Row], str]:
    """Return a function that takes one member of a row as a time of this place, to the minute."""
    return lambda row: local_time(row.get(name))


def local_time(text: Any) -> str:
    """Return a time stamp of the hub as `2026-11-22 17:02 CET`, here; what is none stays so."""
    try:
        told = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return "" if text is None else str(text)
    return f"{told.astimezone():%Y-%m-%d %H:%M %Z}"


def terminal_width() -> int | None:
    """Return the columns of the terminal that stdout is; None for a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def render_table(
    columns: Iterable[Column],
    rows: Iterable[Row],
    *,
    is_selected: Callable[[Row], bool] | None = None,
    width: int | None = None,
) -> Iterator[str]:
    """Yield the lines of a table, selected rows marked with `*`; none when there are no rows.

    Args:
        columns: from left to right.
        rows: are shown as they come.
        is_selected: says which rows are marked.
        width: the columns of the terminal, for which spare columns are left out.
    """
    stream = iter(rows)
    first = list(islice(stream, FIRST_PAGE))
    if not first:
        return
    mark = "  " if is_selected else ""
    shown = _fitting(tuple(columns), first, width and width - len(mark))
    widths = [
        min(WIDEST, max(_width(text) for text in (column.heading, *map(column.text, first))))
        for column in shown
    ]
    heading = (_fit(c.heading, w, c) for c, w in zip(shown, widths, strict=True))
    yield click.style((mark + GAP.join(heading)).rstrip(), bold=True)
    for row in chain(first, stream):
        cells = (_fit(c.text(row), w, c) for c, w in zip(shown, widths, strict=True))
        chosen = is_selected is not None and is_selected(row)
        line = (("* " if chosen else mark) + GAP.join(cells)).rstrip()
        yield click.style(line, fg="green") if chosen else line


def _fitting(columns: tuple[Column, ...], rows: list[Row], width: int | None) -> tuple[Column, ...]:
    """Return the columns without as many of the spare ones as a terminal has no room for."""
    spare = [column for column in columns if column.is_spare]
    while width and spare and table_width(columns, rows) > width:
        last = spare.pop()
        columns = tuple(column for column in columns if column is not last)
    return columns


def table_width(columns: Iterable[Column], rows: Iterable[Row]) -> int:
    """Return the columns of a terminal that a table of these rows takes."""
    listed = list(rows)
    widths = [
        max(_width(text) for text in (column.heading, *map(column.text, listed)))
        for column in columns
    ]
    return sum(widths) + len(GAP) * (len(widths) - 1)


def render_json_list(items: Iterable[Row]) -> Iterator[str]:
    """Yield a JSON array line by line, an object a line, without the secrets of URLs."""
    separator = "["
    for item in items:
        yield f"{separator}\n{json.dumps(without_secrets(item), ensure_ascii=False)}"
        separator = ","
    yield "[]" if separator == "[" else "]"


def _fit(text: str, width: int, column: Column) -> str:
    space = " " * (width - _width(text))
    return space + text if column.is_number else text + space


def _width(text: str) -> int:
    """Return the columns of a terminal that a text takes; some characters take two, or none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
