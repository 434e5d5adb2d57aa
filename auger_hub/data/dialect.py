"""Find how delimited text is written, and read it row by row beside the bytes it stands in.

The delimiter is the one that cuts the file into even rows; the header is the first row as wide as
the others, and what stands before it (blank lines, comments, a title) is skipped.
Self-contained: an exported model carries this file along.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, NamedTuple

from auger_hub.data.names import unique_names

DELIMITERS = (",", ";", "\t", "|")
_HEAD_ROWS = 200
_LONGEST_FIELD = 1 << 22
_MOST_SKIPPED = 50
_NUMBER = re.compile(r"[+-]?[0-9.,]+")


class BadText(Exception):
    """A text is no table; the text is one sentence without the name of the file."""


@dataclass(frozen=True)
class Dialect:
    """How a file is written: its delimiter, the header's cells, and the lines before it."""

    delimiter: str
    header: tuple[str, ...]
    skipped: int = 0

    @property
    def names(self) -> list[str]:
        """Return the names of the columns, each of them once."""
        return unique_names(self.header)


def find_dialect(head: str) -> Dialect:
    """Find delimiter and header from the first part of a file.

    Raises:
        BadText: it is empty, or has no column names.
    """
    if not head.strip():
        raise BadText("is empty")
    delimiter = max(DELIMITERS, key=lambda candidate: _evenness(head, candidate))
    rows = _rows(head, delimiter)
    width = _width(rows)
    table = [row for row in rows if len(row[2]) == width]
    while len(table) > 2 and _is_title(table[0][2], table[1][2]):
        table = table[1:]
    _, skipped, header = table[0]
    if not any(name.strip() for name in header):
        raise BadText("has no column names in its first line")
    return Dialect(delimiter, tuple(header), skipped)


def _is_title(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Tell a title in a row as wide as the table: one cell, over cells that are all names."""
    filled = sum(bool(cell.strip()) for cell in cells)
    is_header = all(cell.strip() and not _NUMBER.fullmatch(cell.strip()) for cell in below)
    return len(cells) > 2 and filled == 1 and is_header


def _rows(head: str, delimiter: str) -> list[tuple[int, int, list[str]]]:
    """Return the first rows that are not blank: (line after, lines before, cells)."""
    csv.field_size_limit(_LONGEST_FIELD)
    rows: list[tuple[int, int, list[str]]] = []
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    before = 0
    try:
        for row in reader:
            if row and (len(row) > 1 or row[0].strip()):
                rows.append((reader.line_num, before, row))
            before = reader.line_num
            if len(rows) == _HEAD_ROWS:
                break
    except csv.Error as error:
        if not rows:
            raise BadText("cannot be read as a table") from error
    return rows


def _width(rows: Sequence[tuple[int, int, list[str]]]) -> int:
    """Return how wide the table is: as its first row, unless most others are of another width.

    Only lines that look like none of a table are taken for a preamble: narrower ones, of which no
    other row is; so that a row that is too long or too short is an error and no header.
    """
    first = len(rows[0][2])
    counts = Counter(len(row) for _, _, row in rows)
    usual, _ = counts.most_common(1)[0]
    if usual <= first or counts[usual] < 2:
        return first
    before = [len(row) for _, _, row in rows]
    start = before.index(usual)
    is_preamble = start <= _MOST_SKIPPED and all(width < usual for width in before[:start])
    comments = all(
        row[0].lstrip().startswith(("#", "%", "//")) or sum(bool(c.strip()) for c in row) <= 2
        for _, _, row in rows[:start]
    )
    rest = before[start:]
    return usual if is_preamble and comments and rest.count(usual) > len(rest) * 0.9 else first


def _evenness(head: str, delimiter: str) -> tuple[float, int]:
    """Score a delimiter: the share of rows as wide as the table, then the width."""
    rows = _rows(head, delimiter)
    if not rows:
        return 0.0, 0
    width = _width(rows)
    if width < 2:
        return 0.0, width
    widths = [len(row) for _, _, row in rows]
    start = widths.index(width)
    return widths[start:].count(width) / len(widths[start:]), width


class Row(NamedTuple):
    """One row: its cells, and the text it stands in with its line end."""

    cells: list[str]
    text: str
    line: int

    def extended(self, delimiter: str, cells: Iterable[str]) -> str:
        """Return the text with more cells at its end, before the line's end."""
        body = self.text.rstrip("\r\n")
        end = self.text[len(body) :] or "\n"
        return delimiter.join((body, *cells)) + end


def read_rows(file: IO[str], dialect: Dialect) -> Iterator[Row]:
    """Yield the header and the rows behind it; blank lines are left out.

    Args:
        file: opened with `newline=""`, at its start.
        dialect: of the file.

    Raises:
        BadText: a row has not the width of the header, or a quote is never closed.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    for _ in range(dialect.skipped):
        file.readline()
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            taken.append(line)
            yield line

    width = len(dialect.header)
    reader = csv.reader(lines(), delimiter=dialect.delimiter, strict=True)
    try:
        for cells in reader:
            text = taken[0] if len(taken) == 1 else "".join(taken)
            taken.clear()
            if not cells or (len(cells) == 1 and width > 1 and not cells[0].strip()):
                continue
            line = reader.line_num + dialect.skipped
            if len(cells) != width:
                raise BadText(f"has {len(cells)} values in line {line}, but {width} columns")
            yield Row(cells, text, line)
    except csv.Error as error:
        place = reader.line_num + dialect.skipped
        raise BadText(f"cannot be read as a table in line {place}: {error}") from error


def quoted_cell(text: str, delimiter: str) -> str:
    """Return a cell as it stands in a file, quoted where it has to be."""
    if any(mark in text for mark in (delimiter, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text
