"""Recognise the format of a file by its first bytes, and read those that DuckDB does not read.

A name only decides between the kinds of text; text that calls itself a workbook is refused.

These formats hold tables of a size that people handle by hand, so they are read into memory.
"""

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timezone
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from auger_hub.data.files.bounds import most_bytes
from auger_hub.data.files.hdf5 import read_hdf5
from auger_hub.data.files.plain import in_utf8, optional_module
from auger_hub.data.files.unreadable import UnreadableData
from auger_hub.data.names import unique_names
from auger_hub.data.notices import Notice, cells_merged, lines_skipped, sheets_left_out
from auger_hub.data.schema import EXACT, ISO
from auger_hub.data.text.dialect import is_title

_OLD_FEATHER = b"FEA1"
_ARFF_DATE = re.compile(
    r"""^(\s*@attribute\s+(?:'[^']*'|"[^"]*"|\S+)\s+)date\b\s*["']?([^"'\n]*)["']?.*$""",
    re.IGNORECASE,
)
_JAVA = {
    "yyyy": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%m", "dd": "%d",
    "d": "%d", "HH": "%H", "H": "%H", "hh": "%I", "h": "%I", "mm": "%M", "ss": "%S", "SSS": "%f",
    "a": "%p", "EEEE": "%A", "EEE": "%a", "Z": "%z", "XXX": "%z", "X": "%z", "z": "%Z",
}  # fmt: skip
_LONGEST_TITLE = 200
_BLOCK = 1 << 20
_MERGED = re.compile(rb'<mergeCell ref="[A-Z]+(\d+):[A-Z]+(\d+)"')
_LONGEST_MERGE = 64
NOTICES = "notices"
"""What a table was read without is told in its `attrs` of this name."""


