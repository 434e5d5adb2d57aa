"""Read delimited text (CSV and its relatives) by DuckDB queries, typed by a schema or by looking.

DuckDB's own sniffer may skip lines or rename columns to make a file fit; here `dialect` finds the
header, and a row that is too long or too short is an error. `yes` stays text, and so does `007`: a
code is no number. In queries a column has the name of its place: names may differ in case alone.
"""

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from auger_hub.data.files.unreadable import UnreadableData
from auger_hub.data.schema import DATE, ISO, MISSING, NUMBER, ColumnSchema, TableSchema
from auger_hub.data.text.dialect import BadText, Dialect, find_dialect, read_rows
from auger_hub.data.text.infer import GROUPED, Found, infer_column
from auger_hub.data.text.sql import literal, one_file
from auger_hub.data.text.typed import (
    FALSE,
    TRUE,
    WHOLE_NAME,
    WHOLE_NAME_PARTS,
    missing_numbers,
    text_marks,
)

AS_IT_IS = "hive_partitioning=false"
"""A folder called `year=2024` is a project of that name and no column."""
SAMPLE_ROWS = 20_480
_HEAD_BYTES = 1 << 20
_LONGEST_LINE = 2 << 20
MOST_COLUMNS = 25_000
_MOST_COMPARED_TEXTS = 20
_JUDGED_AT_ONCE = 50
_MOST_REJECTS = 1_000

_INTEGER = r"\s*[+-]?(0|[1-9][0-9]*)\s*"
_DOUBLE = (
    r"\s*[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
    r"|[+-]?[iI][nN][fF]([iI][nN][iI][tT][yY])?"
)
_ISO_DATE = (
    r"\s*[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
    r"([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)?)?\s*"
)
_PLAIN_TYPES = {"BIGINT": _INTEGER, "DOUBLE": _DOUBLE, "TIMESTAMPTZ": _ISO_DATE}


@dataclass(frozen=True)
class DelimitedFile:
    """A text file in UTF-8 and how it is written."""

    path: Path
    dialect: Dialect

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return len(self.dialect.header)


def place(position: int) -> str:
    """Return the name of a column in queries."""
    return f"c{position}"


