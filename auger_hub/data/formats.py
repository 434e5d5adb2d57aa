"""The formats that DuckDB does not read, as pandas data frames; each needs a package of its own.

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
from auger_hub.data.plain import in_utf8, optional_module
from auger_hub.data.unreadable import UnreadableData

_OLD_FEATHER = b"FEA1"
_ARFF_DATE = re.compile(
    r"""^(\s*@attribute\s+(?:'[^']*'|"[^"]*"|\S+)\s+)date\b.*$""", re.IGNORECASE
)


def read_frame(kind: Kind, path: Path) -> pd.DataFrame:
    """Read a file of any kind that DuckDB does not read, into columns that it understands.

    Raises:
        UnreadableData: The file is damaged, or a package that reads it is not installed.
    """
    packages = {Kind.XLSX: "openpyxl", Kind.XLS: "python_calamine", Kind.FEATHER: "pyarrow"}
    if kind in packages:
        optional_module(packages[kind], packages[kind], path)
    readers: dict[Kind, Any] = {
        Kind.XLSX: lambda: pd.read_excel(path, engine="openpyxl"),
        Kind.XLS: lambda: pd.read_excel(path, engine="calamine"),
        Kind.FEATHER: lambda: _read_feather(path),
        Kind.HDF5: lambda: read_hdf5(path),
        Kind.ARFF: lambda: _read_arff(path),
    }
    try:
        return simple_columns(readers[kind]())
    except (UnreadableData, MemoryError):
        raise
    except Exception as error:  # these readers raise anything on a damaged file
        raise UnreadableData(f"`{path.name}` is a damaged {kind.value} file.") from error


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


def _read_arff(path: Path) -> pd.DataFrame:
    """Read attributes of every type; dates, unknown to the package, go through it as text."""
    arff = optional_module("arff", "liac-arff", path)
    dates: list[int] = []
    attributes = 0

    def lines(source: Any) -> Any:
        nonlocal attributes
        for line in source:
            match = _ARFF_DATE.match(line)
            if match:
                dates.append(attributes)
            attributes += line.lstrip().lower().startswith("@attribute")
            yield f"{match.group(1)}string\n" if match else line

    with in_utf8(path) as text, text.open(encoding="utf-8-sig") as source:
        content = arff.load(lines(source))
    names = [name for name, _ in content["attributes"]]
    frame = pd.DataFrame(content["data"], columns=range(len(names)))
    for position in dates:
        frame[position] = pd.to_datetime(frame[position], errors="coerce")
    return frame.set_axis(names, axis="columns")


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
            return simple_columns(pd.DataFrame(document["data"], columns=document["columns"]))
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
    return column.map(str, na_action="ignore")
