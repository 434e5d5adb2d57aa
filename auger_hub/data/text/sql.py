"""Quote names, texts and paths for SQL queries."""

import glob
from pathlib import Path


def quoted(name: str) -> str:
    """Quote a column name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def one_file(path: Path) -> str:
    """Name one file in SQL: in it `*`, `?` and `[` are letters and no patterns."""
    return literal(glob.escape(str(path)))


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"
