"""Delimited text (CSV and its relatives) as a DuckDB query: dialect and types, found by looking.

DuckDB's own sniffer may skip lines or rename columns to make a file fit; here the first line is
always the header, the delimiter is the one that cuts the file into even rows, and a row that is
too long or too short is an error. `yes` stays text, and so does `007`: a code is no number.
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from auger_reconcile.hub.data.unreadable import UnreadableData

SAMPLE_ROWS = 20_480
_DELIMITERS = (",", ";", "\t", "|")
_HEAD_BYTES = 1 << 20
_HEAD_ROWS = 200

MISSING = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "?")
"""What `pandas.read_csv` takes for missing, and `?` as the clients do (wire contract §3.8)."""
_INTEGER = r"\s*[+-]?(0|[1-9][0-9]*)\s*"
_DOUBLE = (
    r"\s*[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
    r"|[+-]?[iI][nN][fF]([iI][nN][iI][tT][yY])?"
)
_ISO_DATE = r"\s*[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}([ T].*)?\s*"
_OTHER_DATE = r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}( .*)?"
_DATE_FORMATS = tuple(
    date + time
    for date in ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m/%d/%y")
    for time in ("", " %H:%M", " %H:%M:%S", " %I:%M:%S %p")
)


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
    delimiter = max(_DELIMITERS, key=lambda candidate: _evenness(head, candidate))
    header = next((row for row in _rows(head, delimiter) if row), [])
    if not any(name.strip() for name in header):
        raise UnreadableData(f"`{path.name}` has no column names in its first line.")
    return DelimitedFile(path, delimiter, tuple(unique_names(header)))


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


def select_typed(connection: duckdb.DuckDBPyConnection, file: DelimitedFile, *, whole: bool) -> str:
    """Write the query that reads `file` with typed columns.

    The types are judged by the first `SAMPLE_ROWS` rows, or by the whole file.
    """
    text = _read_csv(file, ["VARCHAR"] * len(file.columns))
    limit = "" if whole else f" LIMIT {SAMPLE_ROWS}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE sample AS FROM {text}{limit}")
    types = _simple_types(connection, file)
    texts = [name for name, kind in zip(file.columns, types, strict=True) if kind == "VARCHAR"]
    dates = _date_formats(connection, texts)
    connection.execute("DROP TABLE sample")
    columns = [
        _expression(quoted(name), kind, dates.get(name))
        for name, kind in zip(file.columns, types, strict=True)
    ]
    return f"SELECT {', '.join(columns)} FROM {_read_csv(file, types)}"  # noqa: S608  (quoted)


def _simple_types(connection: duckdb.DuckDBPyConnection, file: DelimitedFile) -> list[str]:
    """Choose for each column the narrowest type that every value of the sample has."""
    patterns = {"BIGINT": _INTEGER, "DOUBLE": _DOUBLE, "TIMESTAMP": _ISO_DATE}
    types = []
    for name in map(quoted, file.columns):
        checks = ", ".join(
            f"coalesce(bool_and(regexp_full_match({name}, '{pattern}')), false)"
            f" AND count(try_cast({name} AS {kind})) = count({name})"
            for kind, pattern in patterns.items()
        )
        row = connection.execute(f"SELECT {checks} FROM sample").fetchone() or ()  # noqa: S608
        fitting = (kind for kind, fits in zip(patterns, row, strict=True) if fits)
        types.append(next(fitting, "VARCHAR"))
    return types


def _date_formats(connection: duckdb.DuckDBPyConnection, columns: list[str]) -> dict[str, str]:
    """Map each column that holds dates in one other format only to that format.

    Where day and month cannot be told apart the month comes first, as in pandas.
    """
    formats = {}
    for column in columns:
        name = quoted(column)
        looks = f"SELECT bool_and(regexp_full_match({name}, '{_OTHER_DATE}')) FROM sample"  # noqa: S608
        if not (connection.execute(looks).fetchone() or (False,))[0]:
            continue
        checks = ", ".join(
            f"count(try_strptime({name}, '{text}')) = count({name})" for text in _DATE_FORMATS
        )
        row = connection.execute(f"SELECT {checks} FROM sample").fetchone() or ()  # noqa: S608
        fitting = [text for text, fits in zip(_DATE_FORMATS, row, strict=True) if fits]
        if fitting:
            formats[column] = fitting[0]
    return formats


def _expression(name: str, kind: str, date_format: str | None) -> str:
    if date_format:
        return f"strptime({name}, '{date_format}') AS {name}"
    if kind == "DOUBLE":
        return f"{finite(name)} AS {name}"
    return name


def finite(name: str) -> str:
    """No model can learn from an infinity or a NaN: both become missing."""
    return f"CASE WHEN isfinite({name}) THEN {name} END"


def _read_csv(file: DelimitedFile, types: list[str]) -> str:
    columns = ", ".join(
        f"{literal(name)}: '{kind}'" for name, kind in zip(file.columns, types, strict=True)
    )
    missing = ", ".join(map(literal, MISSING))
    return (
        f"read_csv({literal(str(file.path))}, auto_detect=false, header=true,"
        f" quote='\"', escape='\"', delim={literal(file.delimiter)},"
        f" nullstr=[{missing}], columns={{{columns}}})"
    )


def quoted(name: str) -> str:
    """Quote a column name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


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
