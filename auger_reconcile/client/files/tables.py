"""Open the file of a prediction: CSV, JSON, Parquet or a workbook, read and written by rows.

Whatever the format, what goes out is the input as it stands with more columns at its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from auger_reconcile.client.files.rows import (
    UTF_8,
    RowFile,
    is_packed,
    lines_skipped,
    open_rows,
    texts_of,
)
from auger_reconcile.diagnostics import quote_all
from auger_reconcile.errors import AugerError
from auger_reconcile.resources.names.revisions import split_extension

CSV, JSON_LINES, PARQUET, WORKBOOK = "csv", "jsonl", "parquet", "xlsx"
FORMATS = (CSV, JSON_LINES, PARQUET, WORKBOOK)
Notice = dict[str, Any]
_FORMAT_OF = {
    ".csv": CSV,
    ".tsv": CSV,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
    ".json": JSON_LINES,
    ".parquet": PARQUET,
    ".pq": PARQUET,
    ".xlsx": WORKBOOK,
}
_LEARNED_FROM_ALONE = frozenset({".arff", ".feather", ".h5", ".hdf5", ".xls", ".xlsm"})


class Writer(Protocol):
    """Writes batches of rows with the values of new columns."""

    def write(self, batch: Any, names: Sequence[str], values: Sequence[Sequence[Any]]) -> None:
        """Write the rows of a batch, each with its values."""


class Table(Protocol):
    """An open file: its columns, and its rows as what a request carries."""

    @property
    def columns(self) -> list[str]:
        """The names of its columns."""

    @property
    def notices(self) -> list[Notice]:
        """What was guessed about the file."""

    def batches(self, size: int | None) -> Iterator[Any]:
        """Yield the rows, all at once without a size; one empty batch where there are none."""

    def records(self, batch: Any, places: Sequence[int]) -> list[list[Any]]:
        """Return the values of a batch at some places: texts, or values of JSON."""

    def writing(self, to: Path) -> AbstractContextManager[Writer]:
        """Open what writes the rows with more columns."""


def format_of(source: Path) -> str:
    """Return the format that a file's name says; CSV for any that says none."""
    return format_named(source) or CSV


def format_named(source: Path) -> str | None:
    """Return the format that a file's name says, if it does."""
    return _FORMAT_OF.get(_extension_of(source))


def _extension_of(source: Path) -> str:
    inner = source.with_suffix("") if is_packed(source) else source
    return inner.suffix.lower()


def predicted_path(source: Path, form: str | None = None) -> Path:
    """Return where predictions go: `<file>_predicted.csv` beside the input.

    Raises:
        AugerError: the path names no file, as `.` does.
    """
    if not source.name:
        raise AugerError(f"`{source}` is a folder, not a file with rows")
    told = format_of(source)
    inner = source.with_suffix("") if is_packed(source) else source
    extension = inner.suffix if (form or told) == told != CSV else f".{form or told}"
    return source.with_name(f"{split_extension(source.name)[0]}_predicted{extension}")


@contextmanager
def open_table(source: Path, form: str | None = None) -> Iterator[Table]:
    """Open a file to predict; its name tells the format, unless it is given.

    Raises:
        AugerError: the file cannot be read as what it is said to be.
    """
    if not source.name:
        raise AugerError(f"`{source}` is a folder, not a file with rows")
    if form not in (None, *FORMATS):
        raise AugerError(f"`{form}` is no format", hint=f"the formats are {quote_all(FORMATS)}")
    match form or format_of(source):
        case "jsonl":
            from auger_reconcile.client.files.json_lines import open_json_lines

            with open_json_lines(source) as lines:
                yield lines
        case "parquet":
            from auger_reconcile.client.files.parquet import open_parquet

            with open_parquet(source) as table:
                yield table
        case "xlsx":
            from auger_reconcile.client.files.workbook import open_workbook

            with open_workbook(source) as book:
                yield book
        case _ if form is None and _extension_of(source) in _LEARNED_FROM_ALONE:
            raise AugerError(
                f"`{source}` is in a format that is not predicted",
                hint="it may be saved as CSV, JSON, Parquet or .xlsx",
            )
        case _:
            with open_rows(source) as rows:
                yield CsvTable(rows)


class CsvTable:
    """Delimited text: rows go out as they stand, with more cells before the line's end."""

    def __init__(self, rows: RowFile) -> None:
        self._rows = rows
        self.columns = rows.header.cells
        self._is_written = False

    @property
    def notices(self) -> list[Notice]:
        """What was guessed about the file, and left out so far."""
        told = list(notices_of(self._rows))
        if self._is_written and self._rows.encoding != UTF_8:
            text = f"The file is in {self._rows.encoding}; what is written is in UTF-8."
            told.append({"code": "written-in-utf-8", "column": None, "count": None, "text": text})
        return told

    def batches(self, size: int | None) -> Iterator[Any]:
        """Yield rows; see `Table`."""
        return self._rows.batches(size)

    def records(self, batch: Any, places: Sequence[int]) -> list[list[Any]]:
        """Return cells as texts."""
        return texts_of(batch, places)

    @contextmanager
    def writing(self, to: Path) -> Iterator[Writer]:
        """Open what writes rows in UTF-8; the header goes before the first ones."""
        rows, self._is_written = self._rows, True
        with to.open("w", newline="", encoding="utf-8") as file:
            if rows.has_mark and rows.encoding == UTF_8:
                file.write("\ufeff")
            yield _CsvWriter(rows, file)


class _CsvWriter:
    def __init__(self, rows: RowFile, file: Any) -> None:
        self._rows, self._file = rows, file
        self._has_header = False

    def write(self, batch: Any, names: Sequence[str], values: Sequence[Sequence[Any]]) -> None:
        delimiter = self._rows.delimiter
        if not self._has_header:
            self._has_header = True
            self._file.write(self._rows.header.extended(delimiter, _cells(names, delimiter)))
        for row, added in zip(batch, values, strict=True):
            self._file.write(row.extended(delimiter, _cells(added, delimiter)))


def _cells(values: Sequence[Any], delimiter: str) -> list[str]:
    return [_quoted("" if value is None else str(value), delimiter) for value in values]


def _quoted(text: str, delimiter: str) -> str:
    if delimiter in text or '"' in text or "\n" in text or "\r" in text:  # of every cell written
        return '"' + text.replace('"', '""') + '"'
    return text


def notices_of(rows: RowFile) -> Iterator[Notice]:
    """Yield what was guessed about a file of delimited text, and what of it is left out."""
    if not rows.encoding.startswith("utf"):
        text = f"The file is no Unicode; its encoding is taken for {rows.encoding}."
        yield {"code": "encoding-guessed", "column": None, "count": None, "text": text}
    if rows.skipped:
        yield lines_skipped(rows.skipped)
    if rows.comments:
        count = len(rows.comments)
        text = f"{count:,} lines among the rows are comments and were skipped."
        text = "1 line among the rows is a comment and was skipped." if count == 1 else text
        yield {"code": "comments-skipped", "column": None, "count": count, "text": text}
