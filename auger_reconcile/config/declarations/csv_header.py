"""The names of a local table's columns, where they can be read from its first lines.

A mistake in `target` is told before anything is uploaded. What is no delimited text tells nothing
here; the hub's statistics tell it later.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from auger_reconcile.delimited import find_dialect, unique_names

LONGEST_HEAD = 1 << 18  # characters
TEXTS = (".csv", ".tsv")
_OPENERS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(TEXTS, open),
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}


def read_header(path: Path) -> tuple[str, ...] | None:
    """Return the columns of a CSV file as a hub names them, or None where they cannot be told."""
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None or not {suffix.lower() for suffix in path.suffixes}.intersection(TEXTS):
        return None
    with suppress(OSError, EOFError, UnicodeDecodeError, csv.Error, lzma.LZMAError):
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            head = file.read(LONGEST_HEAD)
        if "\0" in head:  # UTF-16 without a mark, which a hub recognises
            return None
        header = find_dialect(head).header
        if any(name.strip() for name in header):
            return tuple(unique_names(header))
    return None
