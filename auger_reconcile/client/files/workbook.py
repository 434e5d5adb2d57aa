"""Read and write workbooks of Excel: the book goes out as it is, with more cells in each row.

The table of a book is found as the hub finds it. Refuses to do: import openpyxl before there is a
workbook.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from auger_reconcile.client.files.json_values import to_json_value
from auger_reconcile.client.files.rows import lines_skipped
from auger_reconcile.delimited import is_title
from auger_reconcile.errors import AugerError

_LONGEST_TITLE = 200
_HEAD = 6


class SheetRow(NamedTuple):
    """One row: its number in the sheet, from 1, and its cells."""

    number: int
    cells: list[Any]


class _Found(NamedTuple):
    """The table in a sheet: its header, its rows, the places of its columns, and what is above."""

    header: SheetRow
    rows: list[SheetRow]
    places: list[int]
    skipped: int


class Workbook:
    """An open workbook, read by the first sheet with a table.

    Attributes:
        columns: the names in its header, empty where it has none.
        notices: which lines and sheets are not read.
    """

    def __init__(self, source: Path, sheets: dict[str, _Found]) -> None:
        whole = (name for name, found in sheets.items() if all(map(_text_of, _header_of(found))))
        self._source, self._sheet = source, next(whole, next(iter(sheets)))
        self._found = sheets[self._sheet]
        self.columns = [_text_of(cell) for cell in _header_of(self._found)]
        others = [name for name in sheets if name != self._sheet]
        self.notices = list(_notices(self._sheet, others, self._found.skipped))

    def batches(self, size: int | None) -> Iterator[list[SheetRow]]:
        """Yield rows; see `Table`."""
        rows = iter(self._found.rows)
        while batch := list(islice(rows, size)):
            yield batch

    def records(self, batch: Sequence[SheetRow], places: Sequence[int]) -> list[list[Any]]:
        """Return values of JSON; times as their texts."""
        chosen = [self._found.places[place] for place in places]
        return [[_value_of(row.cells[place]) for place in chosen] for row in batch]

    @contextmanager
    def writing(self, to: Path) -> Iterator[_Writer]:
        """Open the book once more, and store it with what was written into it."""
        import openpyxl

        to.touch()  # what cannot be written is told before the model is asked
        with self._source.open("rb") as file:
            book = openpyxl.load_workbook(file)
        yield _Writer(book[self._sheet], self._found)
        with to.open("wb") as target:
            book.save(target)


class _Writer:
    def __init__(self, sheet: Any, found: _Found) -> None:
        self._sheet, self._found = sheet, found
        self._has_header = False

    def write(
        self, batch: Sequence[SheetRow], names: Sequence[str], values: Sequence[Sequence[Any]]
    ) -> None:
        if not self._has_header:
            self._has_header = True
            self._write_row(self._found.header, names)
        for row, added in zip(batch, values, strict=True):
            self._write_row(row, added)

    def _write_row(self, row: SheetRow, values: Sequence[Any]) -> None:
        for column, value in enumerate(values, self._found.places[-1] + 2):
            cell = self._sheet.cell(row.number, column, value)
            if isinstance(value, str):
                cell.data_type = "s"  # a label such as `=x` is no formula


@contextmanager
def open_workbook(source: Path) -> Iterator[Workbook]:
    """Open a workbook.

    Raises:
        AugerError: it is none, has no table, or openpyxl is not installed.
    """
    try:
        import openpyxl
    except ImportError:
        raise AugerError(
            f"`{source}` needs openpyxl, which is not installed",
            hint='the extra `formats` brings it\npip install "auger-reconcile[formats]"',
        ) from None
    try:
        with source.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            listed = sorted(book.worksheets, key=lambda one: one.sheet_state != "visible")
            tables = ((sheet.title, _table_of(_rows_of(sheet))) for sheet in listed)
            sheets = {name: found for name, found in tables if found}
    except OSError as error:
        raise AugerError(f"`{source}` cannot be read: {error.strerror}") from None
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - openpyxl raises anything on a damaged file
        raise AugerError(f"`{source}` is no workbook of Excel (.xlsx), or is damaged") from None
    if not sheets:
        raise AugerError(f"`{source}` has no sheet with rows in it")
    yield Workbook(source, sheets)


def _rows_of(sheet: Any) -> list[SheetRow]:
    """Return the rows that are not blank, all as wide as the widest."""
    sheet.reset_dimensions()  # a file may say less than it has
    rows = [
        SheetRow(number, [None if cell == "" else cell for cell in cells])
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1)
    ]
    width = max((len(row.cells) for row in rows), default=0)
    padded = (SheetRow(n, [*cells, *[None] * (width - len(cells))]) for n, cells in rows)
    return [row for row in padded if any(cell is not None for cell in row.cells)]


def _table_of(rows: list[SheetRow]) -> _Found | None:
    """Return the table: behind titles, the first row is the header."""
    places = _places(rows)
    counts = [sum(cell is not None for cell in row.cells) for row in rows]
    may_have_title = len(places) > 2
    start = next((n for n, count in enumerate(counts) if count > 1 or not may_have_title), 0)
    start = start if start <= _LONGEST_TITLE else 0
    rows = rows[start:]
    places = _places(rows)
    while len(rows) > 2 and is_title(_head_of(rows, places)):
        rows, start = rows[1:], start + 1
    if len(rows) < 2:
        return None
    return _Found(rows[0], rows[1:], places, start)


def _places(rows: Sequence[SheetRow]) -> list[int]:
    columns = zip(*(row.cells for row in rows), strict=True)
    return [n for n, cells in enumerate(columns) if any(cell is not None for cell in cells)]


def _head_of(rows: Sequence[SheetRow], places: Sequence[int]) -> list[list[str]]:
    return [[_text_of(row.cells[place]) for place in places] for row in rows[:_HEAD]]


def _header_of(found: _Found) -> list[Any]:
    return [found.header.cells[place] for place in found.places]


def _text_of(cell: Any) -> str:
    return "" if cell is None else str(_value_of(cell))


def _value_of(cell: Any) -> Any:
    """Return a value of JSON; a whole number as such, since a sheet knows no difference."""
    match cell:
        case float():
            return int(cell) if cell.is_integer() else to_json_value(cell)
        case None | str() | bool() | int():
            return cell
    return str(cell)


def _notices(sheet: str, others: Sequence[str], skipped: int) -> Iterator[dict[str, Any]]:
    if skipped:
        yield lines_skipped(skipped)
    if others:
        listed = ", ".join(f"`{name}`" for name in others)
        are = "is" if len(others) == 1 else "are"
        text = f"The sheet `{sheet}` of the workbook is read; {listed} {are} not."
        yield {"code": "sheets-left-out", "column": None, "count": len(others), "text": text}
