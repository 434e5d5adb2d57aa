"""Collect notices about a data set: guesses made when reading it, oddities of its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from auger_hub.data.notices import Notice, comments_skipped, lines_skipped, rows
from auger_hub.data.panel import Panel, find_panel
from auger_hub.data.schema import (
    CATEGORY,
    DATE,
    EXACT,
    ISO,
    NUMBER,
    TEXT,
    ColumnSchema,
    TableSchema,
)
from auger_hub.data.table import Table
from auger_hub.data.text.delimited import place
from auger_hub.data.text.infer import Found
from auger_hub.data.text.looks import MISSING_LOOKS
from auger_hub.data.text.sql import literal

CERTAIN = ("utf-8", "utf-16", "utf-32", None)
LEAST_ROWS = 20
_DUPLICATES_AT_MOST = 3_000_000
_WIDTH_AT_MOST = 200
_MOST_TIMES = 2
_REPEATED = 0.7
_LEAST_DATES = 5
_IDENTIFIER = re.compile(
    r"(^|[_\s.-])(id|ids|uuid|guid|index|key|nr|no|number)$|^(id|uuid|guid|index)([_\s.-]|$)"
    r"|^Unnamed: \d+$|^__index_level_\d+__$|[a-z](ID|Id|No)$",
)
_NUMBER = re.compile(r"[+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?", re.ASCII)
_TIME_NAMES = re.compile(
    r"date|time|day|month|epoch|created|updated|(^|[_\s.-])(at|ts|dt|when)$", re.IGNORECASE
)
_SEPARATED = re.compile(
    r"[^,;|\t]+([,;|\t][^,;|\t]+)+|\S+(\s+\S+)+|[^:]+(:[^:]+)+|[^~^]+([~^][^~^]+)+"
)
_EXCEL_DAYS = (20_000, 73_000)  # 1954 to 2099
_PLACEHOLDERS = {99, 999, 9_999, 99_999, 999_999}
_LEAST_VALUES = 4
_LONG_NUMBER = 1e10
_TOTALS_WITHIN = 3  # columns
_REPORT_ROWS = 200_000  # tables with sums below them are made for people
_SUM = "(grand |sub|sub-|zwischen)?(totals?|sum|gesamt(summe)?|summe|totale|somme)|итого|合計|总计"
_TOTAL = re.compile(rf"({_SUM}):?", re.IGNORECASE)
_TOTAL_OF = re.compile(rf"({_SUM})([ :].*)?|.*\S ({_SUM}):?", re.IGNORECASE)
_EPOCHS = (
    (946_684_800, 4_102_444_800, "seconds"),
    (946_684_800_000, 4_102_444_800_000, "milliseconds"),
)
_NESTED = r"\{.*\}|\[.*\]"
_MOJIBAKE = re.compile(r"Ã[\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œžŸŽ]|â€|Â[\u00a0-\u00bf]")
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
    highest, lowest = figures.highest or 0, figures.lowest or 0
    is_named = _ID_NAMES.search(figures.column.name) is not None
    is_inexact = max(abs(highest), abs(lowest)) > EXACT
    is_counted = highest - lowest + 1 == count
    return "identifier" if is_counted or is_named or is_inexact else "feature"


def notices_of_file(
    schema: TableSchema, header: Sequence[str] = (), comments: int = 0
) -> Iterator[Notice]:
    """Yield what was guessed about the file as a whole."""
    if schema.encoding not in CERTAIN:
        text = f"The file is no Unicode; its encoding is taken for {schema.encoding}."
        yield Notice("encoding-guessed", text)
    if schema.skipped:
        text = lines_skipped(schema.skipped)
        yield Notice("lines-skipped", text, count=schema.skipped)
    if comments:
        yield comments_skipped(comments)
    yield from _header_of_values(header)
    for name, written in zip(schema.names, header, strict=False):
        if not written.strip():
            text = f"A column without a name is called `{name}`."
            yield Notice("column-without-name", text, name)
        elif written != name:
            text = f"The name `{written}` stands more than once; this column is called `{name}`."
            yield Notice("doubled-name", text, name)
        elif written != written.strip():
            text = f"The name `{name}` has blanks around it, which belong to it."
            yield Notice("blanks-in-name", text, name)


def _header_of_values(header: Sequence[str]) -> Iterator[Notice]:
    """Tell names that look like values: years may be names, fractions are none."""
    cells = [cell.strip() for cell in header if cell.strip()]
    numbers = [cell for cell in cells if _NUMBER.fullmatch(cell)]
    if numbers and (len(numbers) == len(cells) or any("." in cell for cell in numbers)):
        listed = ", ".join(f"`{cell}`" for cell in cells[:4])
        text = (
            f"The names of columns are taken from the first line, which looks like a row: {listed}."
        )
        yield Notice("header-like-values", text)


def notices_of_reading(
    found: Sequence[Found], schema: TableSchema, lost: Mapping[int, int]
) -> Iterator[Notice]:
    """Yield how the texts of each column were understood."""
    for position, (one, column) in enumerate(zip(found, schema.columns, strict=False)):
        yield from _styles(column, one.negative)
        if one.marks and one.column == column:
            listed = ", ".join(f"`{mark}`" for mark in sorted(one.marks)[:5])
            count = sum(one.marks.values())
            text = f"{listed} in `{column.name}` ({rows(count)}) is taken for a missing value."
            yield Notice("missing-tokens", text, column.name, count)
        if one.mostly and one.column.type == column.type:
            yield _mostly(one.mostly, one)
        elif one.looks and one.column.type == column.type:
            text = (
                f"`{column.name}` looks like {one.looks}, as `{one.example}`, but is read as names."
            )
            yield Notice("text-like-values", text, column.name)
        if one.grouped and one.column == column:
            text = (
                f"`{column.name}` is read as fractions, as `{one.grouped}`; where its points stand"
                f' between thousands, declare `columns: {{{column.name}: {{thousands: "."'
                ', decimal: ","}}`.'
            )
            yield Notice("number-ambiguous", text, column.name)
        unread = lost.get(position, 0)
        if unread:
            example = f", as `{one.example}`" if one.example else ""
            text = f"{rows(unread)} of `{column.name}` cannot be read as a {column.type}{example}."
            yield Notice("mixed-column", text, column.name, unread)


def _mostly(meant: ColumnSchema, found: Found) -> Notice:
    """Tell names that are mostly numbers or dates, and what makes such of them."""
    name = meant.name
    listed = ", ".join(f"`{text}`" for text in found.others[:3])
    text = (
        f"Most values of `{name}` are {meant.type}s, but it is read as names, because"
        f" {found.share:.0%} are other texts, as {listed}: where they mean no value, list them"
        " under `missing`"
    )
    if not meant.symbols:
        said = [f"type: {meant.type}"]
        said += [f'decimal: "{meant.decimal}"'] if meant.decimal != "." else []
        said += [f'thousands: "{meant.thousands}"'] if meant.thousands else []
        said += [f'format: "{meant.format}"'] if meant.format not in (None, ISO) else []
        text += f", or declare `columns: {{{name}: {{{', '.join(said)}}}}}`"
    return Notice("text-like-values", f"{text}.", name)


def _styles(column: ColumnSchema, negative: str) -> Iterator[Notice]:
    if column.type == NUMBER and (negative or not column.is_plain):
        marks = [f"`{column.decimal}` before decimals"] if column.decimal != "." else []
        if column.thousands:
            marks.append(f"`{column.thousands}` between thousands")
        if column.symbols:
            marks.append(f"the signs {', '.join(f'`{sign}`' for sign in column.symbols)}")
        if negative:
            marks.append(f"`{negative}` as a negative one")
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
        if one.column.type == NUMBER:
            yield from _dates_in_numbers(table, one)
            yield from _placeholders(table, one)
            yield from _rounded(table, one)
    if len(figures) == 1 and not table.is_part:
        yield from _one_column(figures[0])
    yield from _nested(table, figures)
    yield from _values_above_gaps(figures, count)
    if not table.is_part:
        repeated = list(_repeated_header(table, figures))
        yield from repeated or _bare_rows(table, figures, count)
        yield from _totals(table, figures, count)


def _dates_in_numbers(table: Table, figures: Figures) -> Iterator[Notice]:
    """Tell numbers that are dates, as 20190305, or times since 1970, or days of Excel."""
    says, declared = _dates_meant(table, figures)
    if says and figures.unique >= _LEAST_DATES:
        name = figures.column.name
        said = f"`columns: {{{name}: {{{declared}}}}}`"
        text = f"`{name}` looks like {says} and is read as numbers; {said} makes dates of them."
        yield Notice("numbers-like-dates", text, name)


def _dates_meant(table: Table, figures: Figures) -> tuple[str, str]:
    """Return what numbers look like, and how it is declared."""
    lowest, highest = figures.lowest or 0, figures.highest or 0
    name, whole = figures.column.name, figures.column.whole
    if whole and lowest >= 19000101 and highest <= 21001231 and _are_days(table, name):
        return f"dates written as {int(lowest)}", "type: date"
    if not _TIME_NAMES.search(name):
        return "", ""
    first, last = _EXCEL_DAYS
    if first <= lowest and highest <= last:
        return "days as Excel counts them", "type: date"
    if whole and lowest >= 190001 and highest <= 210012 and _are_days(table, name, "%Y%m"):
        return f"months written as {int(lowest)}", 'type: date, format: "%Y%m"'
    kinds = [unit for low, high, unit in _EPOCHS if low <= lowest and highest <= high and whole]
    return (f"{kinds[0]} since 1970", "type: date") if kinds else ("", "")


def _are_days(table: Table, name: str, form: str = "%Y%m%d") -> bool:
    at = place(table.schema.names.index(name))
    days = f"try_strptime(CAST({at} AS VARCHAR), '{form}') IS NOT NULL"
    query = f"SELECT bool_and({days}) FROM data WHERE {at} IS NOT NULL"  # noqa: S608
    row = table.connection.execute(query).fetchone()
    return bool(row and row[0])


def _placeholders(table: Table, figures: Figures) -> Iterator[Notice]:
    """Tell a number that stands for missing, as -999: it is far from all others, and repeated."""
    name = figures.column.name
    for value in (figures.lowest, figures.highest):
        if value is None or abs(value) not in _PLACEHOLDERS or figures.unique < _LEAST_VALUES:
            continue
        at = place(table.schema.names.index(name))
        query = (
            f"SELECT count_if({at} = {value!r}), min({at}) FILTER ({at} <> {value!r}),"  # noqa: S608
            f" max({at}) FILTER ({at} <> {value!r}) FROM data"
        )
        count, low, high = table.connection.execute(query).fetchone() or (0, 0, 0)
        is_far = max(low - value, value - high) > high - low
        if count > 1 and (is_far or value < 0 <= low):
            told = f"`{value:g}` in `{name}` ({rows(count)}) is far from all other values"
            text = f"{told}: where it means no value, list it under `missing`."
            yield Notice("placeholder-suspected", text, name, count)


def _rounded(table: Table, figures: Figures) -> Iterator[Notice]:
    """Tell numbers of things that a spreadsheet has rounded: 1.23457E+11."""
    name = figures.column.name
    is_large = figures.lowest is not None and figures.lowest >= _LONG_NUMBER
    if figures.column.whole or not is_large or not _ID_NAMES.search(name):
        return
    at = place(table.schema.names.index(name))
    query = f"SELECT bool_and({at} = floor({at})) FROM data"  # noqa: S608  (names are places)
    row = table.connection.execute(query).fetchone()
    if row and row[0]:
        text = (
            f"`{name}` holds numbers as {figures.lowest:.5E}, which a spreadsheet has rounded:"
            " different ones may have become the same."
        )
        yield Notice("rounded-numbers", text, name)


def _totals(table: Table, figures: Sequence[Figures], count: int) -> Iterator[Notice]:
    """Tell rows that sum up the others."""
    if count > _REPORT_ROWS:
        return
    marked = {one.column.name: one.marks for one in table.found}
    for position, one in enumerate(figures[:_TOTALS_WITHIN]):
        at, name = place(position), one.column.name
        if one.column.type in (NUMBER, DATE):
            found = sum(n for mark, n in marked.get(name, {}).items() if _TOTAL.fullmatch(mark))
        else:
            form = (_TOTAL if one.unique == one.present else _TOTAL_OF).pattern
            query = f"SELECT count_if(regexp_full_match(trim({at}), '{form}', 'i')) FROM data"  # noqa: S608
            row = table.connection.execute(query).fetchone()
            found = int(row[0] or 0) if row else 0
        if 0 < found <= max(1, count * 0.1) and count > _LEAST_VALUES:
            are = "looks like a sum" if found == 1 else "look like sums"
            text = f"{rows(found)} {are} of others by `{name}`, and are learned from like them."
            text = text.replace("and are", "and is") if found == 1 else text
            yield Notice("total-rows", text, name, found)
            return


def _nested(table: Table, figures: Sequence[Figures]) -> Iterator[Notice]:
    """Tell texts that are objects or lists of JSON: what is in them is not told apart."""
    texts = {n: one for n, one in enumerate(figures) if one.column.type in (CATEGORY, TEXT)}
    if not texts:
        return
    checks = ", ".join(
        f"coalesce(bool_and(regexp_full_match(trim({place(n)}), '{_NESTED}', 's')), false)"
        for n in texts
    )
    row = table.connection.execute(f"SELECT {checks} FROM (FROM data LIMIT 200)").fetchone()  # noqa: S608
    for one, is_nested in zip(texts.values(), row or (), strict=True):
        if is_nested:
            text = (
                f"`{one.column.name}` holds objects or lists, which are read as texts: to learn"
                " from what is in them, make columns of it."
            )
            yield Notice("nested-values", text, one.column.name, one.present)


def _values_above_gaps(figures: Sequence[Figures], count: int) -> Iterator[Notice]:
    """Tell names that stand once each over gaps, as merged cells do."""
    for one in figures:
        few = 2 <= one.present <= count * 0.5 and one.unique == one.present
        if few and one.column.type == CATEGORY and count >= LEAST_ROWS:
            text = (
                f"`{one.column.name}` has {one.present:,} values, each once, and gaps in all other"
                " rows: where a value stands for the rows below it, repeat it there."
            )
            yield Notice("values-above-gaps", text, one.column.name, one.present)


def _repeated_header(table: Table, figures: Sequence[Figures]) -> Iterator[Notice]:
    """Tell rows that are the header again, as in files put together."""
    marks = {one.column.name: one.marks for one in table.found}
    known = [n for n in (marks.get(f.column.name, {}).get(f.column.name, 0) for f in figures) if n]
    texts = [n for n, one in enumerate(figures) if one.column.type in (CATEGORY, TEXT)][:20]
    if texts and len(figures) > 1:
        checks = ", ".join(
            f"count_if({place(n)} = {literal(figures[n].column.name)})" for n in texts
        )
        row = table.connection.execute(f"SELECT {checks} FROM data").fetchone()  # noqa: S608
        known += [n for n in row or () if n]
    if len(known) > 1:
        repeat = "repeats the names of the columns, and is taken for values"
        if max(known) > 1:
            repeat = "repeat the names of the columns, and are taken for values"
        text = f"{rows(max(known))} {repeat}."
        yield Notice("header-repeated", text, count=max(known))


def _bare_rows(table: Table, figures: Sequence[Figures], count: int) -> Iterator[Notice]:
    """Tell rows with one value at most: blank ones, and what stands below a table."""
    width = len(figures)
    if not 3 <= width <= _WIDTH_AT_MOST or count > _REPORT_ROWS:
        return
    filled = " + ".join(f"({place(n)} IS NOT NULL)::INT" for n in range(width))
    row = table.connection.execute(f"SELECT count_if({filled} <= 1) FROM data").fetchone()  # noqa: S608
    found = int(row[0] or 0) if row else 0
    if 0 < found <= max(1, count * 0.1):
        has = "has" if found == 1 else "have"
        text = f"{rows(found)} {has} one value at most: a blank line, a title or a footnote."
        yield Notice("bare-rows", text, count=found)


def _one_column(figures: Figures) -> Iterator[Notice]:
    """Tell a file whose delimiter was not found: everything is in one column."""
    name = figures.column.name
    if figures.column.type == NUMBER or not _SEPARATED.fullmatch(name.strip()):
        return
    text = (
        f"The table has one column, `{name}`: columns are separated by commas, semicolons,"
        " tabs or `|` alone."
    )
    yield Notice("one-column", text, name)


def notices_of_values(name: str, values: Mapping[str, int]) -> Iterator[Notice]:
    """Yield what is odd about the values of a column, each with how often it occurs.

    Some differ in case or in blanks alone, stand for missing elsewhere, or were decoded wrongly.
    """
    alike: dict[str, list[str]] = {}
    for value in values:
        alike.setdefault(" ".join(value.split()).casefold(), []).append(value)
    twins = [one for one in alike.values() if len(one) > 1]
    if twins:
        listed = ", ".join(" and ".join(f"`{value}`" for value in one) for one in twins[:3])
        text = (
            f"Values of `{name}` differ in case or blanks alone, and are kept as different values:"
            f" {listed}."
        )
        yield Notice("values-alike", text, name, sum(map(len, twins)))
    marks = [value for value in values if MISSING_LOOKS.fullmatch(value.strip())]
    if marks and len(values) > 2:
        listed = ", ".join(f"`{value}`" for value in marks[:5])
        count = sum(values[value] for value in marks)
        text = (
            f"{listed} in `{name}` ({rows(count)}) is taken for a value; where it means none,"
            " list it under `missing`."
        )
        yield Notice("missing-suspected", text, name, count)
    broken = [value for value in values if _MOJIBAKE.search(value)]
    if broken:
        text = (
            f"Values of `{name}` look like texts that were read in a wrong encoding before, as"
            f" `{broken[0]}`."
        )
        yield Notice("mojibake-suspected", text, name, len(broken))


def count_different(table: Table, count: int) -> int | None:
    """Return how many rows of a table differ; None where it is too large to count them."""
    width = len(table.schema.columns)
    if table.is_part or count > _DUPLICATES_AT_MOST or width > _WIDTH_AT_MOST:
        return None
    every = ", ".join(place(position) for position in range(width))
    query = f"SELECT count(DISTINCT hash({every})) FROM data"  # noqa: S608  (names are places)
    row = table.connection.execute(query).fetchone()
    return int(row[0]) if row else None


def notices_of_rows(count: int, different: int | None, panel: Panel | None) -> Iterator[Notice]:
    """Yield what the rows suggest: that some are there twice, or that they are time series."""
    doubled = count - different if different is not None else 0
    if doubled:
        are = "is" if doubled == 1 else "are"
        text = f"{rows(doubled)} {are} the same as another one, in every column."
        yield Notice("duplicate-rows", text, count=doubled)
    if panel is not None:
        yield panel.to_notice()


def panel_of(table: Table, figures: Sequence[Figures], different: int | None) -> Panel | None:
    """Return the time series that a table looks like; rows may be there twice.

    Args:
        table: the table, whole.
        figures: of its columns.
        different: how many of its rows differ, None where that is not known.
    """
    if different is None:
        return None
    at = {one.column.name: place(n) for n, one in enumerate(figures)}
    times = [one for one in figures if one.column.type == DATE]
    sizes = {
        one.column.name: one.unique
        for one in figures
        if one.column.type not in (DATE, NUMBER) or one.column.whole
    }

    def count(names: Sequence[str]) -> int:
        listed = ", ".join(at[name] for name in names)
        query = f"SELECT count(DISTINCT hash({listed})) FROM data"  # noqa: S608  (names are places)
        row = table.connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    repeated = [one for one in times if 2 < one.unique < different * _REPEATED]
    found = (
        find_panel(one.column.name, one.unique, sizes, different, count)
        for one in repeated[:_MOST_TIMES]
    )
    return next((panel for panel in found if panel), None)
