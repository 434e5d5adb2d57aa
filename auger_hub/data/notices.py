"""Define notices: what was left out, guessed, lowered or ignored, as data for every view.

Self-contained: an exported model carries this file along.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Notice:
    """One thing that the user should know: a code for programs, a sentence for people."""

    code: str
    text: str
    column: str | None = None
    count: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)


def to_dicts(notices: Iterable[Notice]) -> list[dict[str, Any]]:
    """Return the notices as JSON values, each once."""
    return [notice.to_dict() for notice in dict.fromkeys(notices)]


def rows(count: int) -> str:
    """Say how many rows: `1 row`, `3 rows`."""
    return f"{count:,} row" + ("" if count == 1 else "s")


def sheets_left_out(chosen: str, others: Iterable[str]) -> Notice:
    """Say which sheet of a workbook was read, and which were not."""
    names = list(others)
    listed, count = ", ".join(f"`{name}`" for name in names), len(names)
    are = "is" if count == 1 else "are"
    text = f"The sheet `{chosen}` of the workbook is read; {listed} {are} not."
    return Notice("sheets-left-out", text, count=count)


def cells_merged(count: int) -> Notice:
    """Say that cells of a sheet reach over several rows, of which the first alone has the value."""
    what = "cell of the sheet reaches" if count == 1 else "cells of the sheet reach"
    text = f"{count:,} {what} over several rows: the value counts in the first of them alone."
    return Notice("cells-merged", text, count=count)


def comments_skipped(count: int) -> Notice:
    """Say that lines between the rows were left out."""
    what = "line among the rows is a comment and was" if count == 1 else "lines among the rows are"
    text = f"{count:,} {what}{'' if count == 1 else ' comments and were'} skipped."
    return Notice("comments-skipped", text, count=count)


def lines_skipped(count: int) -> str:
    """Say that lines before the header were left out."""
    if count == 1:
        return "The first line of the file is no row and was skipped."
    lines = f"{count} lines of the file are no rows and were"
    return f"The first {'line of the file is no row and was' if count == 1 else lines} skipped."
