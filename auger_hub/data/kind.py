"""Recognise the format of a file by its first bytes rather than by its name.

A name only decides between the kinds of text; text that calls itself a workbook is refused.
"""

import re
from enum import Enum
from pathlib import Path

from auger_hub.data.unreadable import UnreadableData


class Kind(Enum):
    """A file format of wire contract §3.5."""

    DELIMITED = "delimited text"
    JSON = "JSON"
    ARFF = "ARFF"
    PARQUET = "Parquet"
    FEATHER = "Feather"
    HDF5 = "HDF5"
    XLS = "Excel (xls)"
    XLSX = "Excel (xlsx)"


_MAGIC = {
    b"PAR1": Kind.PARQUET,
    b"ARROW1": Kind.FEATHER,
    b"FEA1": Kind.FEATHER,
    b"\x89HDF\r\n\x1a\n": Kind.HDF5,
    b"\xd0\xcf\x11\xe0": Kind.XLS,
    b"PK\x03\x04": Kind.XLSX,
}
_BINARY_NAMES = {
    ".parquet": Kind.PARQUET,
    ".feather": Kind.FEATHER,
    ".h5": Kind.HDF5,
    ".hdf5": Kind.HDF5,
    ".xls": Kind.XLS,
    ".xlsx": Kind.XLSX,
}
_ARFF = re.compile(rb"\A(?:\s|%[^\n]*\n)*@relation\b", re.IGNORECASE)
_JSON = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*[\[{]")


def kind_of(path: Path) -> Kind:
    """Tell the kind of the unpacked file `path`.

    Raises:
        UnreadableData: Its name promises a binary format that its content is not.
    """
    with path.open("rb") as file:
        start = file.read(1 << 16)
    for magic, kind in _MAGIC.items():
        if start.startswith(magic):
            return kind
    promised = _BINARY_NAMES.get(path.suffix.lower())
    if promised:
        raise UnreadableData(
            f"`{path.name}` is no {promised.value} file, although its name says so."
        )
    if _ARFF.match(start):
        return Kind.ARFF
    if path.suffix.lower() in {".json", ".jsonl", ".ndjson"} or _JSON.match(start):
        return Kind.JSON
    return Kind.DELIMITED
