"""Read every file format of the wire contract (§3.5) as a table, typed by its schema.

What a file is, is told by its first bytes; only text needs its extension. DuckDB reads CSV, JSON
and Parquet, so that profiling never holds the whole file in memory and sees exactly the values that
`read_table` returns. Nothing here executes what a file says: pickled objects in HDF5 are refused.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd

from auger_hub.data.delimited_table import load_delimited
from auger_hub.data.files.bounds import STREAMED_TABLE, most_bytes, table_memory
from auger_hub.data.files.encoding import UTF_8
from auger_hub.data.files.formats import DELIMITED, JSON, NOTICES, PARQUET, format_of
from auger_hub.data.files.plain import encoding_of, in_utf8, unpack
from auger_hub.data.files.unreadable import UnreadableData
from auger_hub.data.long_numbers import without_endless
from auger_hub.data.names import unique_names
from auger_hub.data.notices import Notice
from auger_hub.data.part import Part
from auger_hub.data.schema import TableSchema
from auger_hub.data.table import Reading, Table
from auger_hub.data.text import delimited
from auger_hub.data.text.delimited import place
from auger_hub.data.text.sql import literal
from auger_hub.data.text.typed import to_column
from auger_hub.data.typed_table import judge_typed, load_frame, load_json, load_parquet

__all__ = [
    "UnreadableData",
    "open_table",
    "read_raw",
    "read_table",
    "read_with_schema",
    "read_within",
]

THREADS = 2
_LOOKED_AT = 10_000  # rows, of which the memory of one is told


def read_table(path: Path, schema: TableSchema | None = None) -> pd.DataFrame:
    """Read a whole file into a data frame of int64, float64, datetime64 and text columns.

    Duplicate column names become `a`, `a.1`, as pandas makes them. Integers with gaps become
    float64, infinities become gaps, booleans and nested values become text.

    Args:
        path: the file.
        schema: how to read it; by default that is found by looking.

    Raises:
        UnreadableData: The file is empty, damaged, ragged or no table, and which of these.
    """
    return read_with_schema(path, Reading(schema))[0]


def read_with_schema(
    path: Path,
    reading: Reading | None = None,
    name: str | None = None,
    part: Part | None = None,
) -> tuple[pd.DataFrame, TableSchema]:
    """Read a file as `read_table` does, or a part of it; return with it the schema of that."""
    with open_table(path, in_order=True, reading=reading, name=name) as table:
        return _read(table, part), table.schema


def read_within(
    path: Path, reading: Reading, name: str | None, memory: int
) -> tuple[pd.DataFrame, TableSchema, Part | None]:
    """Read as many rows of a file as may take so many bytes of memory, evenly chosen.

    Returns:
        The rows in the order of the file, how they were read, and which of all they are; None of
        these where they are all.
    """
    with open_table(path, in_order=True, reading=reading, name=name) as table:
        part = _part_within(table, memory)
        return _read(table, part), table.schema, part


def read_raw(path: Path, part: Part | None = None) -> pd.DataFrame:
    """Read a file with its values as it tells them: what they mean, only a schema knows."""
    with open_table(path, in_order=True, reading=Reading(types=False)) as table:
        if table.whole is not None:
            return part.of(table.whole.frame) if part else table.whole.frame
        frame: pd.DataFrame = table.connection.execute(_query(part)).df()
    return frame.set_axis(table.schema.names, axis="columns")


def _read(table: Table, part: Part | None) -> pd.DataFrame:
    if table.whole is not None:
        return part.of(table.whole.frame) if part else table.whole.frame
    frame = _frame_of(table, _query(part))
    for position in table.pending:
        column = table.schema.columns[position]
        frame[place(position)] = to_column(frame[place(position)], column, table.schema)
    return frame.set_axis(table.schema.names, axis="columns")


def _part_within(table: Table, memory: int) -> Part | None:
    if table.whole is not None:
        first, rows = table.whole.frame.head(_LOOKED_AT), len(table.whole.frame)
    else:
        counted = table.connection.execute("SELECT count(*) FROM data").fetchone()
        rows = int(counted[0]) if counted else 0
        first = _frame_of(table, f"FROM data LIMIT {_LOOKED_AT}")
    each = first.memory_usage(index=False, deep=True).sum() / max(1, len(first))
    return Part.of_rows(int(memory / each), rows) if each * rows > memory else None


def _query(part: Part | None) -> str:
    return f"FROM data WHERE {part.condition}" if part else "FROM data"


def _frame_of(table: Table, query: str) -> pd.DataFrame:
    frame: pd.DataFrame = table.connection.execute(query).df()
    gaps = [name for name, dtype in frame.dtypes.items() if dtype == "Int64"]
    texts = [name for name, dtype in frame.dtypes.items() if isinstance(dtype, pd.StringDtype)]
    return frame.astype(dict.fromkeys(gaps, "float64") | dict.fromkeys(texts, "object"))


@contextmanager
def open_table(
    path: Path, *, in_order: bool, reading: Reading | None = None, name: str | None = None
) -> Iterator[Table]:
    """Yield a DuckDB connection in which the file is the table `data`, larger than memory or not.

    With `in_order` its rows are in the order of the file, which costs time and memory. Errors call
    the file `name`, as its user does.

    Raises:
        UnreadableData: As in `read_table`.
    """
    try:
        with _open(path, reading or Reading(), in_order=in_order) as table:
            yield table
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise UnreadableData(
            f"`{name or path.name}` needs more memory than the hub has for one file:"
            " it has too many columns, or unpacks to far more than its size."
        ) from error
    except UnreadableData as error:
        if name is None:
            raise
        raise UnreadableData(str(error).replace(f"`{path.name}`", f"`{name}`")) from error


@contextmanager
def _open(path: Path, reading: Reading, *, in_order: bool) -> Iterator[Table]:
    if not path.is_file() or path.stat().st_size == 0:
        raise UnreadableData(f"`{path.name}` is empty.")
    with (
        unpack(path) as plain,
        tempfile.TemporaryDirectory() as spill,
        duckdb.connect(_database(plain, Path(spill))) as connection,
    ):
        connection.execute(f"SET memory_limit = '{table_memory() >> 20}MiB'")
        connection.execute(f"SET threads = {THREADS}")
        connection.execute(f"SET temp_directory = {literal(spill)}")
        most_kilobytes = most_bytes(plain.stat().st_size) >> 10
        connection.execute(f"SET max_temp_directory_size = '{most_kilobytes} KiB'")
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET preserve_insertion_order = {in_order}")
        table = without_endless(_load(connection, plain, path.name, reading))
        _refuse_empty(connection, path.name)
        yield table


def _database(plain: Path, folder: Path) -> str | Path:
    """Return where the table is kept: one larger than memory is read far faster compressed.

    Only text is: what is compressed already may stand for any number of bytes.
    """
    is_large = plain.stat().st_size > STREAMED_TABLE // 2
    return folder / "table.db" if is_large and format_of(plain) is DELIMITED else ":memory:"


def _load(connection: duckdb.DuckDBPyConnection, plain: Path, name: str, reading: Reading) -> Table:
    form = format_of(plain)
    encoding = encoding_of(plain) if form.is_text else None
    if form is DELIMITED:
        with in_utf8(plain, encoding) as text:
            table = load_delimited(connection, text, name, reading, encoding or UTF_8)
            if table.whole is not None:
                connection.execute("CREATE TABLE data AS SELECT 1")
            return replace(table, header=delimited.look_at(text).dialect.header)
    told: tuple[Notice, ...] = ()
    if form is PARQUET:
        names = load_parquet(connection, plain, name)
    elif form is JSON:
        with in_utf8(plain, encoding) as text:
            names = load_json(connection, text, name)
    else:
        frame, dates = form.read_frame(plain)
        told = tuple(frame.attrs.get(NOTICES, ()))
        names = load_frame(connection, frame, name)
        reading = replace(reading, declared=reading.declared.also_dates(dates))
    written = TableSchema((), reading.missing, format=form.name, encoding=encoding)
    table = judge_typed(connection, unique_names(names), written, reading)
    return replace(table, header=tuple(names), told=told)


def _refuse_empty(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    if not connection.execute("SELECT 1 FROM data LIMIT 1").fetchone():
        raise UnreadableData(f"`{name}` has column names but no rows.")
