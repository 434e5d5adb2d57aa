"""The names of a local table's columns, where they can be read from its first line.

A mistake in `target` is told before anything is uploaded. What is no delimited text tells nothing
here; the hub's statistics tell it later.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
import re
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

LONGEST_HEADER = 1 << 20  # characters
DELIMITERS = ",;\t|"
_COMPARED_ROWS = 20
_QUOTED = re.compile(r'"[^"]*"')
_OPENERS: dict[str, Callable[..., Any]] = {
    ".csv": open,
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}


def read_header(path: Path) -> tuple[str, ...] | None:
    """Return the columns of a CSV file, or None when its first line does not tell them."""
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None or ".csv" not in [suffix.lower() for suffix in path.suffixes]:
        return None
    with suppress(OSError, EOFError, UnicodeDecodeError, csv.Error, lzma.LZMAError):
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            text = file.read(LONGEST_HEADER)
        first = _QUOTED.sub("", text).partition("\n")[0]
        delimiter = max(DELIMITERS, key=first.count)
        lines = text.splitlines(keepends=True)
        rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        names = next(rows, [])
        widths = {len(row) for row in islice(rows, _COMPARED_ROWS) if row}
        if widths - {len(names)}:  # a title, or lines that are no rows: the hub tells them apart
            return None
        if names and all(name.strip() for name in names):
            return tuple(name.strip() for name in names)
    return None
