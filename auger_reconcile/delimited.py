"""Find how delimited text is written: its delimiter, and the header behind titles and comments.

Pure: it looks at the first part of a text. The rules are those of the hub's reader, with which
tests/contract compares them.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

DELIMITERS = ",;\t|"
LONGEST_FIELD = 1 << 22
_NUMBER = re.compile(r"[+-]?[0-9.,]+")
_SEPARATOR_LINE = re.compile(r"sep=([^'\w\r\n])(?:\r?\n|\r)")
_BLANK_AT_QUOTE = re.compile(
    r"""(?:^|[,;\t|\r])(?: +"[^"\r\n]*" *|"[^"\r\n]*" +)(?:[,;\t|\r]|$)""",
    re.MULTILINE,
)
_MOST_SKIPPED = 50
_LOOKED_AT = 6
_HEAD_ROWS = 200


class _HeadRow(NamedTuple):
    """One of the first rows, and how many lines are before it."""

    cells: list[str]
    before: int


class Dialect(NamedTuple):
    """How a file is written; `spaced` is one where blanks around cells belong to none.

    The header is empty where the text has no row.
    """

    delimiter: str
    skipped: int
    spaced: bool
    header: tuple[str, ...]


def find_dialect(head: str) -> Dialect:
    """Find delimiter and header from the first part of a text, without a byte order mark.

    Raises:
        csv.Error: it is no delimited text.
    """
    told = _SEPARATOR_LINE.match(head)
    head = head[told.end() :] if told else head
    spaced = _BLANK_AT_QUOTE.search(head) is not None
    listed = told.group(1) if told else DELIMITERS
    parts = {one: _head_rows(head, one, spaced=spaced) for one in listed}
    delimiter = max(parts, key=lambda one: _evenness(parts[one], one))
    header = _header_of(parts[delimiter])
    return Dialect(delimiter, header.before + (1 if told else 0), spaced, tuple(header.cells))


def _head_rows(head: str, delimiter: str, *, spaced: bool) -> list[_HeadRow]:
    """Return the first rows that are not blank."""
    csv.field_size_limit(LONGEST_FIELD)
    rows: list[_HeadRow] = []
    text = io.StringIO(head, newline="")
    reader = csv.reader(text, delimiter=delimiter, skipinitialspace=spaced)
    before = 0
    for cells in reader:
        if cells and (len(cells) > 1 or cells[0].strip()):
            bare = [cell.rstrip(" ") for cell in cells] if spaced else cells
            rows.append(_HeadRow(bare, before))
        before = reader.line_num
        if len(rows) == _HEAD_ROWS:
            break
    return rows


def _evenness(rows: Sequence[_HeadRow], delimiter: str) -> tuple[float, int, bool]:
    """Score a delimiter: the share of rows as wide as the table, its width; a comma is commonest.

    So `x;y` over `1,5;2,5` is cut at semicolons: at commas the first row would be none.
    """
    width = _width(rows) if rows else 0
    if width < 2:
        return 0.0, width, False
    widths = [len(row.cells) for row in rows]
    return widths.count(width) / len(widths), width, delimiter != ","


def _header_of(rows: Sequence[_HeadRow]) -> _HeadRow:
    """Return the first row of the table that is no title."""
    if not rows:
        return _HeadRow([], 0)
    width = _width(rows)
    table = [row for row in rows if len(row.cells) == width]
    while len(table) > 2 and is_title([row.cells for row in table[:_LOOKED_AT]]):
        table = table[1:]
    return table[0]


def _width(rows: Sequence[_HeadRow]) -> int:
    """Return how wide the table is: as its first row, unless that is narrower than nearly all.

    Such rows before the header are a title or comments, with a cell or two.
    """
    widths = [len(row.cells) for row in rows]
    usual, count = Counter(widths).most_common(1)[0]
    if usual <= widths[0] or count < 2:
        return widths[0]
    start = widths.index(usual)
    has_title = start <= _MOST_SKIPPED and all(
        len(row.cells) < usual
        and (
            row.cells[0].lstrip().startswith(("#", "%", "//"))
            or sum(bool(c.strip()) for c in row.cells) <= 2
        )
        for row in rows[:start]
    )
    has_title = has_title and not _is_short_header(rows[start - 1].cells, rows[start].cells)
    rest = widths[start:]
    return usual if has_title and rest.count(usual) > len(rest) * 0.9 else widths[0]


def _is_short_header(names: Sequence[str], values: Sequence[str]) -> bool:
    """Tell a header that lacks one name: of row numbers, or of a delimiter at the rows' ends."""
    if len(names) < 2 or len(names) + 1 != len(values) or names[0].lstrip().startswith("#"):
        return False
    is_row = not values[-1].strip() or any(_NUMBER.fullmatch(cell.strip()) for cell in values)
    return is_row and all(name.strip() for name in names)


def is_title(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first of some rows as wide as the table stands above its header.

    It is blank, or has one cell, as a title; or some, as those that are merged over several names.
    The next row that is not blank is the header: all of its cells are names.
    """
    cells, below = rows[0], [row for row in rows[1:] if any(map(str.strip, row))]
    if len(cells) < 3 or not below:
        return False
    gaps = [place for place, cell in enumerate(cells) if not cell.strip()]
    is_header = all(map(_is_name, below[0]))
    if len(gaps) >= len(cells) - 1:
        return is_header or is_title(below)
    if not is_header:
        return False
    numbers = [{place for place, cell in enumerate(row) if _is_number(cell)} for row in below[1:3]]
    return (
        gaps not in ([], [0])
        and len(set(below[0])) == len(cells)
        and len(numbers) == 2
        and numbers[0] & numbers[1] != set()
    )


def _is_name(cell: str) -> bool:
    return bool(cell.strip()) and not _is_number(cell)


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell.strip()) is not None


def unique_names(names: Iterable[str]) -> list[str]:
    """Name columns as a hub does: `a`, `a.1`, and `Unnamed: 3` where the header has a gap."""
    taken: dict[str, None] = {}
    for position, given in enumerate(names):
        name = base = given if given.strip() else f"Unnamed: {position}"
        number = 0
        while name in taken:
            number += 1
            name = f"{base}.{number}"
        taken[name] = None
    return list(taken)
