"""Ask the hub's program what a local file holds, or look at its first rows without it.

Refuses to do: import anything of the hub, or start its server.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from auger_reconcile.client.files.tables import format_of, open_table
from auger_reconcile.errors import AugerError
from auger_reconcile.redact import quote_foreign

_MODULE = "auger_hub"
_NEEDED = ("duckdb", "pandas", "sqlalchemy")
_MOST_ROWS = 10_000
_CATEGORIES = 50  # as the hub has it: more different texts are no classes
_LEAST_ROWS = 20  # of fewer, all may differ by chance
_MISSING = frozenset(("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "?"))
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII)
_DATE = re.compile(r"\s*\d{4}-\d{1,2}-\d{1,2}([T ].*)?")


def look_with_hub(file: Path, declared: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the statistics that a hub would keep of a file; None where it is not installed.

    Raises:
        AugerError: it is no table, and why.
    """
    if any(find_spec(name) is None for name in _NEEDED):
        return None
    done = subprocess.run(
        [sys.executable, "-m", _MODULE, "look", f"--declared={json.dumps(declared)}", "--", file],
        cwd=file.anchor,  # `-m` imports from here first: not from among the user's files
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["the hub's program gave no reason"])[-1]
        raise AugerError(quote_foreign(last.removeprefix("error: ").rstrip(".")))
    statistics: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    return statistics


def look_lightly(source: Path, *, is_declared: bool = False) -> dict[str, Any]:
    """Return statistics of the first rows of a file, in the form of a hub's.

    Args:
        source: the file.
        is_declared: whether something was said of its columns, which is not used here.

    Raises:
        AugerError: it is no CSV, JSON, Parquet or .xlsx.
    """
    with open_table(source) as table:
        batch = next(table.batches(_MOST_ROWS))
        records = table.records(batch, range(len(table.columns)))
        told = list(table.notices)
        names = table.columns
    values = [[record[place] for record in records] for place in range(len(names))]
    columns = [_describe(name, column) for name, column in zip(names, values, strict=True)]
    text = (
        f"The first {len(records):,} rows were looked at, and less closely than the hub does:"
        ' `pip install "auger-reconcile[hub]"` brings its reader.'
    )
    if is_declared:
        text += " What auger.yaml says of the columns was not used."
    light = {"code": "light-look", "column": None, "count": len(records), "text": text}
    told += [_notice(column) for column in columns if column["purpose"] != "feature"]
    return {
        "count": len(records),
        "columns_count": len(columns),
        "stat_data": [
            {
                "column_name": one["name"],
                "unique_values": one.pop("unique"),
                "missing_values": one.pop("missing"),
            }
            for one in columns
        ],
        "schema": {"format": format_of(source), "columns": columns},
        "notices": [light, *told],
    }


def _describe(name: str, values: list[Any]) -> dict[str, Any]:
    present = [value for value in values if value is not None and str(value) not in _MISSING]
    different = {str(value) for value in present}
    if present and all(_NUMBER.fullmatch(value) for value in different):
        kind = "number"
    elif present and all(_DATE.fullmatch(value) for value in different):
        kind = "date"
    elif different and {value.lower() for value in different} <= {"true", "false"}:
        kind = "boolean"
    else:
        kind = "category" if len(different) <= _CATEGORIES else "text"
    whole = kind == "number" and not any(mark in value for value in different for mark in ".eE")
    all_differ = len(different) == len(present) == len(values) >= _LEAST_ROWS
    purpose = "feature"
    if len(different) <= 1:
        purpose = "constant"
    elif all_differ and (kind == "text" or (whole and _is_count(different))):
        purpose = "identifier"
    return {
        "name": name,
        "type": kind,
        "purpose": purpose,
        "whole": whole,
        "unique": len(different),
        "missing": len(values) - len(present),
    }


def _is_count(texts: set[str]) -> bool:
    """Tell whole numbers one after the other."""
    numbers = [int(text) for text in texts]
    return max(numbers) - min(numbers) + 1 == len(numbers)


def _notice(column: Mapping[str, Any]) -> dict[str, Any]:
    name = column["name"]
    if column["purpose"] == "constant":
        text = f"`{name}` is the same in all rows that were looked at."
        code = "constant-column"
    else:
        text = f"`{name}` is different in every row: it looks like an identifier."
        code = "identifier"
    return {"code": code, "column": name, "count": column["unique"], "text": text}
