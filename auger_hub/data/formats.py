"""Read the formats that DuckDB does not, as pandas data frames; each needs a package of its own.

These formats hold tables of a size that people handle by hand, so they are read into memory.
"""

import json
import re
from datetime import timezone
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from auger_hub.data.bounds import most_bytes
from auger_hub.data.hdf5 import read_hdf5
from auger_hub.data.kind import Kind
from auger_hub.data.names import unique_names
from auger_hub.data.plain import in_utf8, optional_module
from auger_hub.data.schema import ISO
from auger_hub.data.unreadable import UnreadableData

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


def read_frame(kind: Kind, path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read a file of any kind that DuckDB does not read, into columns that it understands.

    Returns:
        The table, and the formats of those of its texts that the file declares to be dates.

    Raises:
        UnreadableData: The file is damaged, or a package that reads it is not installed.
    """
    packages = {Kind.XLSX: "openpyxl", Kind.XLS: "python_calamine", Kind.FEATHER: "pyarrow"}
    if kind in packages:
        optional_module(packages[kind], packages[kind], path)
    readers: dict[Kind, Any] = {
        Kind.XLSX: lambda: _read_workbook(path, "openpyxl"),
        Kind.XLS: lambda: _read_workbook(path, "calamine"),
        Kind.FEATHER: lambda: _read_feather(path),
        Kind.HDF5: lambda: read_hdf5(path),
    }
    try:
        if kind is Kind.ARFF:
            frame, dates = _read_arff(path)
            return simple_columns(frame), dates
        return simple_columns(readers[kind]()), {}
    except (UnreadableData, MemoryError):
        raise
    except Exception as error:  # these readers raise anything on a damaged file
        raise UnreadableData(f"`{path.name}` is a damaged {kind.value} file.") from error


def _read_workbook(path: Path, engine: Literal["openpyxl", "calamine"]) -> pd.DataFrame:
    """Read the first sheet that has rows; a cell of text is a text, whatever it looks like."""
    with pd.ExcelFile(path, engine=engine) as book:
        for sheet in book.sheet_names:
            cells = pd.read_excel(
                book, sheet_name=sheet, header=None, dtype=object, keep_default_na=False
            )
            frame = _from_cells(cells.where(cells.ne(""), None))
            if len(frame):
                return frame
    raise UnreadableData(f"`{path.name}` has no sheet with rows in it.")


def _from_cells(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the table in a sheet: behind a title and empty rows, its first row is the header."""
    present = cells.notna()
    cells = cells.loc[present.any(axis="columns"), present.any(axis="index")]
    if len(cells) < 2:
        return pd.DataFrame()
    counts = cells.notna().sum(axis="columns").tolist()
    is_title = cells.shape[1] > 2
    start = next((n for n, count in enumerate(counts) if count > 1 or not is_title), 0)
    start = start if start <= _LONGEST_TITLE else 0
    header = [None if cell is None else _text_of(cell) for cell in cells.iloc[start]]
    return cells.iloc[start + 1 :].set_axis(header, axis="columns")


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
        return pa.Table.from_batches(batches, reader.schema).to_pandas()


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
        return simple_columns(pd.DataFrame(records))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableData(f"`{path.name}` is no table of records.") from error


def read_json_columns(path: Path) -> pd.DataFrame:
    """Read `{"a": {"0": 1}}`, `{"a": [1]}` or `{"columns": [..], "data": [[..]]}`.

    Raises:
        UnreadableData: The document is none of them.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(document, dict):
            raise TypeError
        if isinstance(document.get("data"), list) and isinstance(document.get("columns"), list):
            names, data = document["columns"], document["data"]
            frame = pd.DataFrame(data, columns=range(len(names)))
            return simple_columns(frame.set_axis(names, axis="columns"))
        return simple_columns(pd.DataFrame(document))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableData(
            f"`{path.name}` is no table;"
            " JSON has to hold a list of records, one record a line, or columns."
        ) from error


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
