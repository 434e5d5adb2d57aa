"""Load formats that tell numbers from texts into DuckDB as a table: Parquet, JSON and frames."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd

from auger_hub.data.files import formats
from auger_hub.data.files.unreadable import UnreadableData
from auger_hub.data.long_numbers import find_long, to_names, with_texts
from auger_hub.data.schema import (
    BOOLEAN,
    CATEGORY,
    DATE,
    ISO,
    NUMBER,
    TEXT,
    ColumnSchema,
    TableSchema,
)
from auger_hub.data.table import Reading, Table
from auger_hub.data.text.delimited import (
    AS_IT_IS,
    SAMPLE_ROWS,
    clean_number,
    clean_text,
    count_texts,
    place,
)
from auger_hub.data.text.infer import Found, infer_column
from auger_hub.data.text.sql import literal, one_file, quoted
from auger_hub.data.text.typed import text_marks

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_BIG_NUMBERS = {"UBIGINT", "HUGEINT", "UHUGEINT"}
_WHOLE_DECIMAL = re.compile(r"DECIMAL\([0-9]+,0\)")
_TIMES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}


def load_parquet(connection: duckdb.DuckDBPyConnection, plain: Path, name: str) -> list[str]:
    """Load a Parquet file and return its names: DuckDB renames those that differ in case alone."""
    names = _load_query(connection, f"FROM read_parquet({one_file(plain)}, {AS_IT_IS})", name)
    query = f"SELECT name, num_children FROM parquet_schema({one_file(plain)})"  # noqa: S608
    written = [row[0] for row in connection.execute(query).fetchall()[1:] if not row[1]]
    pairs = list(zip(names, written, strict=False))
    is_flat = len(written) == len(names) and all(n.startswith(w) for n, w in pairs)
    return written if is_flat else names


def load_json(connection: duckdb.DuckDBPyConnection, text: Path, name: str) -> list[str]:
    """Load records or lines with DuckDB; the column-wise layouts are small enough for memory.

    Texts that are dates stay texts, for the schema to say how they are read; a column of mixed
    values is one of texts. DuckDB cannot tell names that differ in case alone: pandas can.
    """
    layout = formats.json_layout(text)
    if layout is None:
        return load_frame(connection, formats.read_json_columns(text), name)
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
        return load_frame(connection, formats.read_json_records(text, layout), name)
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
        kinds = _whole_kinds(connection, names, list(map(str, relation.types)), query)
        text = _in_four_types(names, kinds, query)
        connection.execute(f"CREATE TABLE data AS {text}")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise UnreadableData(f"`{name}` is damaged, or is not what its name says.") from error
    return names


def _whole_kinds(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], kinds: Sequence[str], query: str
) -> list[str]:
    """Return the kinds of columns, of whole numbers beyond 64 bits and a sign by their values."""
    big = [
        quoted(name)
        for name, kind in zip(names, kinds, strict=True)
        if kind in _BIG_NUMBERS or _WHOLE_DECIMAL.fullmatch(kind)
    ]
    long = find_long(connection, f"({query})", big)
    chosen = {name: "VARCHAR" if name in long else "BIGINT" for name in big}
    return [chosen.get(quoted(name), kind) for name, kind in zip(names, kinds, strict=True)]


def load_frame(connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame, name: str) -> list[str]:
    """Load a data frame, whatever its columns are called."""
    names = ["" if pd.isna(column) else str(column) for column in frame.columns]
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


def _cast(name: str, kind: str) -> str:
    match kind:
        case "BOOLEAN":
            return f"CASE {name} WHEN true THEN 'True' WHEN false THEN 'False' END"
        case "TIMESTAMP WITH TIME ZONE":
            return f"make_timestamp(epoch_us({name}))"
        case "FLOAT" | "DOUBLE":
            return f"CAST({name} AS DOUBLE)"
        case "JSON":
            return f"{name} ->> '$'"
    if kind in _INTEGERS:
        target = "BIGINT"
    elif kind.startswith("DECIMAL"):
        target = "DOUBLE"
    else:
        target = "TIMESTAMP" if kind in _TIMES else "VARCHAR"
    return f"CAST({name} AS {target})"


def judge_typed(
    connection: duckdb.DuckDBPyConnection,
    names: Sequence[str],
    written: TableSchema,
    reading: Reading,
) -> Table:
    """Judge a table whose format tells numbers from texts: only its texts have to be looked at."""
    kinds = [str(kind) for kind in connection.sql("FROM data").types]
    known = reading.known(names, written)
    columns, found, pending = [], [], []
    whole = [] if known else [place(n) for n, kind in enumerate(kinds) if kind == "BIGINT"]
    long = find_long(connection, "data", whole)
    for position, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        column = known.columns[position] if known else None
        one = Found(_of_type(name, kind), {})
        if column is None:
            if place(position) in long:
                one = to_names(name, long[place(position)])
            elif kind == "VARCHAR" and one.column.type != BOOLEAN:
                one = _judge_texts(connection, position, name, reading.missing)
            column = reading.declared.apply(one.column)
        if not _has_type(kind, column.type):
            pending.append(position)
        columns.append(column)
        found.append(one)
    schema = replace(known or written, columns=tuple(columns))
    if reading.types:
        _clean(connection, schema, kinds, pending)
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


def _clean(
    connection: duckdb.DuckDBPyConnection,
    schema: TableSchema,
    kinds: Sequence[str],
    pending: Sequence[int],
) -> None:
    """Make values what the schema says they are, as in delimited text: gaps, truth values."""
    expressions = {}
    for position, (column, kind) in enumerate(zip(schema.columns, kinds, strict=True)):
        if kind == "TIMESTAMP" or position in pending:
            continue
        name = place(position)
        if kind == "VARCHAR":
            clean = clean_text(name, column, text_marks(column, schema))
        else:
            clean = clean_number(name, column, schema)
            if column.whole and column.type in (CATEGORY, TEXT):
                expressions[name] = _whole_text(clean, name)
                continue
        test = f"SELECT 1 FROM data WHERE {clean} IS DISTINCT FROM {name} LIMIT 1"  # noqa: S608
        if clean != name and connection.execute(test).fetchone():
            expressions[name] = clean
    with_texts(connection, expressions)


def _whole_text(number: str, name: str) -> str:
    """Return numbers as names: whole ones without a fraction."""
    is_whole = f"{name} = floor({name}) AND abs({name}::DOUBLE) < 1e18"
    text = f"CASE WHEN {is_whole} THEN {name}::BIGINT::VARCHAR ELSE {name}::VARCHAR END"
    return f"CASE WHEN {number} IS NOT NULL THEN {text} END"
