"""Tell columns of whole numbers that no float can hold: names, of which several would be one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from auger_hub.data.schema import CATEGORY, EXACT, ColumnSchema
from auger_hub.data.text.infer import LONG_NUMBERS, Found

_AT_ONCE = 50


def find_long(
    connection: duckdb.DuckDBPyConnection, source: str, columns: Sequence[str]
) -> dict[str, str]:
    """Return those of some columns of whole numbers that have a long one, each with its longest."""
    longest: dict[str, str] = {}
    for start in range(0, len(columns), _AT_ONCE):
        some = columns[start : start + _AT_ONCE]
        figures = ", ".join(f"min({name}), max({name})" for name in some)
        row = connection.execute(f"SELECT {figures} FROM {source}").fetchone() or ()  # noqa: S608
        values = [0 if value is None else int(value) for value in row]
        for name, low, high in zip(some, values[::2], values[1::2], strict=True):
            value = max(low, high, key=abs)
            if abs(value) > EXACT:
                longest[name] = str(value)
    return longest


def to_names(name: str, longest: str) -> Found:
    """Return what a column with long whole numbers is."""
    column = ColumnSchema(name, CATEGORY, whole=True)
    return Found(column, {}, example=longest, looks=LONG_NUMBERS)


def with_texts(connection: duckdb.DuckDBPyConnection, expressions: Mapping[str, str]) -> None:
    """Replace columns of the table `data` by expressions."""
    if not expressions:
        return
    listed = ", ".join(f"{expression} AS {name}" for name, expression in expressions.items())
    query = f"SELECT * REPLACE ({listed}) FROM data"  # noqa: S608  (names are places)
    connection.execute(f"CREATE TABLE replaced AS {query}")
    connection.execute("DROP TABLE data")
    connection.execute("ALTER TABLE replaced RENAME TO data")
