"""Collect notices about a data set: guesses made when reading it, oddities of its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from auger_hub.data.delimited import place
from auger_hub.data.infer import Found
from auger_hub.data.notices import Notice, rows
from auger_hub.data.read import Table
from auger_hub.data.schema import DATE, NUMBER, ColumnSchema, TableSchema

CERTAIN = ("utf-8", "utf-16", None)
LEAST_ROWS = 20
_DUPLICATES_AT_MOST = 3_000_000
_WIDTH_AT_MOST = 200
_MOST_SERIES = 5_000
_IDENTIFIER = re.compile(
    r"(^|[_\s.-])(id|ids|uuid|guid|index|key|nr|no|number)$|^(id|uuid|guid|index)([_\s.-]|$)"
    r"|^Unnamed: \d+$|[a-z](ID|Id|No)$",
)
_ID_NAMES = re.compile(_IDENTIFIER.pattern, re.IGNORECASE)


@dataclass(frozen=True)
class Figures:
    """What a notice needs to know of a column."""

    column: ColumnSchema
    present: int
    unique: int
    lowest: float | None = None
    highest: float | None = None
    words: float = 1.0


def purpose_of(figures: Figures, count: int) -> str:
    """Return what a column is for: `identifier`, `constant`, or `feature`."""
    if figures.unique <= 1 and figures.present in (0, count):
        return "constant"
    all_differ = figures.unique == figures.present == count >= LEAST_ROWS
    if not all_differ or figures.column.type == DATE:
        return "feature"
    if figures.column.type != NUMBER:
        return "identifier" if figures.words < 4 else "feature"
    if not figures.column.whole:
        return "feature"
    span = (figures.highest or 0) - (figures.lowest or 0) + 1
    is_named = _ID_NAMES.search(figures.column.name) is not None
    return "identifier" if span == count or is_named else "feature"


def notices_of_file(schema: TableSchema, header: Sequence[str] = ()) -> Iterator[Notice]:
    """Yield what was guessed about the file as a whole."""
    if schema.encoding not in CERTAIN:
        text = f"The file is no Unicode; its encoding is taken for {schema.encoding}."
        yield Notice("encoding-guessed", text)
    if schema.skipped:
        text = f"The first {schema.skipped} lines of the file are no rows and were skipped."
        yield Notice("lines-skipped", text, count=schema.skipped)
    for name, written in zip(schema.names, header, strict=False):
        if not written.strip():
            text = f"A column without a name is called `{name}`."
            yield Notice("column-without-name", text, name)
        elif written != name:
            text = f"The name `{written}` stands more than once; this column is called `{name}`."
            yield Notice("doubled-name", text, name)


def notices_of_reading(
    found: Sequence[Found], schema: TableSchema, lost: Mapping[int, int]
) -> Iterator[Notice]:
    """Yield how the texts of each column were understood."""
    for position, (one, column) in enumerate(zip(found, schema.columns, strict=False)):
        yield from _styles(column)
        if one.marks and one.column == column:
            listed = ", ".join(f"`{mark}`" for mark in sorted(one.marks)[:5])
            count = sum(one.marks.values())
            text = f"{listed} in `{column.name}` ({rows(count)}) is taken for a missing value."
            yield Notice("missing-tokens", text, column.name, count)
        unread = lost.get(position, 0)
        if unread:
            example = f", as `{one.example}`" if one.example else ""
            text = f"{rows(unread)} of `{column.name}` cannot be read as a {column.type}{example}."
            yield Notice("mixed-column", text, column.name, unread)


def _styles(column: ColumnSchema) -> Iterator[Notice]:
    if column.type == NUMBER and not column.is_plain:
        marks = [f"`{column.decimal}` before decimals"] if column.decimal != "." else []
        if column.thousands:
            marks.append(f"`{column.thousands}` between thousands")
        if column.symbols:
            marks.append(f"the signs {', '.join(f'`{sign}`' for sign in column.symbols)}")
        text = f"`{column.name}` is read as numbers with {' and '.join(marks)}."
        yield Notice("number-format", text, column.name)
    elif column.type == DATE and not column.is_plain:
        text = f"`{column.name}` is read as dates written as `{column.format}`."
        yield Notice("date-format", text, column.name)


def notices_of_columns(table: Table, figures: Sequence[Figures], count: int) -> Iterator[Notice]:
    """Yield what the values of the columns suggest."""
    for one in figures:
        name = one.column.name
        match purpose_of(one, count):
            case "constant" if not one.present:
                yield Notice("empty-column", f"`{name}` has no value in any row.", name, count)
            case "constant":
                yield Notice("constant-column", f"`{name}` is the same in all rows.", name, count)
            case "identifier":
                text = f"`{name}` is different in every row: it looks like an identifier."
                yield Notice("identifier", text, name, one.unique)
    if not table.is_part:
        yield from _duplicates(table, count)
        yield from _panel(table, figures, count)


def _duplicates(table: Table, count: int) -> Iterator[Notice]:
    width = len(table.schema.columns)
    if count > _DUPLICATES_AT_MOST or width > _WIDTH_AT_MOST:
        return
    every = ", ".join(place(position) for position in range(width))
    query = f"SELECT count(DISTINCT hash({every})) FROM data"  # noqa: S608  (names are places)
    row = table.connection.execute(query).fetchone()
    doubled = count - int(row[0]) if row else 0
    if doubled:
        text = f"{rows(doubled)} are the same as another one, in every column."
        yield Notice("duplicate-rows", text, count=doubled)


def _panel(table: Table, figures: Sequence[Figures], count: int) -> Iterator[Notice]:
    """Tell several time series in one table: times repeat, but not within one of them."""
    times = [
        n
        for n, one in enumerate(figures)
        if one.column.type == DATE and 2 < one.unique < count * 0.7
    ][:2]
    names = [
        n
        for n, one in enumerate(figures)
        if one.column.type != DATE
        and 1 < one.unique <= min(_MOST_SERIES, count // 3)
        and (one.column.type != NUMBER or one.column.whole)
    ][:8]
    if count > _DUPLICATES_AT_MOST or len(figures) > _WIDTH_AT_MOST:
        return
    for time in times:
        for name in names:
            query = f"SELECT count(DISTINCT hash({place(time)}, {place(name)})) FROM data"  # noqa: S608
            row = table.connection.execute(query).fetchone()
            if row and int(row[0]) == count:
                series, when = figures[name].column.name, figures[time].column.name
                text = (
                    f"The times of `{when}` repeat, but not for one value of `{series}`:"
                    f" these look like {figures[name].unique:,} time series."
                )
                yield Notice("panel-suspected", text, series, figures[name].unique)
                return
