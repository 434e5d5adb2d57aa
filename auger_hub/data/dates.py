"""Texts that are dates, but not ISO's: the one format that all values of a column have.

`05/03/2019` is in May or in March; only the other values of its column can tell. So the format is
found for a whole column, and a model keeps it for the rows that it is asked about one by one.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from auger_hub.data.sql import quoted

DateFormats = Mapping[str, str | None]
"""Column -> the format to try first; None to leave texts as they are."""

_SAMPLE_ROWS = 20_480
_LOOKS = r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}( .*)?"
_LONG_YEAR = r".{3,5}[-/.][0-9]{4}( .*)?"
_FORMATS = tuple(
    date + time
    for date in (
        "%m/%d/%Y",
        "%d/%m/%Y",
        "%d.%m.%Y",
        "%d-%m-%Y",
        "%m-%d-%Y",
        "%m/%d/%y",
        "%d/%m/%y",
        "%d.%m.%y",
        "%d-%m-%y",
    )
    for time in ("", " %H:%M", " %H:%M:%S", " %I:%M:%S %p")
)


def find_format(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, dates: DateFormats
) -> str | None:
    """Return the one format of which all texts of a column are dates, if there is one.

    Where day and month cannot be told apart the month comes first, as in pandas.
    """
    first, name = dates.get(column, ""), quoted(column)
    if first is None:
        return None
    sample = f"(SELECT {name} FROM {table} LIMIT {_SAMPLE_ROWS})"  # noqa: S608  (names are quoted)
    looks = f"SELECT bool_and(regexp_full_match({name}, '{_LOOKS}')) FROM {sample}"  # noqa: S608
    if not (connection.execute(looks).fetchone() or (False,))[0]:
        return None
    formats = [first, *_FORMATS] if first in _FORMATS else _FORMATS
    checks = ", ".join(f"count({_parsed(name, text)}) = count({name})" for text in formats)
    row = connection.execute(f"SELECT {checks} FROM {table}").fetchone() or ()  # noqa: S608
    return next((text for text, fits in zip(formats, row, strict=True) if fits), None)


def parse_texts(connection: duckdb.DuckDBPyConnection, dates: DateFormats) -> dict[str, str]:
    """Turn the columns of texts in `data` that are dates into time stamps; return their formats."""
    table = connection.sql("FROM data")
    found: dict[str, str] = {}
    for name, kind in zip(table.columns, table.types, strict=True):
        if str(kind) == "VARCHAR" and (text := find_format(connection, "data", name, dates)):
            found[name] = text
    for name, text in found.items():
        column = quoted(name)
        connection.execute(
            f"ALTER TABLE data ALTER {column} TYPE TIMESTAMP USING strptime({column}, '{text}')"
        )
    return found


def _parsed(column: str, text: str) -> str:
    """DuckDB takes `19` for the year 19 where `%Y` asks for four digits."""
    parsed = f"try_strptime({column}, '{text}')"
    if "%Y" not in text:
        return parsed
    return f"CASE WHEN regexp_full_match({column}, '{_LONG_YEAR}') THEN {parsed} END"
