"""Rows of a CSV file, in batches and typed as JSON has them; reads delimited text and no more."""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
import math
import re
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

from auger_reconcile.errors import AugerError

BATCH = 2000  # rows a request; keeps a request around a megabyte
# What counts as missing in the data that models learn from: pandas' list, and `?`.
MISSING = frozenset(
    ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "?")
)
DELIMITERS = ",;\t|"
# `007` is a name; digits beyond 18 fit no integer of a table.
_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_DAMAGED = (EOFError, lzma.LZMAError, zlib.error)


def read_batches(
    source: Path, *, drop: str | None = None
) -> Iterator[tuple[list[str], list[list[Any]]]]:
    """Yield the columns of a CSV file and its next rows, values typed as JSON has them.

    A file without rows yields one batch without rows.

    Args:
        source: with a header line; `.gz`, `.bz2` and `.xz` are read as they are.
        drop: a column to leave out, the target.

    Raises:
        AugerError: the file cannot be read as a table.
    """
    with _faults_of(source), _open_text(source) as file:
        first = file.readline()
        delimiter = max(DELIMITERS, key=first.count)
        file.seek(0)
        lines = csv.reader(file, delimiter=delimiter, strict=True)
        header = next(lines, None)
        if not header:
            raise AugerError(f"`{source}` is empty")
        _check_header(header, source)
        kept = [i for i, name in enumerate(header) if name != drop]
        columns, is_first = [header[i] for i in kept], True
        rows = (_of_width(len(header), row, lines.line_num, source) for row in lines if row)
        while (batch := list(islice(rows, BATCH))) or is_first:
            yield columns, _typed([[row[i] for i in kept] for row in batch])
            is_first = False


def is_packed(source: Path) -> bool:
    """Say whether a file's name says that it is compressed."""
    return source.suffix.lower() in _OPENERS


def copy_unpacked(source: Path, to: Path) -> None:
    """Copy what is in a compressed file.

    Raises:
        AugerError: it cannot be read, or is damaged.
    """
    opener = _OPENERS[source.suffix.lower()]
    with _faults_of(source), opener(source, "rb") as packed, to.open("wb") as file:
        shutil.copyfileobj(packed, file)


@contextmanager
def _faults_of(source: Path) -> Iterator[None]:
    """Say in words of this package why a file cannot be read."""
    try:
        yield
    except _DAMAGED:
        raise AugerError(f"`{source}` cannot be unpacked: it is damaged") from None
    except OSError as error:
        told = error.strerror or "it is damaged"
        raise AugerError(f"`{source}` cannot be read: {told}") from None
    except (UnicodeDecodeError, csv.Error):
        raise AugerError(
            f"`{source}` is no CSV file in UTF-8", hint="predictions take CSV, compressed or not"
        ) from None


def _open_text(source: Path) -> IO[str]:
    opener = _OPENERS.get(source.suffix.lower(), open)
    file: IO[str] = opener(source, "rt", newline="", encoding="utf-8-sig")
    return file


def _check_header(header: Sequence[str], source: Path) -> None:
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise AugerError(f"`{source}` has the column `{doubled[0]}` more than once")


def _of_width(width: int, row: list[str], line: int, source: Path) -> list[str]:
    """Return a row as it is; `line` is where it ends."""
    if len(row) != width:
        told = f"a row with {len(row)} values where {width} are expected"
        raise AugerError(f"`{source}` has {told}, in line {line}")
    return row


def _typed(rows: list[list[str]]) -> list[list[Any]]:
    """Return rows with None for missing values, and numbers in columns that hold nothing else."""
    columns = [_typed_column(texts) for texts in zip(*rows, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def _typed_column(texts: Sequence[str]) -> list[Any]:
    bare = [text.strip() for text in texts]
    if all(text in MISSING or _NUMBER.fullmatch(text) for text in bare):
        return [None if text in MISSING else _to_number(text) for text in bare]
    return [None if text in MISSING else whole for text, whole in zip(bare, texts, strict=True)]


def _to_number(text: str) -> int | float | None:
    """Return a number as JSON has it, which knows no infinity (wire contract §1.2)."""
    if _INTEGER.fullmatch(text):
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else None
