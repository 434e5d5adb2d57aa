"""Read every file format of the wire contract (§3.5) as a table, typed by its schema.

What a file is, is told by its first bytes; only text needs its extension. DuckDB reads CSV, JSON
and Parquet, so that profiling never holds the whole file in memory and sees exactly the values that
`read_table` returns. Nothing here executes what a file says: pickled objects in HDF5 are refused.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pandas as pd

from auger_hub.data.files import formats
from auger_hub.data.files.bounds import STREAMED_TABLE, most_bytes, table_memory
from auger_hub.data.files.encoding import UTF_8
from auger_hub.data.files.formats import DELIMITED, JSON, PARQUET, format_of
from auger_hub.data.files.plain import encoding_of, in_utf8, unpack
from auger_hub.data.files.unreadable import UnreadableData
from auger_hub.data.names import unique_names
from auger_hub.data.schema import (
    BOOLEAN,
    CATEGORY,
    DATE,
    ISO,
    MISSING,
    NUMBER,
    ColumnSchema,
    Declared,
    TableSchema,
)
from auger_hub.data.text import delimited
from auger_hub.data.text.delimited import AS_IT_IS, SAMPLE_ROWS, count_texts, finite, place
from auger_hub.data.text.infer import Found, infer_column
from auger_hub.data.text.sql import literal, one_file, quoted
from auger_hub.data.text.typed import to_column
from auger_hub.data.text.wide import (
    WIDE,
    WideTable,
    is_wide,
    judge_cells,
    parts_of,
    read_cells,
    type_cells,
)

__all__ = ["Table", "UnreadableData", "open_table", "read_raw", "read_table", "read_with_schema"]

THREADS = 2
_COMMENTS_WITHIN = 64 << 20  # bytes in which a comment among the rows is looked for


@dataclass(frozen=True)
class Table:
    """A file as the table `data` of a connection, its columns named `c0`, `c1` by their places.

    The columns at the places `pending` hold texts that the schema makes numbers or dates of.
    `found` says of each column how it was judged; it is empty where the schema was known before.
    `header` has the names as the file has them, `comments` counts the lines among its rows that are
    none. A table of very many columns is `whole` in memory
    instead, and its `parts` are in databases.
    """

    connection: duckdb.DuckDBPyConnection
    schema: TableSchema
    pending: tuple[int, ...]
    found: tuple[Found, ...] = ()
    header: tuple[str, ...] = ()
    comments: int = 0
    whole: WideTable | None = None
    is_part: bool = False

    def parts(self) -> Iterator["Table"]:
        """Yield the table, one of very many columns in parts that are tables of their own."""
        if self.whole is None:
            yield self
            return
        for connection, schema, found in parts_of(self.whole):
            yield Table(connection, schema, (), found, is_part=True)


@dataclass(frozen=True)
class Reading:
    """How a file is to be read: by a schema that is known, or by looking and what was declared."""

    schema: TableSchema | None = None
    declared: Declared = Declared()  # noqa: RUF009 - it is frozen
    types: bool = True

    @property
    def missing(self) -> tuple[str, ...]:
        """Return what stands for missing in the whole table."""
        if self.schema is not None:
            return self.schema.missing
        return MISSING if self.declared.missing is None else self.declared.missing


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
    path: Path, reading: Reading | None = None, name: str | None = None
) -> tuple[pd.DataFrame, TableSchema]:
    """Read a file as `read_table` does; return with it the schema of what was read."""
    with open_table(path, in_order=True, reading=reading, name=name) as table:
        if table.whole is not None:
            return table.whole.frame, table.schema
        frame = _frame_of(table)
        for position in table.pending:
            column = table.schema.columns[position]
            frame[place(position)] = to_column(frame[place(position)], column, table.schema)
    return frame.set_axis(table.schema.names, axis="columns"), table.schema


def read_raw(path: Path) -> pd.DataFrame:
    """Read a file with its values as it tells them: what they mean, only a schema knows."""
    with open_table(path, in_order=True, reading=Reading(types=False)) as table:
        if table.whole is not None:
            return table.whole.frame
        frame: pd.DataFrame = table.connection.execute("FROM data").df()
    return frame.set_axis(table.schema.names, axis="columns")


def _frame_of(table: Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.connection.execute("FROM data").df()
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
        duckdb.connect() as connection,
    ):
        connection.execute(f"SET memory_limit = '{table_memory() >> 20}MiB'")
        connection.execute(f"SET threads = {THREADS}")
        connection.execute(f"SET temp_directory = {literal(spill)}")
        most_kilobytes = most_bytes(plain.stat().st_size) >> 10
        connection.execute(f"SET max_temp_directory_size = '{most_kilobytes} KiB'")
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET preserve_insertion_order = {in_order}")
        table = _load(connection, plain, path.name, reading)
        _refuse_empty(connection, path.name)
        yield table


def _load(connection: duckdb.DuckDBPyConnection, plain: Path, name: str, reading: Reading) -> Table:
    form = format_of(plain)
    encoding = encoding_of(plain) if form.is_text else None
    if form is DELIMITED:
        with in_utf8(plain, encoding) as text:
            table = _load_delimited(connection, text, name, reading, encoding or UTF_8)
            if table.whole is not None:
                connection.execute("CREATE TEMP TABLE data AS SELECT 1")
            return replace(table, header=delimited.look_at(text).dialect.header)
    if form is PARQUET:
        names = _load_parquet(connection, plain, name)
    elif form is JSON:
        with in_utf8(plain, encoding) as text:
            names = _load_json(connection, text, name)
    else:
        frame, dates = form.read_frame(plain)
        names = _load_frame(connection, frame, name)
        reading = replace(reading, declared=reading.declared.also_dates(dates))
    written = TableSchema((), reading.missing, format=form.name, encoding=encoding)
    table = _judge_typed(connection, unique_names(names), written, reading)
    return replace(table, header=tuple(names))


def _load_delimited(
    connection: duckdb.DuckDBPyConnection, text: Path, name: str, reading: Reading, encoding: str
) -> Table:
    """Load by the first query that fits the values; rows of uneven width fit none."""
    file = delimited.look_at(text)
    try:
        return _load_rows(connection, file, name, reading, encoding)
    except UnreadableData:
        with text.open("rb") as start:
            if b"\n#" not in start.read(_COMMENTS_WITHIN).replace(b"\r", b"\n").replace(b" ", b""):
                raise
    with delimited.without_comments(file) as (bare, comments):
        table = _load_rows(connection, bare, name, reading, encoding)
    schema = replace(table.schema, skipped=file.dialect.skipped)
    return replace(table, schema=schema, comments=comments)


def _load_rows(
    connection: duckdb.DuckDBPyConnection,
    file: delimited.DelimitedFile,
    name: str,
    reading: Reading,
    encoding: str,
) -> Table:
    written = TableSchema(
        (),
        reading.missing,
        format=DELIMITED.name,
        delimiter=file.dialect.delimiter,
        encoding=encoding,
        skipped=file.dialect.skipped,
    )
    known = _known(file.dialect.names, written, reading)
    try:
        if is_wide(file):
            return _load_wide(connection, file, known or written, reading, name)
        if file.width <= WIDE:
            connection.execute(f"SET memory_limit = '{STREAMED_TABLE >> 20}MiB'")
        with delimited.without_blanks(file) as bare:
            if known is not None:
                return _try_queries(connection, bare, known, (), name)
            found = delimited.judge(connection, bare, reading.missing, whole=False)
            schema = replace(written, columns=_as_declared(found, reading))
            table = _try_queries(connection, bare, schema, tuple(found), name)
            return _settle(table, reading)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise delimited.explain(connection, file, name) from error


def _load_wide(
    connection: duckdb.DuckDBPyConnection,
    file: delimited.DelimitedFile,
    schema: TableSchema,
    reading: Reading,
    name: str,
) -> Table:
    """Load into memory; a schema without columns is one still to be found."""
    cells = read_cells(file, name)
    found: list[Found] = []
    if not schema.columns:
        texts = tuple(ColumnSchema(column, CATEGORY) for column in file.dialect.names)
        found = judge_cells(cells, replace(schema, columns=texts))
        schema = replace(schema, columns=_as_declared(found, reading))
    whole = type_cells(cells, schema, found)
    return Table(connection, schema, (), tuple(found), whole=whole)


def _known(names: Sequence[str], written: TableSchema, reading: Reading) -> TableSchema | None:
    """Return the schema to read by without looking: one that was given, or that types nothing."""
    if not reading.types:
        texts = tuple(ColumnSchema(name, CATEGORY) for name in names)
        return replace(written, columns=texts, missing=())
    if reading.schema is None:
        return None
    columns = tuple(
        reading.schema.column(name) or ColumnSchema(name, CATEGORY, kept=()) for name in names
    )
    return replace(written, columns=columns)


def _as_declared(found: Sequence[Found], reading: Reading) -> tuple[ColumnSchema, ...]:
    return tuple(reading.declared.apply(one.column) for one in found)


def _try_queries(
    connection: duckdb.DuckDBPyConnection,
    file: delimited.DelimitedFile,
    schema: TableSchema,
    found: tuple[Found, ...],
    name: str,
) -> Table:
    failure: duckdb.Error | None = None
    for query in delimited.queries(file, schema):
        failure = _try_to_load(connection, query.text)
        if failure is None:
            return Table(connection, schema, query.pending, found)
        if delimited.is_ragged(failure):
            break
    assert failure is not None, "there is a query"
    raise delimited.explain(connection, file, name) from failure


def _try_to_load(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.Error | None:
    try:
        connection.execute(f"CREATE TEMP TABLE data AS {query}")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        return error
    return None


def _settle(table: Table, reading: Reading) -> Table:
    """Judge the columns that are still texts by all of their values instead of the first ones."""
    found = list(table.found)
    columns = list(table.schema.columns)
    has_commas = table.schema.delimiter == ";" and any(one.decimal == "," for one in columns)
    pending = []
    for position in table.pending:
        column = columns[position]
        if reading.declared.columns.get(column.name, {}).get("type") is None:
            counts = count_texts(table.connection, "data", position)
            found[position] = infer_column(
                column.name,
                counts,
                delimiter=table.schema.delimiter,
                missing=reading.missing,
                has_commas=has_commas,
            )
            columns[position] = reading.declared.apply(found[position].column)
        if columns[position].type in (NUMBER, DATE):
            pending.append(position)
    schema = replace(table.schema, columns=tuple(columns))
    return replace(table, schema=schema, pending=tuple(pending), found=tuple(found))


def _judge_typed(
    connection: duckdb.DuckDBPyConnection,
    names: Sequence[str],
    written: TableSchema,
    reading: Reading,
) -> Table:
    """Judge a table whose format tells numbers from texts: only its texts have to be looked at."""
    kinds = [str(kind) for kind in connection.sql("FROM data").types]
    known = _known(names, written, reading)
    columns, found, pending = [], [], []
    for position, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        column = known.columns[position] if known else None
        one = Found(_of_type(name, kind), {})
        if column is None:
            if kind == "VARCHAR" and one.column.type != BOOLEAN:
                one = _judge_texts(connection, position, name, reading.missing)
            column = reading.declared.apply(one.column)
        if not _has_type(kind, column.type):
            pending.append(position)
        columns.append(column)
        found.append(one)
    schema = replace(known or written, columns=tuple(columns))
    if reading.types:
        _drop_marks(connection, schema, kinds, pending)
    return Table(connection, schema, tuple(pending), () if known else tuple(found))


def _has_type(kind: str, wanted: str) -> bool:
    """Tell whether values of a database type are what the schema wants already."""
    match wanted:
        case "number":
            return kind in ("BIGINT", "DOUBLE")
        case "date":
            return kind == "TIMESTAMP"
        case _:
            return True


def _of_type(name: str, kind: str) -> ColumnSchema:
    match kind:
        case "BIGINT" | "DOUBLE":
            return ColumnSchema(name, NUMBER, whole=kind == "BIGINT")
        case "TIMESTAMP":
            return ColumnSchema(name, DATE, format=ISO)
        case _:
            return ColumnSchema(name, CATEGORY)


def _judge_texts(
    connection: duckdb.DuckDBPyConnection, position: int, name: str, missing: Sequence[str]
) -> Found:
    """Judge texts by the first ones, and by all of them where those are numbers or dates."""
    counts = count_texts(connection, "data", position, SAMPLE_ROWS)
    found = infer_column(name, counts, is_typed=True, missing=missing)
    if found.column.type in (NUMBER, DATE, BOOLEAN):
        counts = count_texts(connection, "data", position)
        found = infer_column(name, counts, is_typed=True, missing=missing)
    return found


def _drop_marks(
    connection: duckdb.DuckDBPyConnection,
    schema: TableSchema,
    kinds: Sequence[str],
    pending: Sequence[int],
) -> None:
    """Make gaps of texts that stand for a missing value, as in delimited text."""
    expressions = []
    for position, (column, kind) in enumerate(zip(schema.columns, kinds, strict=True)):
        if kind != "VARCHAR" or position in pending:
            continue
        listed = ", ".join(map(literal, sorted(schema.marks(column))))
        name = place(position)
        test = f"SELECT 1 FROM data WHERE {name} IN ({listed}) LIMIT 1"  # noqa: S608
        if listed and connection.execute(test).fetchone():
            expressions.append(f"CASE WHEN {name} NOT IN ({listed}) THEN {name} END AS {name}")
    if expressions:
        changed = f"SELECT * REPLACE ({', '.join(expressions)}) FROM data"  # noqa: S608
        connection.execute(f"CREATE TEMP TABLE marked AS {changed}")
        connection.execute("DROP TABLE data")
        connection.execute("ALTER TABLE marked RENAME TO data")


def _load_parquet(connection: duckdb.DuckDBPyConnection, plain: Path, name: str) -> list[str]:
    """Load a Parquet file and return its names: DuckDB renames those that differ in case alone."""
    names = _load_query(connection, f"FROM read_parquet({one_file(plain)}, {AS_IT_IS})", name)
    query = f"SELECT name, num_children FROM parquet_schema({one_file(plain)})"  # noqa: S608
    written = [row[0] for row in connection.execute(query).fetchall()[1:] if not row[1]]
    pairs = list(zip(names, written, strict=False))
    is_flat = len(written) == len(names) and all(n.startswith(w) for n, w in pairs)
    return written if is_flat else names


def _load_json(connection: duckdb.DuckDBPyConnection, text: Path, name: str) -> list[str]:
    """Load records or lines with DuckDB; the column-wise layouts are small enough for memory.

    Texts that are dates stay texts, for the schema to say how they are read; a column of mixed
    values is one of texts. DuckDB cannot tell names that differ in case alone: pandas can.
    """
    layout = formats.json_layout(text)
    if layout is None:
        return _load_frame(connection, formats.read_json_columns(text), name)
    options = f"format='{layout}', sample_size=-1, dateformat='iso', {AS_IT_IS}"
    source = f"FROM read_json({one_file(text)}, {options})"
    try:
        relation = connection.sql(source)
        columns = dict(zip(relation.columns, map(str, relation.types), strict=True))
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise UnreadableData(f"`{name}` is damaged, or is not what its name says.") from error
    if _has_twins(columns):
        return _load_frame(connection, formats.read_json_records(text, layout), name)
    kinds = ", ".join(f"{literal(key)}: '{_json_kind(kind)}'" for key, kind in columns.items())
    options = f"format='{layout}', {AS_IT_IS}, columns={{{kinds}}}"
    return _load_query(connection, f"FROM read_json({one_file(text)}, {options})", name)


def _has_twins(columns: Mapping[str, str]) -> bool:
    """Tell whether DuckDB may have renamed a column because another differs in case alone."""
    lower = {column.lower() for column in columns}
    parts = [column.rpartition("_") for column in columns]
    return any(base.lower() in lower and number.isdigit() for base, _, number in parts if base)


def _json_kind(kind: str) -> str:
    if kind in ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "BOOLEAN", "JSON"):
        return kind
    return "JSON" if kind.startswith(("STRUCT", "MAP")) or kind.endswith("[]") else "VARCHAR"


def _load_query(connection: duckdb.DuckDBPyConnection, query: str, name: str) -> list[str]:
    try:
        relation = connection.sql(query)
        names = list(relation.columns)
        text = _in_four_types(names, [str(kind) for kind in relation.types], query)
        connection.execute(f"CREATE TEMP TABLE data AS {text}")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise UnreadableData(f"`{name}` is damaged, or is not what its name says.") from error
    return names


def _load_frame(connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame, name: str) -> list[str]:
    names = [str(column) if column is not None else "" for column in frame.columns]
    connection.register("frame", frame.set_axis(map(place, range(len(names))), axis="columns"))
    _load_query(connection, "FROM frame", name)
    connection.unregister("frame")
    return names


def _in_four_types(names: Sequence[str], kinds: Sequence[str], query: str) -> str:
    """Cast every column to what `orig_datatype` knows: integer, double, datetime, string (§2.8)."""
    casts = ", ".join(
        f"{_cast(quoted(name), kind)} AS {place(position)}"
        for position, (name, kind) in enumerate(zip(names, kinds, strict=True))
    )
    return f"SELECT {casts} FROM ({query})"  # noqa: S608  (names are quoted)


_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_BIG_NUMBERS = {"UBIGINT", "HUGEINT", "UHUGEINT"}
_TIMES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}


def _cast(name: str, kind: str) -> str:
    match kind:
        case "BOOLEAN":
            return f"CASE {name} WHEN true THEN 'True' WHEN false THEN 'False' END"
        case "TIMESTAMP WITH TIME ZONE":
            return f"make_timestamp(epoch_us({name}))"
        case "FLOAT" | "DOUBLE":
            return f"CAST({finite(name)} AS DOUBLE)"
        case "JSON":
            return f"{name} ->> '$'"
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
