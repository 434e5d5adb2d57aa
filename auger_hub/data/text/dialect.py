"""Find how delimited text is written, and read it row by row beside the bytes it stands in.

The delimiter is the one that cuts the file into even rows; the header is the first row as wide as
the others, and what stands before it (blank lines, comments, a title) is skipped.
Self-contained: an exported model carries this file along.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from auger_hub.data.names import unique_names

DELIMITERS = (",", ";", "\t", "|")
_HEAD_ROWS = 200
_LONGEST_FIELD = 1 << 22
_MOST_SKIPPED = 50
_LOOKED_AT = 6
_NUMBER = re.compile(r"[+-]?[0-9.,]+")
_SEPARATOR_LINE = re.compile(r"\ufeff?sep=([^'\w\r\n])(?:\r?\n|\r)")
_BLANK_AT_QUOTE = re.compile(
    r"""(?:^|[,;\t|\r])(?: +"[^"\r\n]*" *|"[^"\r\n]*" +)(?:[,;\t|\r]|$)""",
    re.MULTILINE,
)


class BadText(Exception):
    """A text is no table; the text is one sentence without the name of the file."""


@dataclass(frozen=True)
class Dialect:
    """How a file is written: its delimiter, the header's cells, and the lines before it.

    In a `spaced` file blanks stand between delimiters and quotes: `1, "x, y"`. There, those around
    a cell belong to none.
    """

    delimiter: str
    header: tuple[str, ...]
    skipped: int = 0
    spaced: bool = False

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
    told = _SEPARATOR_LINE.match(head)
    before = 1 if told else 0
    head = head[told.end() :] if told else head
    spaced = _BLANK_AT_QUOTE.search(head) is not None
    listed = told.group(1) if told else DELIMITERS
    parts = {one: _rows(head, one, spaced=spaced) for one in listed}
    delimiter = max(parts, key=lambda one: _evenness(parts[one], one))
    rows = parts[delimiter]
    if not rows:
        raise BadText("is empty")
    width = _width(rows)
    table = [row for row in rows if len(row[2]) == width]
    while len(table) > 2 and is_title([row[2] for row in table[:_LOOKED_AT]]):
        table = table[1:]
    _, skipped, header = table[0]
    if not any(name.strip() for name in header):
        raise BadText("has no column names in its first line")
    return Dialect(delimiter, tuple(header), skipped + before, spaced)


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


def _rows(head: str, delimiter: str, *, spaced: bool) -> list[tuple[int, int, list[str]]]:
    """Return the first rows that are not blank: (line after, lines before, cells)."""
    csv.field_size_limit(_LONGEST_FIELD)
    rows: list[tuple[int, int, list[str]]] = []
    text = io.StringIO(head, newline="")
    reader = csv.reader(text, delimiter=delimiter, skipinitialspace=spaced)
    before = 0
    try:
        for row in reader:
            if row and (len(row) > 1 or row[0].strip()):
                cells = [cell.rstrip(" ") for cell in row] if spaced else row
                rows.append((reader.line_num, before, cells))
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
    is_preamble = is_preamble and comments and not _is_short_header(rows[start - 1], rows[start])
    rest = before[start:]
    return usual if is_preamble and rest.count(usual) > len(rest) * 0.9 else first


def _is_short_header(row: tuple[int, int, list[str]], below: tuple[int, int, list[str]]) -> bool:
    """Tell a header that lacks one name: of row numbers, or of a delimiter at the rows' ends."""
    names, values = row[2], below[2]
    if len(names) < 2 or len(names) + 1 != len(values) or names[0].lstrip().startswith("#"):
        return False
    is_row = not values[-1].strip() or any(_NUMBER.fullmatch(cell.strip()) for cell in values)
    return is_row and all(name.strip() for name in names)


def _evenness(
    rows: Sequence[tuple[int, int, list[str]]], delimiter: str
) -> tuple[float, int, bool]:
    """Score a delimiter: the share of rows as wide as the table, its width; a comma is commonest.

    So `x;y` over `1,5;2,5` is cut at semicolons: at commas the first row would be none.
    """
    width = _width(rows) if rows else 0
    if width < 2:
        return 0.0, width, False
    widths = [len(row) for _, _, row in rows]
    return widths.count(width) / len(widths), width, delimiter != ","


