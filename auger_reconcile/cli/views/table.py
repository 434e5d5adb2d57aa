"""Tables: aligned columns, streamed. Widths come from the first page, so a list never waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import click

FIRST_PAGE = 100
WIDEST = 60
GAP = "  "
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """One column: its heading, what it shows of a row, and whether it is a number."""

    heading: str
    value: Callable[[Row], Any]
    is_number: bool = False

    def text(self, row: Row) -> str:
        """Return what the column shows of a row; nothing for None."""
        value = self.value(row)
        if value is None:
            return ""
        return f"{value:.4f}" if isinstance(value, float) else str(value)


def member(name: str) -> Callable[[Row], Any]:
    """Return a function that takes one member of a row."""
    return lambda row: row.get(name)


def render_table(
    columns: Iterable[Column],
    rows: Iterable[Row],
    *,
    is_selected: Callable[[Row], bool] | None = None,
) -> Iterator[str]:
    """Yield the lines of a table, selected rows marked with `*`; none when there are no rows."""
    shown = tuple(columns)
    stream = iter(rows)
    first = list(islice(stream, FIRST_PAGE))
    if not first:
        return
    widths = [
        min(WIDEST, max(len(column.heading), *(len(column.text(row)) for row in first)))
        for column in shown
    ]
    mark = "  " if is_selected else ""
    heading = GAP.join(_fit(c.heading, w, c.is_number) for c, w in zip(shown, widths, strict=True))
    yield click.style((mark + heading).rstrip(), bold=True)
    for row in chain(first, stream):
        cells = [_fit(c.text(row), w, c.is_number) for c, w in zip(shown, widths, strict=True)]
        chosen = is_selected is not None and is_selected(row)
        line = (("* " if chosen else mark) + GAP.join(cells)).rstrip()
        yield click.style(line, fg="green") if chosen else line


def _fit(text: str, width: int, is_number: bool) -> str:  # noqa: FBT001 - private, positional for brevity
    short = text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
    return short.rjust(width) if is_number else short.ljust(width)
