"""Compute column statistics of an uploaded file, as the hub shows them (wire contract §2.8).

DuckDB loads the file once into a table that may spill to disk, then every figure is a query over
columns: one for the sizes and moments, one for the histograms, one each for distinct values and
counts. Memory stays bounded however large the file. Edges and bins are numpy's, the sample standard
deviation is pandas'.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from auger_hub.data.convert import convert_pending
from auger_hub.data.correlation import Measured, correlate
from auger_hub.data.findings import (
    Figures,
    count_different,
    notices_of_columns,
    notices_of_file,
    notices_of_reading,
    notices_of_rows,
    notices_of_values,
    panel_of,
    purpose_of,
)
from auger_hub.data.notices import Notice, to_dicts
from auger_hub.data.panel import Panel
from auger_hub.data.read import open_table
from auger_hub.data.schema import CATEGORY, TEXT, Declared, TableSchema
from auger_hub.data.table import Reading, Table
from auger_hub.data.text.delimited import place

MAX_CATEGORIES = 50
"""Text with more values is `hashing`: recorded are 49 values as categorical and 75 as hashing."""
MAX_NUMBER_CATEGORIES = 10
"""Numbers with more values are numbers: recorded are 5 as categorical, 12 and 22 as numbers."""
EXACT_DISTINCT_LIMIT = 1_000_000
"""Above about so many different values their number is an estimate, some percent off."""
_FIGURES_AT_ONCE = 1000
_VALUES_AT_ONCE = 1_000_000  # held while different ones are counted
_COUNTED_AT_ONCE = 25  # columns of which each takes half a megabyte even when it has few values
_BINS = 10
_DATATYPES = {"BIGINT": "integer", "DOUBLE": "double", "TIMESTAMP": "datetime", "VARCHAR": "string"}


@dataclass(frozen=True)
class _Column:
    """What one pass over the table finds of a column."""

    name: str
    place: str
    orig_datatype: str
    present: int
    unique: int
    lowest: float | None = None
    highest: float | None = None
    mean: float | None = None
    deviation: float | None = None

    @property
    def is_number(self) -> bool:
        return self.orig_datatype in {"integer", "double"}

    @property
    def datatype(self) -> str:
        if self.orig_datatype == "datetime":
            return "datetime"
        if self.orig_datatype == "string":
            return "categorical" if self.unique <= MAX_CATEGORIES else "hashing"
        few = 0 < self.unique <= MAX_NUMBER_CATEGORIES and self.unique * 2 <= self.present
        return "categorical" if few else self.orig_datatype


def profile_file(
    path: Path, name: str | None = None, declared: Declared | None = None
) -> dict[str, Any]:
    """Compute `statistics` of a `project_file`: `count`, `columns_count`, `stat_data` a column.

    `unique_values` does not count missing ones, as `Series.nunique`; `use` and `isTarget` are the
    flags a client edits before it starts a run. `schema` says how the file is read from now on, and
    `notices` what was guessed about it.

    Args:
        path: the file.
        name: what its user calls it, for errors.
        declared: what was said about its columns.

    Raises:
        UnreadableData: The file is no table, with one sentence that says why.
    """
    reading = Reading(declared=declared or Declared())
    with open_table(path, in_order=False, reading=reading, name=name) as whole:
        # Columns are correlated with those of their part: the first ones of a very wide table.
        parts = [_profile_part(part, correlated=not i) for i, part in enumerate(whole.parts())]
        header, comments, told = whole.header, whole.comments, whole.told
    columns = [column for part in parts for column in part.schema.columns]
    schema = replace(parts[0].schema, columns=tuple(columns))
    notices = [
        *told,
        *notices_of_file(schema, header, comments),
        *(one for part in parts for one in part.notices),
    ]
    return {
        "count": parts[0].rows,
        "columns_count": len(columns),
        "stat_data": [described for part in parts for described in part.stat_data],
        "schema": schema.to_dict(),
        "notices": to_dicts(notices),
        **({"correlation": parts[0].correlation} if parts[0].correlation else {}),
        **({"panel": parts[0].panel.to_dict()} if parts[0].panel else {}),
    }


@dataclass(frozen=True)
class _Part:
    """What is found of some of the columns of a table, mostly of all."""

    rows: int
    stat_data: list[dict[str, Any]]
    schema: TableSchema
    notices: list[Notice]
    correlation: dict[str, Any] | None
    panel: Panel | None


def _profile_part(raw: Table, *, correlated: bool) -> _Part:
    table, lost = convert_pending(raw)
    rows, columns = _measure(table)
    histograms = _histograms(table.connection, [column for column in columns if column.is_number])
    stat_data = [
        _describe(table.connection, column, rows, histograms.get(column.name)) for column in columns
    ]
    schema = _final_schema(table, columns, rows)
    alike = [
        notice
        for column, described in zip(schema.columns, stat_data, strict=True)
        if column.type == CATEGORY
        for notice in notices_of_values(column.name, described.get("value_counts", {}))
    ]
    figures = _figures_of(table, schema, columns)
    different = count_different(table, rows)
    panel = panel_of(table, figures, different)
    notices = [
        *notices_of_reading(table.found, table.schema, lost),
        *alike,
        *notices_of_columns(table, figures, rows),
        *notices_of_rows(rows, different, panel),
    ]
    measured = list(_measured(columns, schema, stat_data)) if correlated else []
    correlation = correlate(table.connection, measured)
    return _Part(rows, stat_data, schema, notices, correlation, panel)


def _measured(
    columns: Sequence[_Column], schema: TableSchema, stat_data: Sequence[dict[str, Any]]
) -> Iterator[Measured]:
    """Yield the columns that are numbers or have two values, and stand for something."""
    for column, known, described in zip(columns, schema.columns, stat_data, strict=True):
        if known.purpose != "feature":  # an identifier, or the same in all rows
            continue
        if column.is_number:
            yield Measured(column.name, column.place)
        elif column.orig_datatype == "string" and column.unique == 2:
            yield Measured(column.name, column.place, max(described["value_counts"]))


def _figures_of(table: Table, schema: TableSchema, columns: Sequence[_Column]) -> list[Figures]:
    return [
        Figures(
            column,
            found.present,
            found.unique,
            found.lowest,
            found.highest,
            _words(table, found) if column.type == TEXT else 1.0,
        )
        for column, found in zip(schema.columns, columns, strict=True)
    ]


def _words(table: Table, column: _Column) -> float:
    """Return how many words the first texts of a column have on average."""
    name = column.place
    query = (
        f"SELECT avg(length(regexp_replace(trim({name}), '\\S+', '', 'g')) + 1)"  # noqa: S608
        f" FROM (SELECT {name} FROM data WHERE {name} IS NOT NULL LIMIT 1000)"
    )
    row = table.connection.execute(query).fetchone()
    return float(row[0] or 0) if row else 0.0


def _final_schema(table: Table, columns: Sequence[_Column], rows: int) -> TableSchema:
    """Return the schema with texts told from categories, and with what each column is for."""
    final = []
    for column, found in zip(table.schema.columns, columns, strict=True):
        kind = column.type
        if kind == CATEGORY and found.unique > MAX_CATEGORIES:
            kind = TEXT
        known = replace(column, type=kind)
        figures = Figures(known, found.present, found.unique, found.lowest, found.highest)
        if kind == TEXT:
            figures = replace(figures, words=_words(table, found))
        final.append(replace(known, purpose=purpose_of(figures, rows)))
    return replace(table.schema, columns=tuple(final))


def _measure(table: Table) -> tuple[int, list[_Column]]:
    connection = table.connection
    data = connection.sql("FROM data")
    kinds = [_DATATYPES[str(kind)] for kind in data.types]
    figures = [
        figure
        for position, kind in enumerate(kinds)
        for figure in _figures(place(position), is_number=kind in {"integer", "double"})
    ]
    rows, *values = _select(connection, ["count(*)", *figures])
    width = len(_figures("", is_number=True))
    found = [
        _Column(name, place(position), kind, *values[position * width : (position + 1) * width])
        for position, (name, kind) in enumerate(zip(table.schema.names, kinds, strict=True))
    ]
    return int(rows), _count_distinct(connection, found, int(rows))


def _select(
    connection: duckdb.DuckDBPyConnection, figures: list[str], at_once: int = _FIGURES_AT_ONCE
) -> list[Any]:
    """Return the figures of the table: for a very wide one in parts, or planning takes forever."""
    values: list[Any] = []
    for start in range(0, len(figures), at_once):
        some = ", ".join(figures[start : start + at_once])
        values += connection.execute(f"SELECT {some} FROM data").fetchone() or ()  # noqa: S608  (names are quoted)
    return values


def _figures(name: str, *, is_number: bool) -> list[str]:
    sizes = [f"count({name})", f"approx_count_distinct({name})"]
    if not is_number:
        return [*sizes, "NULL", "NULL", "NULL", "NULL"]
    double = f"CAST({name} AS DOUBLE)"
    return [*sizes, f"min({double})", f"max({double})", f"avg({double})", f"stddev_samp({double})"]


def _count_distinct(
    connection: duckdb.DuckDBPyConnection, columns: list[_Column], rows: int
) -> list[_Column]:
    """Return the columns with their estimates made exact, but for those with very many values."""
    few = [column for column in columns if column.unique <= EXACT_DISTINCT_LIMIT]
    figures = [f"count(DISTINCT {column.place})" for column in few]
    at_once = min(max(_VALUES_AT_ONCE // rows, 1), _COUNTED_AT_ONCE)
    values = _select(connection, figures, at_once)
    exact = {column.name: int(value) for column, value in zip(few, values, strict=True)}
    return [
        replace(column, unique=exact.get(column.name, min(column.unique, column.present)))
        for column in columns
    ]


def _histograms(
    connection: duckdb.DuckDBPyConnection, columns: list[_Column]
) -> dict[str, dict[str, list[Any]]]:
    """Count numbers into ten bins of equal width, the last one closed, all columns in one pass."""
    columns = [column for column in columns if column.present]
    if not columns:
        return {}
    edges = [_edges(column.lowest, column.highest) for column in columns]
    at_least = [
        f"count_if({column.place} >= {edge!r})"
        for column, bounds in zip(columns, edges, strict=True)
        for edge in bounds[1:-1]
    ]
    row = _select(connection, at_least)
    found: dict[str, dict[str, list[Any]]] = {}
    for position, (column, bounds) in enumerate(zip(columns, edges, strict=True)):
        above = row[position * (_BINS - 1) : (position + 1) * (_BINS - 1)]
        reached = [column.present, *map(int, above), 0]
        counts = [here - next_ for here, next_ in pairwise(reached)]
        found[column.name] = {"hist": counts, "bin_edges": bounds}
    return found


def _edges(lowest: float | None, highest: float | None) -> list[float]:
    """Return the edges of ten bins, numpy's where it can make them.

    It cannot between neighbours among the floats, nor where the span is more than a float.
    """
    bounds = np.array([lowest, highest], dtype=float)
    try:
        with np.errstate(all="ignore"):
            edges = np.histogram_bin_edges(bounds, bins=_BINS)
    except ValueError:
        edges = np.linspace(bounds[0] / 2, bounds[1] / 2, _BINS + 1) * 2
    if not np.isfinite(edges).all():
        edges = np.linspace(bounds[0] / 2, bounds[1] / 2, _BINS + 1) * 2
    return [float(edge) for edge in edges]


def _describe(
    connection: duckdb.DuckDBPyConnection,
    column: _Column,
    rows: int,
    histogram: dict[str, list[Any]] | None,
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "column_name": column.name,
        "datatype": column.datatype,
        "orig_datatype": column.orig_datatype,
        "unique_values": column.unique,
        "use": True,
        "isTarget": False,
    }
    if column.present < rows:
        described["missing_values"] = rows - column.present
    if histogram:
        described["range"] = [f"{column.lowest:.2f}", f"{column.highest:.2f}"]
        described["histogram"] = histogram
        described["avg"] = column.mean
        described["std_dev"] = column.deviation or 0.0
    if column.datatype == "categorical":
        counts = _count_values(connection, column.place)
        described["value_counts"] = {str(value): count for value, count in counts}
        described["value_counts_ex"] = [{"value": value, "count": count} for value, count in counts]
    return described


def _count_values(connection: duckdb.DuckDBPyConnection, column: str) -> list[tuple[Any, int]]:
    query = (
        f"SELECT {column}, count(*) AS count FROM data WHERE {column} IS NOT NULL"  # noqa: S608  (names are quoted)
        f" GROUP BY {column} ORDER BY count DESC, {column}"
    )
    return connection.execute(query).fetchall()