def look_at(path: Path) -> DelimitedFile:
    """Find delimiter and column names from the first megabyte.

    Raises:
        UnreadableData: There is nothing in the file, or its first line names no columns.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).decode("utf-8-sig", errors="ignore")
        if len(head) >= _HEAD_BYTES - 4:
            head = head[: head.rfind("\n") + 1] or head
    _refuse_long_last_line(path)
    try:
        dialect = find_dialect(head)
    except BadText as error:
        raise UnreadableData(f"`{path.name}` {error}.") from error
    if len(dialect.header) > MOST_COLUMNS:
        raise UnreadableData(f"`{path.name}` has more than {MOST_COLUMNS:,} columns.")
    return DelimitedFile(path, dialect)


@contextmanager
def without_blanks(file: DelimitedFile) -> Iterator[DelimitedFile]:
    """Yield the file, or a copy without blanks around cells, or without blank lines as rows.

    DuckDB has rules of its own for blanks beside quotes, and takes a blank line in a table of one
    column for a row.
    """
    if not file.dialect.spaced and file.width > 1:
        yield file
        return
    with without_comments(file) as (bare, _):
        yield bare


@contextmanager
def without_comments(file: DelimitedFile) -> Iterator[tuple[DelimitedFile, int]]:
    """Yield a copy of the file with its rows alone, and how many lines were comments."""
    comments: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / file.path.name
        with (
            file.path.open(encoding="utf-8-sig", newline="") as source,
            copy.open("w", encoding="utf-8", newline="") as target,
        ):
            writer = csv.writer(target, delimiter=file.dialect.delimiter, lineterminator="\n")
            rows = read_rows(source, file.dialect, comments.append)
            try:
                writer.writerows(row.cells for row in rows)
            except BadText as error:
                raise UnreadableData(f"`{file.path.name}` {error}.") from error
        dialect = replace(file.dialect, skipped=0, spaced=False)
        yield DelimitedFile(copy, dialect), len(comments)


def _refuse_long_last_line(path: Path) -> None:
    """DuckDB refuses a line that is too long, but leaves the last one out without a word."""
    if path.stat().st_size <= _LONGEST_LINE:
        return
    with path.open("rb") as file:
        file.seek(-_LONGEST_LINE, os.SEEK_END)
        end = file.read().rstrip(b"\r\n")
    if b"\n" not in end and b"\r" not in end:
        raise UnreadableData(f"`{path.name}` has a line of more than 2 MB at its end.")


def judge(
    connection: duckdb.DuckDBPyConnection,
    file: DelimitedFile,
    missing: Sequence[str] = MISSING,
    *,
    whole: bool,
) -> list[Found]:
    """Find what each column is, by the first `SAMPLE_ROWS` rows or by the whole file."""
    limit = "" if whole else f" LIMIT {SAMPLE_ROWS}"
    source = _read_csv(file, ["VARCHAR"] * file.width, missing)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE sample AS FROM {source}{limit}")
    kinds = _plain_types(connection, file.width)
    found = []
    for position, (name, kind) in enumerate(zip(file.dialect.names, kinds, strict=True)):
        match kind:
            case "BIGINT" | "DOUBLE":
                column = ColumnSchema(name, NUMBER, whole=kind == "BIGINT")
                found.append(Found(column, {}))
            case "TIMESTAMPTZ":
                found.append(Found(ColumnSchema(name, DATE, format=ISO), {}))
            case _:
                counts = count_texts(connection, "sample", position)
                delimiter = file.dialect.delimiter
                found.append(infer_column(name, counts, delimiter=delimiter, missing=missing))
    if file.dialect.delimiter == ";":
        found = [_regrouped(connection, n, one, found) for n, one in enumerate(found)]
    connection.execute("DROP TABLE sample")
    return found


def _regrouped(
    connection: duckdb.DuckDBPyConnection, position: int, one: Found, others: Sequence[Found]
) -> Found:
    """Look again at `100.101`, a fraction or not: where semicolons are, commas may be decimal."""
    if one.column.type != NUMBER or not one.column.is_plain or one.column.whole:
        return one
    name = place(position)
    query = (
        f"SELECT bool_and(regexp_full_match({name}, '{GROUPED.pattern}')), max({name})"  # noqa: S608
        f" FROM sample WHERE {name} IS NOT NULL AND {name} LIKE '%.%'"
        f" HAVING (SELECT bool_and(regexp_full_match({name}, '{GROUPED.pattern}')) FROM sample)"
    )
    row = connection.execute(query).fetchone()
    if not row or not row[0]:
        return one
    if any(other.column.decimal == "," for other in others):
        return replace(one, column=replace(one.column, decimal=",", thousands="."))
    return replace(one, grouped=str(row[1]).strip())


_MOST_DIFFERENT = 200_000


def count_texts(
    connection: duckdb.DuckDBPyConnection, table: str, position: int, rows: int | None = None
) -> dict[str, int]:
    """Return the different texts of a column and how often each occurs, the commonest of many."""
    column = place(position)
    source = table if rows is None else f"(FROM {table} LIMIT {rows})"
    query = (
        f"SELECT {column}, count(*) AS n FROM {source} WHERE {column} IS NOT NULL"  # noqa: S608
        f" GROUP BY ALL ORDER BY n DESC, {column} LIMIT {_MOST_DIFFERENT}"
    )
    return dict(connection.execute(query).fetchall())


def _plain_types(connection: duckdb.DuckDBPyConnection, width: int) -> list[str]:
    """Choose for each column the narrowest type that every value of the sample has."""
    types = []
    for start in range(0, width, _JUDGED_AT_ONCE):
        names = [place(n) for n in range(start, min(width, start + _JUDGED_AT_ONCE))]
        checks = ", ".join(
            f"coalesce(bool_and(regexp_full_match({name}, '{pattern}')), false)"
            f" AND count(try_cast({name} AS {kind})) = count({name})"
            for name in names
            for kind, pattern in _PLAIN_TYPES.items()
        )
        fits = iter(connection.execute(f"SELECT {checks} FROM sample").fetchone() or ())  # noqa: S608
        for name in names:
            fitting = [kind for kind in _PLAIN_TYPES if next(fits)]
            types.append(_narrowest(connection, name, fitting))
    return types


def _narrowest(connection: duckdb.DuckDBPyConnection, name: str, fitting: list[str]) -> str:
    """Return the first that fits; integers too long for one may be names, and are looked at."""
    if not fitting or fitting[0] != "DOUBLE":
        return fitting[0] if fitting else "VARCHAR"
    long = f"bool_and(regexp_full_match({name}, '{_INTEGER}'))"
    row = connection.execute(f"SELECT {long} FROM sample").fetchone()  # noqa: S608
    return "VARCHAR" if row and row[0] else "DOUBLE"


@dataclass(frozen=True)
class Query:
    """A query that reads a file, and the places of columns that are texts still to be typed."""

    text: str
    pending: tuple[int, ...]


def queries(file: DelimitedFile, schema: TableSchema) -> Iterator[Query]:
    """Yield queries that read `file` by a schema; each is for when those before it failed.

    A reader that compares every value with all that stands for missing takes a quarter longer, so
    the first query compares texts only: a number that is missing is mostly empty, and everything
    else there is an error. That takes megabytes for each column of texts. The last query reads
    texts alone, and fails only where the file is no table.
    """
    texts = sum(column.type not in (NUMBER, DATE) for column in schema.columns)
    if texts <= _MOST_COMPARED_TEXTS:
        yield _select(file, schema, ("",))
    if not any(column.kept for column in schema.columns):
        yield _select(file, schema, schema.missing)
    yield _select(file, schema, None)


def _select(file: DelimitedFile, schema: TableSchema, missing: Sequence[str] | None) -> Query:
    """Return a query; `missing` is what the reader takes for it, None to read texts alone."""
    kinds = [
        _kind_to_read(column, schema) if missing is not None else "VARCHAR"
        for column in schema.columns
    ]
    nulls = set(missing or ())
    expressions = ", ".join(
        f"{_expression(place(position), kind, column, schema, nulls)} AS {place(position)}"
        for position, (column, kind) in enumerate(zip(schema.columns, kinds, strict=True))
    )
    pending = tuple(
        position
        for position, (column, kind) in enumerate(zip(schema.columns, kinds, strict=True))
        if kind == "VARCHAR" and column.type in (NUMBER, DATE)
    )
    source = _read_csv(file, kinds, missing or ())
    return Query(f"SELECT {expressions} FROM {source}", pending)  # noqa: S608  (names are places)


def _kind_to_read(column: ColumnSchema, schema: TableSchema) -> str:
    """Return the type that the reader itself can make of a column."""
    if not column.is_plain or schema.marks(column) - set(schema.missing):
        return "VARCHAR"
    match column.type:
        case "number":
            return "BIGINT" if column.whole else "DOUBLE"
        case "date":
            return "TIMESTAMPTZ"
        case _:
            return "VARCHAR"


def _expression(
    name: str, kind: str, column: ColumnSchema, schema: TableSchema, nulls: AbstractSet[str]
) -> str:
    """Return a column as the schema has it; texts still to be typed are left as they stand."""
    match kind:
        case "BIGINT" | "DOUBLE":
            return clean_number(name, column, schema)
        case "TIMESTAMPTZ":
            return f"make_timestamp(epoch_us({name}))"
        case "VARCHAR" if column.type in (NUMBER, DATE):
            return name
        case _:
            marks = text_marks(column, schema)
            is_as_it_stands = not column.spelling and not column.whole
            return clean_text(name, column, marks - nulls if is_as_it_stands else marks)


def clean_text(name: str, column: ColumnSchema, marks: Iterable[str]) -> str:
    """Return texts as the schema has them: gaps for marks, one way to write the same value."""
    text, listed = name, sorted(marks)
    if column.spelling:
        yes, no = map(literal, column.spelling)
        cases = f"WHEN regexp_full_match({name}, '{TRUE}') THEN {yes}"
        cases += f" WHEN regexp_full_match({name}, '{FALSE}') THEN {no}"
        text = f"CASE {cases} ELSE {name} END"
    elif column.whole:
        text = f"regexp_replace({name}, '{WHOLE_NAME}', '{WHOLE_NAME_PARTS}')"
    return f"CASE WHEN {text} NOT IN ({_literals(listed)}) THEN {text} END" if listed else text


def clean_number(name: str, column: ColumnSchema, schema: TableSchema) -> str:
    """Return numbers with gaps for those that stand for a missing value."""
    listed = ", ".join(f"{number!r}::DOUBLE" for number in sorted(missing_numbers(column, schema)))
    return f"CASE WHEN {name}::DOUBLE NOT IN ({listed}) THEN {name} END" if listed else name


def _read_csv(
    file: DelimitedFile, kinds: Sequence[str], missing: Sequence[str], rejecting: str = ""
) -> str:
    columns = ", ".join(f"'{place(n)}': '{kind}'" for n, kind in enumerate(kinds))
    marks = f" nullstr=[{_literals(missing)}]," if missing else ""
    marks += f" {rejecting}," if rejecting else ""
    return (
        f"read_csv({one_file(file.path)}, {AS_IT_IS}, auto_detect=false, header=true,"
        f" skip={file.dialect.skipped}, quote='\"', escape='\"',"
        f" delim={literal(file.dialect.delimiter)},{marks} columns={{{columns}}})"
    )


def _literals(texts: Iterable[str]) -> str:
    return ", ".join(map(literal, texts))


def is_ragged(error: duckdb.Error) -> bool:
    """Tell an error of the file itself, which no other choice of types would mend."""
    return not isinstance(error, duckdb.ConversionException)


def explain(
    connection: duckdb.DuckDBPyConnection, file: DelimitedFile, name: str
) -> UnreadableData:
    """Say in one sentence why a file is no table: by the first row that DuckDB's reader rejects."""
    rejecting = f"store_rejects=true, rejects_limit={_MOST_REJECTS}"
    source = _read_csv(file, ["VARCHAR"] * file.width, (), rejecting)
    query = "SELECT line, error_type::VARCHAR, csv_line FROM reject_errors ORDER BY line LIMIT 1"
    try:
        connection.execute(f"SELECT count(*) FROM {source}").fetchall()  # noqa: S608  (places)
        line, code, text = connection.execute(query).fetchone() or (None, "", "")
    except duckdb.Error:
        line, code, text = None, "", ""
    where = f" in line {line}" if line else ""
    match code:
        case "TOO MANY COLUMNS" | "MISSING COLUMNS":
            cells = len(
                next(
                    csv.reader(text.strip("\r\n").splitlines(), delimiter=file.dialect.delimiter),
                    (),
                )
            )
            return UnreadableData(f"`{name}` has {cells} values{where}, but {file.width} columns.")
        case "UNQUOTED VALUE":
            return UnreadableData(f"`{name}` has a quote{where} that is never closed.")
        case "LINE SIZE OVER MAXIMUM":
            return UnreadableData(f"`{name}` has a line of more than 2 MB{where}.")
    return UnreadableData(f"`{name}` cannot be read as a table{where}.")