class Row(NamedTuple):
    """One row: its cells, and the text it stands in with its line end."""

    cells: list[str]
    text: str
    line: int


class Lines:
    """The lines of a file, counted; some that were taken may be put back."""

    def __init__(self, file: Iterable[str]) -> None:
        self._file = iter(file)
        self._back: deque[str] = deque()
        self.read = 0

    def __iter__(self) -> Iterator[str]:
        """Return itself: the lines are read once."""
        return self

    def __next__(self) -> str:
        """Return the next line with its end."""
        line = self._back.popleft() if self._back else next(self._file)
        self.read += 1
        return line

    def take(self, count: int | None) -> list[str]:
        """Return so many of the next lines, or all of them."""
        if self._back:
            return list(islice(self, count))
        taken = list(islice(self._file, count))
        self.read += len(taken)
        return taken

    def put_back(self, lines: Sequence[str]) -> None:
        """Let the last lines that were taken be the next ones."""
        self._back.extendleft(reversed(lines))
        self.read -= len(lines)


def read_rows(
    file: Iterable[str], dialect: Dialect, on_comment: Callable[[int], None] | None = None
) -> Iterator[Row]:
    """Yield the header and the rows behind it; blank lines and comments are left out.

    Args:
        file: opened with `newline=""`, at its start.
        dialect: of the file.
        on_comment: told the line of each comment among the rows: it begins with `#` and has not
            as many cells as a row.

    Raises:
        BadText: a row has not the width of the header, or a quote is never closed.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    lines = file if isinstance(file, Lines) else Lines(file)
    for _ in islice(lines, dialect.skipped):
        pass
    width = len(dialect.header)
    for cells, text in _records(lines, dialect):
        if not cells or (len(cells) == 1 and width > 1 and not cells[0].strip()):
            continue
        if len(cells) == width:
            yield Row(cells, text, lines.read)
        elif len(cells) == width + 1 and not cells[-1]:  # a delimiter at the end of the row
            yield Row(cells[:-1], _without_last(text, dialect.delimiter), lines.read)
        elif text.lstrip().startswith("#"):
            if on_comment:
                on_comment(lines.read)
        else:
            raise BadText(f"has {len(cells)} values in line {lines.read}, but {width} columns")


def _records(lines: Lines, dialect: Dialect) -> Iterator[tuple[list[str], str]]:
    """Yield the cells and the text of each record; no line behind it is taken."""
    taken: list[str] = []
    begins = 0  # the line of the record

    def kept() -> Iterator[str]:
        nonlocal begins
        for line in lines:
            begins = begins if taken else lines.read
            taken.append(line)
            yield line

    spaced = dialect.spaced
    reader = csv.reader(
        kept(), delimiter=dialect.delimiter, skipinitialspace=spaced, strict=not spaced
    )
    try:
        for cells in reader:
            text = taken[0] if len(taken) == 1 else "".join(taken)
            taken.clear()
            if spaced and text.count('"') % 2:
                raise csv.Error("a quote is never closed")
            yield [cell.rstrip(" ") for cell in cells] if spaced else cells, text
    except csv.Error as error:
        if "unexpected end" in str(error) or "never closed" in str(error):
            raise BadText(f"has a quote in line {begins} that is never closed") from error
        raise BadText(f"cannot be read as a table in line {begins}: {error}") from error


def _without_last(text: str, delimiter: str) -> str:
    """Return a row without the delimiter at its end, which its header does not have."""
    before, _, end = text.rpartition(delimiter)
    return before + end.replace('""', "")


def quoted_cell(text: str, delimiter: str) -> str:
    """Return a cell as it stands in a file, quoted where it has to be."""
    if delimiter in text or '"' in text or "\n" in text or "\r" in text:  # of every cell written
        return '"' + text.replace('"', '""') + '"'
    return text
