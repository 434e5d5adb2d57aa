"""Load delimited text into DuckDB as a table, typed by a schema or by its values."""

from dataclasses import replace
from pathlib import Path

import duckdb

from auger_hub.data.files.bounds import STREAMED_TABLE
from auger_hub.data.files.formats import DELIMITED
from auger_hub.data.files.unreadable import UnreadableData
from auger_hub.data.long_numbers import find_long, to_names, with_texts
from auger_hub.data.schema import CATEGORY, DATE, NUMBER, ColumnSchema, TableSchema
from auger_hub.data.table import Reading, Table
from auger_hub.data.text import delimited
from auger_hub.data.text.delimited import count_texts, place
from auger_hub.data.text.infer import Found, infer_column
from auger_hub.data.text.wide import WIDE, is_wide, judge_cells, read_cells, type_cells

_COMMENTS_WITHIN = 64 << 20  # bytes in which a comment among the rows is looked for


def load_delimited(
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
    known = reading.known(file.dialect.names, written)
    try:
        if is_wide(file):
            return _load_wide(connection, file, known or written, reading, name)
        if file.width <= WIDE:
            connection.execute(f"SET memory_limit = '{STREAMED_TABLE >> 20}MiB'")
        with delimited.without_blanks(file) as bare:
            if known is not None:
                return _try_queries(connection, bare, known, (), name)
            found = delimited.judge(connection, bare, reading.missing, whole=False)
            schema = replace(written, columns=reading.declare(found))
            table = _try_queries(connection, bare, schema, tuple(found), name)
            return _name_long_numbers(_settle(table, reading), reading)
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
        schema = replace(schema, columns=reading.declare(found))
    whole = type_cells(cells, schema, found)
    return Table(connection, schema, (), tuple(found), whole=whole)


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
        connection.execute(f"CREATE TABLE data AS {query}")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        return error
    return None


def _name_long_numbers(table: Table, reading: Reading) -> Table:
    """Make names of whole numbers that no float can hold; the first rows may have had none."""
    found, columns = list(table.found), list(table.schema.columns)
    numbers = {
        place(position): position
        for position, column in enumerate(columns)
        if column.type == NUMBER and column.whole and position not in table.pending
    }
    texts = {}
    for name, longest in find_long(table.connection, "data", list(numbers)).items():
        position = numbers[name]
        found[position] = to_names(columns[position].name, longest)
        columns[position] = reading.declared.apply(found[position].column)
        if columns[position].type == NUMBER:  # it was declared
            columns[position] = table.schema.columns[position]
        else:
            texts[name] = f"CAST({name} AS VARCHAR)"
    with_texts(table.connection, texts)
    schema = replace(table.schema, columns=tuple(columns))
    return replace(table, schema=schema, found=tuple(found))


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
