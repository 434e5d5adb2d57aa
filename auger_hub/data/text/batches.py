"""Read delimited text in batches of rows, and write rows with more cells at their ends.

Most files have a record in each line. Lines without quotes are cut all at once, others are read all
at once; where a batch has a quoted line end, a blank line or a comment, its rows are read one by
one. Self-contained: an exported model carries this file along.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from auger_hub.data.text.dialect import Dialect, Lines, Row, quoted_cell, read_rows

_PATIENCE = 3  # batches with a row in several lines, after which none is read all at once
_OF_NUMBERS = frozenset("0123456789+-.einfa")


@dataclass(frozen=True)
class Batch:
    """Some rows: the columns of their cells, and the text that each stands in without its end.

    `ends` are the line ends, one for all where they are the same.
    """

    columns: Sequence[Sequence[str]]
    texts: Sequence[str]
    ends: str | Sequence[str]


def read_batches(
    file: IO[str],
    dialect: Dialect,
    size: int | None,
    on_comment: Callable[[int], None] | None = None,
) -> Iterator[Batch]:
    """Yield the header, then the rows behind it, so many at a time; None for all at once.

    The rows are those of `read_rows`, which says what else is expected and raised.
    """
    lines = Lines(file)
    rows = read_rows(lines, dialect, on_comment)
    yield _batch_of(list(islice(rows, 1)))
    failures = 0
    while True:
        batch = None
        if failures < _PATIENCE and not dialect.spaced:
            batch = _read_lines(lines, dialect, size)
            failures += batch is None
        batch = batch or _batch_of(list(islice(rows, size)))
        if not batch.texts:
            return
        yield batch


def _batch_of(rows: Sequence[Row]) -> Batch:
    cells = list(zip(*(row.cells for row in rows), strict=True))
    texts = [row.text.rstrip("\r\n") for row in rows]
    ends = [row.text[len(text) :] or "\n" for row, text in zip(rows, texts, strict=True)]
    return Batch(cells, texts, ends)


def _read_lines(lines: Lines, dialect: Dialect, size: int | None) -> Batch | None:
    """Return the next lines as a batch, if each is a row as wide as the header."""
    taken, width = lines.take(size), len(dialect.header)
    found = _cut(taken, dialect.delimiter, width)
    if found is not None:
        return found
    try:
        cells = list(csv.reader(taken, delimiter=dialect.delimiter, strict=True))
    except csv.Error:  # a quote that goes on in a later batch is one
        cells = []
    if len(cells) == len(taken) and all(len(row) == width for row in cells):
        return _batch_of([Row(row, text, 0) for row, text in zip(cells, taken, strict=True)])
    lines.put_back(taken)
    return None


def _cut(lines: Sequence[str], delimiter: str, width: int) -> Batch | None:
    """Return lines without a quote as a batch, if all are as wide and end alike."""
    if width == 1 or any(line.count(delimiter) != width - 1 for line in lines):
        return None
    text = "".join(lines)
    end = "\r\n" if text.endswith("\r\n") else "\n"
    if '"' in text or not text.endswith(end) or text.count("\r") != text.count("\r\n"):
        return None
    bodies = text.removesuffix(end).split(end)
    if len(bodies) != len(lines) or text.count("\n") != len(lines):
        return None
    cells = delimiter.join(bodies).split(delimiter)
    return Batch([cells[place::width] for place in range(width)], bodies, end)


def write_rows(
    file: IO[str],
    delimiter: str,
    rows: Batch | None,
    added: Sequence[Sequence[Any]],
) -> None:
    """Write rows as they stand with more cells at their ends, or these cells alone."""
    columns = [_cells(values, delimiter) for values in added]
    cells = columns[0] if len(columns) == 1 else map(delimiter.join, zip(*columns, strict=True))
    if rows is None:
        file.writelines([f"{more}\n" for more in cells])
    elif isinstance(rows.ends, str):
        tail, texts = rows.ends, zip(rows.texts, cells, strict=True)
        file.writelines([f"{text}{delimiter}{more}{tail}" for text, more in texts])
    else:
        parts = zip(rows.texts, cells, rows.ends, strict=True)
        file.writelines([f"{text}{delimiter}{more}{end}" for text, more, end in parts])


def _cells(values: Sequence[Any], delimiter: str) -> list[str]:
    """Return values as cells: those of numbers need no look, and each label gets one."""
    if delimiter not in _OF_NUMBERS and {*map(type, values)} <= {float, type(None)}:
        return ["" if value is None else repr(value) for value in values]
    known = {value: "" if value is None else str(value) for value in {*values}}
    cells = {value: quoted_cell(text, delimiter) for value, text in known.items()}
    return [cells[value] for value in values]
