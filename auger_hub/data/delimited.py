"""Delimited text (CSV and its relatives) as a DuckDB query: dialect and types, found by looking.

DuckDB's own sniffer may skip lines or rename columns to make a file fit; here the first line is
always the header, the delimiter is the one that cuts the file into even rows, and a row that is
too long or too short is an error. `yes` stays text, and so does `007`: a code is no number.
"""

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from auger_hub.data.dates import DateFormats, find_format
from auger_hub.data.sql import literal, one_file, quoted
from auger_hub.data.unreadable import UnreadableData

AS_IT_IS = "hive_partitioning=false"
"""A folder called `year=2024` is a project of that name and no column."""
SAMPLE_ROWS = 20_480
_DELIMITERS = (",", ";", "\t", "|")
_HEAD_BYTES = 1 << 20
_LONGEST_LINE = 2 << 20
_MOST_COLUMNS = 10_000
_MOST_COMPARED_TEXTS = 20
_JUDGED_AT_ONCE = 50
_HEAD_ROWS = 200

MISSING = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "?")
"""What `pandas.read_csv` takes for missing, and `?` as the clients do (wire contract §3.8)."""
_INTEGER = r"\s*[+-]?(0|[1-9][0-9]*)\s*"
_DOUBLE = (
    r"\s*[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
    r"|[+-]?[iI][nN][fF]([iI][nN][iI][tT][yY])?"
)
_ISO_DATE = r"\s*[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}([ T].*)?\s*"


@dataclass(frozen=True)
class DelimitedFile:
    """A text file in UTF-8 with its delimiter and its column names, each of them once."""

    path: Path
    delimiter: str
    columns: tuple[str, ...]


def look_at(path: Path) -> DelimitedFile:
    """Find delimiter and column names from the first megabyte.

    Raises:
        UnreadableData: There is nothing in the file, or its first line names no columns.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).decode("utf-8-sig", errors="ignore")
        if len(head) >= _HEAD_BYTES - 4:
            head = head[: head.rfind("\n") + 1] or head
    if not head.strip():
        raise UnreadableData(f"`{path.name}` is empty.")
    _refuse_long_last_line(path)
    delimiter = max(_DELIMITERS, key=lambda candidate: _evenness(head, candidate))
    header = next((row for row in _rows(head, delimiter) if row), [])
    if not any(name.strip() for name in header):
        raise UnreadableData(f"`{path.name}` has no column names in its first line.")
    if len(header) > _MOST_COLUMNS:
        raise UnreadableData(f"`{path.name}` has more than {_MOST_COLUMNS:,} columns.")
    return DelimitedFile(path, delimiter, tuple(unique_names(header)))


def _refuse_long_last_line(path: Path) -> None:
    """DuckDB refuses a line that is too long, but leaves the last one out without a word."""
    if path.stat().st_size <= _LONGEST_LINE:
        return
    with path.open("rb") as file:
        file.seek(-_LONGEST_LINE, os.SEEK_END)
        end = file.read().rstrip(b"\r\n")
    if b"\n" not in end and b"\r" not in end:
        raise UnreadableData(f"`{path.name}` has a line of more than 2 MB at its end.")


def _rows(head: str, delimiter: str) -> list[list[str]]:
    csv.field_size_limit(_HEAD_BYTES * 4)
    rows = []
    for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter):
        rows.append(row)
        if len(rows) == _HEAD_ROWS:
            break
    return rows


def _evenness(head: str, delimiter: str) -> tuple[float, int]:
    """Score a delimiter: the share of rows as wide as the header, then the width."""
    rows = [row for row in _rows(head, delimiter) if row]
    width = len(rows[0]) if rows else 0
    if width < 2:
        return 0.0, width
    return sum(len(row) == width for row in rows) / len(rows), width


def unique_names(names: Iterable[object]) -> list[str]:
    """Name columns as pandas does: `a`, `a.1`, and `Unnamed: 3` where the header has a gap."""
    taken: set[str] = set()
    unique = []
    for position, given in enumerate(names):
        name = base = (
            str(given) if given is not None and str(given).strip() else f"Unnamed: {position}"
        )
        number = 0
        while name in taken:
            number += 1
            name = f"{base}.{number}"
        taken.add(name)
        unique.append(name)
    return unique


@dataclass(frozen=True)
class _Column:
    """A column and what it is read as; `date_format` is for texts that are dates."""

    name: str
    kind: str
    date_format: str | None = None


@dataclass(frozen=True)
class Query:
    """A query that reads a file, and the formats of those of its dates that are not ISO's."""

    text: str
    date_formats: Mapping[str, str]


