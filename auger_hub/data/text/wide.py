"""Read delimited text of very many columns: in memory, for a database is made for long tables.

A database reserves kilobytes for each column, and minutes for planning; of a table of thousands of
columns there are mostly few rows, which are read cell by cell and typed column by column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import duckdb
import pandas as pd

from auger_hub.data.files.unreadable import UnreadableData
from auger_hub.data.schema import DATE, EXACT, NUMBER, ColumnSchema, TableSchema
from auger_hub.data.text.delimited import DelimitedFile, place
from auger_hub.data.text.dialect import BadText, read_rows
from auger_hub.data.text.infer import Found, infer_column, infer_plain
from auger_hub.data.text.typed import count_unreadable, to_column

WIDE = 1_000
_MOST_BYTES = 400 << 20
_AT_ONCE = 250


@dataclass(frozen=True)
class WideTable:
    """A whole table in memory: its columns typed by its schema.

    Where the columns were judged, `found` says how, and `lost` how many values of each could not be
    read.
    """

    frame: pd.DataFrame
    schema: TableSchema
    found: tuple[Found, ...]
    lost: tuple[int, ...] = ()


def is_wide(file: DelimitedFile) -> bool:
    """Tell a file that is better read in memory."""
    return file.width > WIDE and file.path.stat().st_size <= _MOST_BYTES


def read_cells(file: DelimitedFile, name: str) -> list[tuple[str, ...]]:
    """Return the texts of each column; raise UnreadableData where rows are uneven."""
    try:
        with file.path.open(encoding="utf-8-sig", newline="") as source:
            rows = read_rows(source, file.dialect)
            next(rows)
            cells = [row.cells for row in rows]
    except (BadText, UnicodeDecodeError) as error:
        raise UnreadableData(f"`{name}` {error}.") from error
    if not cells:
        raise UnreadableData(f"`{name}` has column names but no rows.")
    return list(zip(*cells, strict=True))


def judge_cells(cells: Sequence[Sequence[str]], written: TableSchema) -> list[Found]:
    """Return what each column is."""
    found = []
    for name, texts in zip(written.names, cells, strict=True):
        plain = infer_plain(name, texts, written.missing)
        if plain is None:
            plain = infer_column(
                name, Counter(texts), delimiter=written.delimiter, missing=written.missing
            )
        found.append(plain)
    return found


def type_cells(
    cells: Sequence[Sequence[str]], schema: TableSchema, found: Sequence[Found] = ()
) -> WideTable:
    """Return the table with its columns typed."""
    typed = [
        _whole(to_column(texts, column, schema), column)
        for texts, column in zip(cells, schema.columns, strict=True)
    ]
    lost = tuple(
        count_unreadable(texts, values, column, schema) if column.type in (NUMBER, DATE) else 0
        for _, texts, values, column in zip(found, cells, typed, schema.columns, strict=False)
    )
    frame = pd.concat(typed, axis="columns", keys=schema.names)
    return WideTable(frame, schema, tuple(found), lost)


def _whole(values: pd.Series, column: ColumnSchema) -> pd.Series:
    is_whole = column.whole and column.type == NUMBER and not values.hasnans
    return values.astype("int64") if is_whole and values.abs().max() <= EXACT else values


@contextmanager
def _database(frame: pd.DataFrame) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        # To optimize thousands of expressions takes longer than to evaluate them on few rows.
        connection.execute("PRAGMA disable_optimizer")
        names = [place(position) for position in range(frame.shape[1])]
        connection.register("frame", frame.set_axis(names, axis="columns"))
        connection.execute("CREATE TABLE data AS FROM frame")
        connection.unregister("frame")
        yield connection


def parts_of(table: WideTable) -> Iterator[tuple[duckdb.DuckDBPyConnection, WideTable]]:
    """Yield databases that each have some of the columns as their table `data`, and these."""
    for start in range(0, table.frame.shape[1], _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        schema = replace(table.schema, columns=table.schema.columns[some])
        frame = table.frame.iloc[:, some]
        texts = {name: "string" for name, dtype in frame.dtypes.items() if dtype.kind == "O"}
        with _database(frame.astype(texts)) as connection:
            yield connection, WideTable(frame, schema, table.found[some], table.lost[some])
