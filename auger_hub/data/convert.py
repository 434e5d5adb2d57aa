"""Type the columns of a table in the database by its schema: texts that are numbers and dates.

Each different text is read once, by the same module that reads the rows of a prediction.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from auger_hub.data.schema import DATE, EXACT, NUMBER
from auger_hub.data.table import Table
from auger_hub.data.text.delimited import place
from auger_hub.data.text.typed import are_unreadable, to_column

_AT_ONCE = 20


def convert_pending(table: Table) -> tuple[Table, dict[int, int]]:
    """Return the table with all of its columns typed, and how many values of each were lost."""
    for start in range(0, len(table.pending), _AT_ONCE):
        places = table.pending[start : start + _AT_ONCE]
        for position in places:
            _read_texts(table, position)
        _join(table, places)
    lost = {**table.lost, **{place: _count_lost(table, place) for place in table.pending}}
    for position in table.pending:
        table.connection.execute(f"DROP TABLE read{position}")
    return replace(table, pending=()), {position: n for position, n in lost.items() if n}


def _read_texts(table: Table, position: int) -> None:
    """Make a table of the different texts of a column, each with its value and its count."""
    name, column = place(position), table.schema.columns[position]
    query = f"SELECT {name} AS text, count(*) AS n FROM data WHERE {name} IS NOT NULL GROUP BY ALL"  # noqa: S608
    texts: pd.DataFrame = table.connection.execute(query).df()
    values = to_column(texts["text"].astype(object), column, table.schema)
    lost = are_unreadable(texts["text"], values, column, table.schema)
    read = pd.DataFrame({"text": texts["text"], "value": values, "lost": texts["n"].where(lost, 0)})
    kind = "TIMESTAMP" if column.type == DATE else "DOUBLE"
    if column.whole and column.type == NUMBER and not values.abs().max() > EXACT:
        kind = "BIGINT"
    table.connection.register("texts_read", read)
    table.connection.execute(
        f"CREATE TEMP TABLE read{position} AS SELECT text, CAST(value AS {kind}) AS value, lost"  # noqa: S608
        " FROM texts_read"
    )
    table.connection.unregister("texts_read")


def _join(table: Table, places: tuple[int, ...]) -> None:
    chosen = ", ".join(f"read{n}.value AS {place(n)}" for n in places)
    joins = " ".join(f"LEFT JOIN read{n} ON data.{place(n)} = read{n}.text" for n in places)
    query = f"SELECT data.* REPLACE ({chosen}) FROM data {joins}"  # noqa: S608  (names are places)
    table.connection.execute(f"CREATE TABLE typed AS {query}")
    table.connection.execute("DROP TABLE data")
    table.connection.execute("ALTER TABLE typed RENAME TO data")


def _count_lost(table: Table, position: int) -> int:
    row = table.connection.execute(f"SELECT sum(lost) FROM read{position}").fetchone()  # noqa: S608
    return int(row[0] or 0) if row else 0
