"""Tell numbers that no model can hold: whole ones of which several would be one float, infinities.

Columns of the first are names; an infinity is a missing value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb

from auger_hub.data.notices import Notice, rows
from auger_hub.data.schema import CATEGORY, EXACT, ColumnSchema
from auger_hub.data.table import Table
from auger_hub.data.text.delimited import place
from auger_hub.data.text.infer import LONG_NUMBERS, Found

_AT_ONCE = 50
_DECIMALS_AT_ONCE = 500


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


def without_endless(table: Table) -> Table:
    """Return the table with gaps for numbers that are not finite, infinities told with a notice.

    A column of texts that are numbers is typed later, and tells them as values that are unreadable.
    """
    if table.whole is not None:
        return table
    kinds = map(str, table.connection.sql("FROM data").types)
    numbers = [n for n, kind in enumerate(kinds) if kind == "DOUBLE"]
    gaps, told = {}, []
    for start in range(0, len(numbers), _DECIMALS_AT_ONCE):
        some = numbers[start : start + _DECIMALS_AT_ONCE]
        figures = ", ".join(
            f"count_if(isinf({place(n)})), count_if(NOT isfinite({place(n)}))" for n in some
        )
        found = table.connection.execute(f"SELECT {figures} FROM data").fetchone() or ()  # noqa: S608
        for n, endless, lost in zip(some, found[::2], found[1::2], strict=True):
            if lost:
                gaps[place(n)] = f"CASE WHEN isfinite({place(n)}) THEN {place(n)} END"
            if endless:
                told.append(_tell_endless(table.schema.names[n], endless))
    with_texts(table.connection, gaps)
    return replace(table, told=(*table.told, *told))


def _tell_endless(name: str, count: int) -> Notice:
    is_one = count == 1
    text = f"{rows(count)} of `{name}` {'is' if is_one else 'are'} infinite, and count"
    return Notice("infinite-values", f"{text}{'s' if is_one else ''} as missing.", name, count)