def queries(
    connection: duckdb.DuckDBPyConnection, file: DelimitedFile, dates: DateFormats
) -> Iterator[Query]:
    """Yield queries that read `file` with typed columns; each is for when those before it failed.

    The types are judged by the first `SAMPLE_ROWS` rows, at last by the whole file. A reader that
    compares every value with all of `MISSING` takes a quarter longer, so the first query compares
    texts only: a number that is missing is mostly empty, and everything else there is an error.
    That takes megabytes for each column of texts.
    """
    columns = _judge(connection, file, dates, whole=False)
    if sum(column.kind == "VARCHAR" for column in columns) <= _MOST_COMPARED_TEXTS:
        yield _select(file, columns, only_empty=True)
    yield _select(file, columns, only_empty=False)
    yield _select(file, _judge(connection, file, dates, whole=True), only_empty=False)


def _judge(
    connection: duckdb.DuckDBPyConnection, file: DelimitedFile, dates: DateFormats, *, whole: bool
) -> list[_Column]:
    """Find what each column can be read as."""
    texts = [_Column(name, "VARCHAR") for name in file.columns]
    limit = "" if whole else f" LIMIT {SAMPLE_ROWS}"
    source = _read_csv(file, texts, MISSING)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE sample AS FROM {source}{limit}")
    columns = []
    for name, kind in zip(file.columns, _simple_types(connection, file), strict=True):
        found = None
        if kind == "VARCHAR":
            found = find_format(connection, "sample", name, dates)
        columns.append(_Column(name, kind, found))
    connection.execute("DROP TABLE sample")
    return columns


def _select(file: DelimitedFile, columns: Sequence[_Column], *, only_empty: bool) -> Query:
    expressions = ", ".join(_expression(column, only_empty=only_empty) for column in columns)
    source = _read_csv(file, columns, ("",) if only_empty else MISSING)
    formats = {column.name: column.date_format for column in columns if column.date_format}
    return Query(f"SELECT {expressions} FROM {source}", formats)  # noqa: S608  (names are quoted)


def _simple_types(connection: duckdb.DuckDBPyConnection, file: DelimitedFile) -> list[str]:
    """Choose for each column the narrowest type that every value of the sample has."""
    patterns = {"BIGINT": _INTEGER, "DOUBLE": _DOUBLE, "TIMESTAMP": _ISO_DATE}
    types = []
    for start in range(0, len(file.columns), _JUDGED_AT_ONCE):
        names = list(map(quoted, file.columns[start : start + _JUDGED_AT_ONCE]))
        checks = ", ".join(
            f"coalesce(bool_and(regexp_full_match({name}, '{pattern}')), false)"
            f" AND count(try_cast({name} AS {kind})) = count({name})"
            for name in names
            for kind, pattern in patterns.items()
        )
        fits = iter(connection.execute(f"SELECT {checks} FROM sample").fetchone() or ())  # noqa: S608
        for _ in names:
            fitting = [kind for kind in patterns if next(fits)]
            types.append(fitting[0] if fitting else "VARCHAR")
    return types


def _expression(column: _Column, *, only_empty: bool) -> str:
    name = quoted(column.name)
    if column.date_format:
        return f"strptime({name}, '{column.date_format}') AS {name}"
    if column.kind == "DOUBLE":
        return f"{finite(name)} AS {name}"
    if column.kind == "VARCHAR" and only_empty:
        return f"CASE WHEN {name} NOT IN ({_literals(MISSING)}) THEN {name} END AS {name}"
    return name


def finite(name: str) -> str:
    """No model can learn from an infinity or a NaN: both become missing."""
    return f"CASE WHEN isfinite({name}) THEN {name} END"


def _read_csv(file: DelimitedFile, columns: Sequence[_Column], missing: Sequence[str]) -> str:
    kinds = ", ".join(f"{literal(column.name)}: '{column.kind}'" for column in columns)
    return (
        f"read_csv({one_file(file.path)}, {AS_IT_IS}, auto_detect=false, header=true,"
        f" quote='\"', escape='\"', delim={literal(file.delimiter)},"
        f" nullstr=[{_literals(missing)}], columns={{{kinds}}})"
    )


def _literals(texts: Iterable[str]) -> str:
    return ", ".join(map(literal, texts))


def is_ragged(error: duckdb.Error) -> bool:
    """Tell a row of the wrong width, which no other choice of types would mend."""
    return "Expected Number of Columns" in str(error)


def explain(error: duckdb.Error, name: str) -> UnreadableData:
    """Turn DuckDB's report on a broken text file into one sentence."""
    text = str(error)
    line = re.search(r"CSV Error on Line: (\d+)", text)
    place = f" in line {line.group(1)}" if line else ""
    width = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if width:
        return UnreadableData(
            f"`{name}` has {width.group(2)} values{place}, but {width.group(1)} columns."
        )
    if "unterminated quote" in text:
        return UnreadableData(f"`{name}` has a quote{place} that is never closed.")
    if "Maximum line size" in text:
        return UnreadableData(f"`{name}` has a line of more than 2 MB{place}.")
    return UnreadableData(f"`{name}` cannot be read as a table{place}.")
