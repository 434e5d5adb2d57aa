"""Every file format of the wire contract (§3.5) as a table.

What a file is, is told by its first bytes; only text needs its extension. DuckDB reads CSV, JSON
and Parquet, so that profiling never holds the whole file in memory and sees exactly the values that
`read_table` returns. Nothing here executes what a file says: pickled objects in HDF5 are refused.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd

from auger_hub.data import delimited, formats
from auger_hub.data.bounds import most_bytes
from auger_hub.data.dates import DateFormats, parse_texts
from auger_hub.data.delimited import AS_IT_IS, finite, unique_names
from auger_hub.data.kind import Kind, kind_of
from auger_hub.data.plain import in_utf8, unpack
from auger_hub.data.sql import literal, one_file, quoted
from auger_hub.data.unreadable import UnreadableData

__all__ = ["UnreadableData", "open_table", "read_table", "read_with_dates"]

MEMORY_LIMIT = "600MB"
"""What DuckDB may hold of a table; the rest waits on disk."""
THREADS = 2


def read_table(path: Path, dates: DateFormats | None = None) -> pd.DataFrame:
    """Read a whole file into a data frame of int64, float64, datetime64 and text columns.

    Duplicate column names become `a`, `a.1`, as pandas makes them. Integers with gaps become
    float64, infinities become gaps, booleans and nested values become text.

    Args:
        path: the file.
        dates: how to read columns of dates that are not ISO's; the others are found by looking.

    Raises:
        UnreadableData: The file is empty, damaged, ragged or no table, and which of these.
    """
    return read_with_dates(path, dates)[0]


def read_with_dates(
    path: Path, dates: DateFormats | None = None
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read a file as `read_table` does; return with it the formats of its dates but ISO's."""
    with open_table(path, in_order=True, dates=dates) as connection:
        frame: pd.DataFrame = connection.execute("FROM data").df()
        formats = dict(connection.execute("FROM date_formats").fetchall())
    gaps = [name for name, dtype in frame.dtypes.items() if dtype == "Int64"]
    return frame.astype(dict.fromkeys(gaps, "float64")), formats


@contextmanager
def open_table(
    path: Path, *, in_order: bool, dates: DateFormats | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a DuckDB connection in which the file is the table `data`, larger than memory or not.

    With `in_order` its rows are in the order of the file, which costs time and memory. The table
    `date_formats` names the columns that were texts and are dates, each with its format.

    Raises:
        UnreadableData: As in `read_table`.
    """
    if not path.is_file() or path.stat().st_size == 0:
        raise UnreadableData(f"`{path.name}` is empty.")
    try:
        with (
            unpack(path) as plain,
            tempfile.TemporaryDirectory() as spill,
            duckdb.connect() as connection,
        ):
            connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
            connection.execute(f"SET threads = {THREADS}")
            connection.execute(f"SET temp_directory = {literal(spill)}")
            most_kilobytes = most_bytes(plain.stat().st_size) >> 10
            connection.execute(f"SET max_temp_directory_size = '{most_kilobytes} KiB'")
            connection.execute("SET enable_progress_bar = false")
            connection.execute(f"SET preserve_insertion_order = {in_order}")
            _note(connection, _load(connection, plain, path.name, dates or {}))
            _refuse_empty(connection, path.name)
            yield connection
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise UnreadableData(
            f"`{path.name}` needs more memory than the hub has for one file:"
            " it has too many columns, or unpacks to far more than its size."
        ) from error


def _note(connection: duckdb.DuckDBPyConnection, formats: Mapping[str, str]) -> None:
    connection.execute("CREATE TEMP TABLE date_formats (name VARCHAR, format VARCHAR)")
    if formats:
        connection.executemany("INSERT INTO date_formats VALUES (?, ?)", list(formats.items()))


def _load(
    connection: duckdb.DuckDBPyConnection, plain: Path, name: str, dates: DateFormats
) -> Mapping[str, str]:
    """Load the table; return the formats of its dates that were texts."""
    match kind_of(plain):
        case Kind.DELIMITED:
            with in_utf8(plain) as text:
                return _load_delimited(connection, text, name, dates)
        case Kind.PARQUET:
            _load_query(connection, f"FROM read_parquet({one_file(plain)}, {AS_IT_IS})", name)
        case Kind.JSON:
            with in_utf8(plain) as text:
                _load_json(connection, text, name)
        case kind:
            _load_frame(connection, formats.read_frame(kind, plain), name)
    return parse_texts(connection, dates)


def _load_delimited(
    connection: duckdb.DuckDBPyConnection, text: Path, name: str, dates: DateFormats
) -> Mapping[str, str]:
    """Load by the first query that fits the values; rows of uneven width fit none."""
    file = delimited.look_at(text)
    failure: duckdb.Error | None = None
    try:
        for query in delimited.queries(connection, file, dates):
            failure = _try_to_load(connection, query.text)
            if failure is None:
                return query.date_formats
            if delimited.is_ragged(failure):
                break
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:  # not even as texts
        failure = error
    assert failure is not None, "there is a query"
    raise delimited.explain(failure, name) from failure


def _try_to_load(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.Error | None:
    try:
        connection.execute(f"CREATE TEMP TABLE data AS {query}")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        return error
    return None


def _load_json(connection: duckdb.DuckDBPyConnection, text: Path, name: str) -> None:
    """Load records or lines with DuckDB; the column-wise layouts are small enough for memory."""
    layout = formats.json_layout(text)
    if layout is None:
        _load_frame(connection, formats.read_json_columns(text), name)
    else:
        options = f"format='{layout}', sample_size=-1, dateformat='iso', {AS_IT_IS}"
        _load_query(connection, f"FROM read_json({one_file(text)}, {options})", name)


def _load_query(connection: duckdb.DuckDBPyConnection, query: str, name: str) -> None:
    try:
        connection.execute(f"CREATE TEMP TABLE data AS {_in_four_types(connection, query)}")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise UnreadableData(f"`{name}` is damaged, or is not what its name says.") from error


def _load_frame(connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame, name: str) -> None:
    frame = frame.set_axis(unique_names(frame.columns), axis="columns")
    connection.register("frame", frame)
    _load_query(connection, "FROM frame", name)
    connection.unregister("frame")


def _in_four_types(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """Cast every column to what `orig_datatype` knows: integer, double, datetime, string (§2.8)."""
    relation = connection.sql(query)
    columns = zip(relation.columns, relation.types, strict=True)
    casts = ", ".join(
        f"{_cast(quoted(name), str(kind))} AS {quoted(name)}" for name, kind in columns
    )
    return f"SELECT {casts} FROM ({query})"  # noqa: S608  (names are quoted)


_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_BIG_NUMBERS = {"UBIGINT", "HUGEINT", "UHUGEINT"}
_TIMES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}


def _cast(name: str, kind: str) -> str:
    if kind == "BOOLEAN":
        return f"CASE {name} WHEN true THEN 'True' WHEN false THEN 'False' END"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({name}))"
    if kind in {"FLOAT", "DOUBLE"}:
        return f"CAST({finite(name)} AS DOUBLE)"
    if kind in _INTEGERS:
        target = "BIGINT"
    elif kind in _BIG_NUMBERS or kind.startswith("DECIMAL"):
        target = "DOUBLE"
    else:
        target = "TIMESTAMP" if kind in _TIMES else "VARCHAR"
    return f"CAST({name} AS {target})"


def _refuse_empty(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    if not connection.execute("SELECT 1 FROM data LIMIT 1").fetchone():
        raise UnreadableData(f"`{name}` has column names but no rows.")