@dataclass(frozen=True)
class Format:
    """One file format of wire contract §3.5: all that hub and reconciler know of it.

    Args:
        name: as users read it, and as schemas keep it.
        extensions: of its files; those of a binary format promise its content.
        magic: how a binary file begins; a format without is text.
        begins: how a text of it begins, whatever it is called.
        read: returns the table, and the formats of those of its texts that are declared as dates;
            None for what DuckDB reads.
        package: module and package that read it, where that is an extra.
    """

    name: str
    extensions: tuple[str, ...]
    magic: tuple[bytes, ...] = ()
    begins: re.Pattern[bytes] | None = None
    read: Callable[[Path], tuple[pd.DataFrame, dict[str, str]]] | None = None
    package: tuple[str, str] | None = None

    @property
    def is_text(self) -> bool:
        """Tell whether it is text, in some encoding."""
        return not self.magic

    def read_frame(self, path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
        """Read a file of a format that DuckDB does not read, into columns that it understands.

        Raises:
            UnreadableData: The file is damaged, or a package that reads it is not installed.
        """
        assert self.read is not None, "DuckDB reads it"
        if self.package:
            optional_module(*self.package, path)
        try:
            frame, dates = self.read(path)
            simple = simple_columns(frame)
            simple.attrs = frame.attrs
            return simple, dates
        except (UnreadableData, MemoryError):
            raise
        except Exception as error:  # these readers raise anything on a damaged file
            raise UnreadableData(f"`{path.name}` is a damaged {self.name} file.") from error


def format_of(path: Path) -> Format:
    """Tell the format of the unpacked file `path`.

    Raises:
        UnreadableData: Its name promises a binary format that its content is not.
    """
    with path.open("rb") as file:
        start = file.read(1 << 16)
    suffix = path.suffix.lower()
    for known in FORMATS:
        if known.magic and start.startswith(known.magic):
            return known
    for known in FORMATS:
        if known.magic and suffix in known.extensions:
            raise UnreadableData(
                f"`{path.name}` is no {known.name} file, although its name says so."
            )
    for known in FORMATS:
        if known.begins and known.begins.match(start):
            return known
    return JSON if suffix in JSON.extensions else DELIMITED


def _dateless(
    read: Callable[[Path], pd.DataFrame],
) -> Callable[[Path], tuple[pd.DataFrame, dict[str, str]]]:
    return lambda path: (read(path), {})


def _read_workbook(path: Path, engine: Literal["openpyxl", "calamine"]) -> pd.DataFrame:
    """Read the first sheet with a table; a cell of text is a text, whatever it looks like.

    A table has a name in each column of its header; without such a sheet, the first with rows is.
    Hidden sheets come last.
    """
    sheets = _sheets(path) if engine == "openpyxl" else _older_sheets(path)
    tables = ((name, _from_cells(cells.where(cells.ne(""), None))) for name, cells in sheets)
    found = {name: frame for name, frame in tables if len(frame)}
    if not found:
        raise UnreadableData(f"`{path.name}` has no sheet with rows in it.")
    whole = (name for name, frame in found.items() if not frame.columns.isna().any())
    chosen = next(whole, next(iter(found)))
    frame = found.pop(chosen)
    if found:
        frame.attrs[NOTICES] = [*frame.attrs.get(NOTICES, ()), sheets_left_out(chosen, found)]
    return frame


def _sheets(path: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield name and cells of each sheet; pandas would make a gap of `#DIV/0!` without a word."""
    import openpyxl

    with path.open("rb") as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        for sheet in sorted(book.worksheets, key=lambda one: one.sheet_state != "visible"):
            sheet.reset_dimensions()  # a file may say less than it has
            rows = [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)]
            width = max(map(len, rows), default=0)
            cells = pd.DataFrame(
                [[*row, *[None] * (width - len(row))] for row in rows], dtype=object
            )
            if count := _count_merged(path, sheet._worksheet_path):
                cells.attrs[NOTICES] = [cells_merged(count)]
            yield sheet.title, cells


def _count_merged(path: Path, member: str) -> int:
    """Return how many cells of a sheet reach over several rows."""
    found: set[bytes] = set()
    rest = b""
    with zipfile.ZipFile(path) as archive, archive.open(member) as sheet:
        while block := sheet.read(_BLOCK):
            rest = rest[-_LONGEST_MERGE:] + block
            found |= {one[0] for one in _MERGED.finditer(rest) if one[1] != one[2]}
    return len(found)


def _cell(value: Any) -> Any:
    """Return a whole number as such: a sheet knows no difference."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _older_sheets(path: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    with pd.ExcelFile(path, engine="calamine") as book:
        from python_calamine import SheetVisibleEnum

        shown = SheetVisibleEnum.Visible
        hidden = {one.name for one in book.book.sheets_metadata if one.visible != shown}
        for sheet in sorted(map(str, book.sheet_names), key=hidden.__contains__):
            yield (
                sheet,
                pd.read_excel(
                    book, sheet_name=sheet, header=None, dtype=object, keep_default_na=False
                ),
            )


def _from_cells(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the table in a sheet: behind a title and empty rows, its first row is the header."""
    present = cells.notna()
    cells = cells.loc[present.any(axis="columns"), present.any(axis="index")]
    if len(cells) < 2:
        return pd.DataFrame()
    counts = cells.notna().sum(axis="columns").tolist()
    is_title_there = cells.shape[1] > 2
    start = next((n for n, count in enumerate(counts) if count > 1 or not is_title_there), 0)
    start = start if start <= _LONGEST_TITLE else 0
    cells = cells.iloc[start:]
    cells = cells.loc[:, cells.notna().any(axis="index")]
    while len(cells) > 2 and is_title(cells.head(6).map(_cell_text).to_numpy().tolist()):
        cells, start = cells.iloc[1:], start + 1
    header = [None if pd.isna(cell) else _text_of(cell) for cell in cells.iloc[0]]
    table = cells.iloc[1:].set_axis(header, axis="columns")
    told = list(cells.attrs.get(NOTICES, ()))
    if start:
        told.insert(0, Notice("lines-skipped", lines_skipped(start), count=start))
    table.attrs[NOTICES] = told
    return table


def _cell_text(value: Any) -> str:
    return "" if pd.isna(value) else _text_of(value)


def _read_feather(path: Path) -> pd.DataFrame:
    """Read batch by batch, so that a bomb is noticed before all of it is in memory."""
    with path.open("rb") as file:
        if file.read(4) == _OLD_FEATHER:
            return pd.read_feather(path)  # was never compressed
    import pyarrow as pa

    size, batches = 0, []
    with pa.ipc.open_file(path) as reader:
        for number in range(reader.num_record_batches):
            batches.append(reader.get_batch(number))
            size += batches[-1].nbytes
            if size > most_bytes(path.stat().st_size):
                raise UnreadableData(f"`{path.name}` unpacks to far more than its size.")
        table = pa.Table.from_batches(batches, reader.schema)
        return table.to_pandas(integer_object_nulls=True)


def _read_arff(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read attributes of every type; dates, unknown to the package, go through it as text."""
    arff = optional_module("arff", "liac-arff", path)
    dates: dict[int, str] = {}
    attributes = 0

    def lines(source: Any) -> Any:
        nonlocal attributes
        for line in source:
            match = _ARFF_DATE.match(line)
            if match:
                dates[attributes] = match.group(2).strip()
            attributes += line.lstrip().lower().startswith("@attribute")
            yield f"{match.group(1)}string\n" if match else line

    with in_utf8(path) as text, text.open(encoding="utf-8-sig") as source:
        content = arff.load(lines(source))
    names = [name for name, _ in content["attributes"]]
    frame = pd.DataFrame(content["data"], columns=range(len(names)), dtype=object)
    unique = unique_names(names)
    formats = {unique[place]: _from_java(form) for place, form in dates.items() if form}
    return frame.set_axis(names, axis="columns"), formats


def _from_java(form: str) -> str:
    """Return a date format of Java's, in which ARFF declares dates, as Python writes it."""
    tokens = "|".join(sorted(_JAVA, key=len, reverse=True))
    written = re.sub(
        rf"'([^']*)'|({tokens})", lambda m: _JAVA[m.group(2)] if m.group(2) else m.group(1), form
    )
    return ISO if written.startswith("%Y-%m-%d") else written


def json_layout(path: Path) -> Literal["array", "newline_delimited"] | None:
    """Tell records and one object a line; None is for the layouts of `read_json_columns`."""
    with path.open(encoding="utf-8-sig") as file:
        start = file.read(1 << 16).lstrip()
    if start.startswith("["):
        return "array" if start[1:].lstrip().startswith("{") else None
    first, _, rest = start.partition("\n")
    try:
        record = json.loads(first)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    nested = all(isinstance(value, (dict, list)) for value in record.values())
    return None if nested and not rest.strip() else "newline_delimited"


def read_json_records(path: Path, layout: str) -> pd.DataFrame:
    """Read records, or one a line, in memory: for names that differ in case alone."""
    text = path.read_text(encoding="utf-8-sig")
    try:
        records = (
            json.loads(text)
            if layout == "array"
            else [json.loads(line) for line in text.splitlines() if line.strip()]
        )
        return simple_columns(pd.DataFrame(records, dtype=object))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableData(f"`{path.name}` is no table of records.") from error


def read_json_columns(path: Path) -> pd.DataFrame:
    """Read `{"a": {"0": 1}}`, `{"0": {"a": 1}}`, `{"a": [1]}`, `{"columns": [..], "data": [..]}`.

    Raises:
        UnreadableData: The document is none of them.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(document, dict):
            raise TypeError
        if isinstance(document.get("data"), list) and isinstance(document.get("columns"), list):
            names, data = document["columns"], document["data"]
            frame = pd.DataFrame(data, columns=range(len(names)), dtype=object)
            return simple_columns(frame.set_axis(names, axis="columns"))
        rows = [*document.values()] if _is_by_rows(document) else document
        return simple_columns(pd.DataFrame(rows, dtype=object))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableData(
            f"`{path.name}` is no table;"
            " JSON has to hold a list of records, one record a line, or columns."
        ) from error


def _is_by_rows(document: Mapping[str, Any]) -> bool:
    """Tell objects of rows, `{"0": {"a": 1}}`, from those of columns: numbers are those of rows.

    Where names alone do not tell them apart, there are more rows than columns.
    """
    if not document or not all(isinstance(one, dict) for one in document.values()):
        return False
    inner = dict.fromkeys(name for one in document.values() for name in one)
    outer_counts, inner_counts = all(map(str.isdecimal, document)), all(map(str.isdecimal, inner))
    return outer_counts if outer_counts != inner_counts else len(document) > len(inner)


def simple_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Bring every column to numbers, timestamps, booleans or text; a mixed column becomes text."""
    frame = frame.reset_index(drop=True)
    columns = [_simple(frame.iloc[:, position]) for position in range(frame.shape[1])]
    simple = pd.concat(columns, axis="columns") if columns else frame
    return simple.set_axis(frame.columns, axis="columns")


def _simple(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.tz_convert(timezone.utc).dt.tz_localize(None)
    if isinstance(column.dtype, (pd.PeriodDtype, pd.IntervalDtype)) or column.dtype.kind in "mc":
        return column.astype(str).where(column.notna(), None)
    return _simple_objects(column) if column.dtype == object else column


def _simple_objects(column: pd.Series) -> pd.Series:
    match pd.api.types.infer_dtype(column, skipna=True):
        case "integer" if any(abs(value) > EXACT for value in column.dropna()):
            return column.map(_text_of, na_action="ignore")
        case "integer" | "floating" | "mixed-integer-float" | "decimal":
            return pd.to_numeric(column, errors="coerce")
        case "datetime" | "datetime64" | "date":
            return pd.to_datetime(column, utc=True).dt.tz_localize(None)
        case "bytes":
            return column.map(lambda value: value.decode("utf-8", "replace"), na_action="ignore")
        case "boolean" | "string":
            return column
    return column.map(_text_of, na_action="ignore")


def _text_of(value: Any) -> str:
    """Return the text of a value among others of other types, as a text file would have it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


DELIMITED = Format("delimited text", (".csv", ".tsv"))
JSON = Format(
    "JSON", (".json", ".jsonl", ".ndjson"), begins=re.compile(rb"\A(?:\xef\xbb\xbf)?\s*[\[{]")
)
PARQUET = Format("Parquet", (".parquet",), magic=(b"PAR1",))
FORMATS = (
    DELIMITED,
    Format(
        "ARFF",
        (".arff",),
        begins=re.compile(rb"\A(?:\s|%[^\n]*\n)*@relation\b", re.IGNORECASE),
        read=_read_arff,
        package=("arff", "liac-arff"),
    ),
    JSON,
    Format(
        "Excel (xls)",
        (".xls",),
        magic=(b"\xd0\xcf\x11\xe0",),
        read=_dateless(lambda path: _read_workbook(path, "calamine")),
        package=("python_calamine", "python_calamine"),
    ),
    Format(
        "Excel (xlsx)",
        (".xlsx",),
        magic=(b"PK\x03\x04",),
        read=_dateless(lambda path: _read_workbook(path, "openpyxl")),
        package=("openpyxl", "openpyxl"),
    ),
    Format(
        "Feather",
        (".feather",),
        magic=(b"ARROW1", _OLD_FEATHER),
        read=_dateless(_read_feather),
        package=("pyarrow", "pyarrow"),
    ),
    Format("HDF5", (".h5", ".hdf5"), magic=(b"\x89HDF\r\n\x1a\n",), read=_dateless(read_hdf5)),
    PARQUET,
)
"""Every format; `docs/generate.py` makes what the reconciler knows of them from this."""
