"""Compute how numbers, and texts of two values, of a table move together (Pearson's r).

Of a large table a random part of the rows is looked at, of a wide one the columns that move
together most are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

MOST_ROWS = 20_000
MOST_COLUMNS = 24
MOST_LOOKED_AT = 200
_LEAST_ROWS = 10  # that two columns both have a value in; of fewer, r says nothing
_DIGITS = 3


@dataclass(frozen=True)
class Measured:
    """A column that can be compared with others.

    Attributes:
        place: its name in the table of the connection.
        value: of a text of two values the one that counts as 1.
    """

    name: str
    place: str
    value: str | None = None

    @property
    def label(self) -> str:
        """Return what stands beside its numbers."""
        return self.name if self.value is None else f"{self.name} = {self.value}"


def correlate(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Measured]
) -> dict[str, Any] | None:
    """Return `{columns, matrix, rows, left_out}`; None where there are no two columns to compare.

    A cell is null where one of its columns has one value alone in the rows that have both.
    """
    looked_at = columns[:MOST_LOOKED_AT]
    if len(looked_at) < 2:
        return None
    values = np.column_stack([*_read(connection, looked_at)])
    found = pairwise_r(values)
    strength = np.where(np.eye(len(found), dtype=bool), -1, np.nan_to_num(np.abs(found))).max(0)
    strongest = np.sort(np.argsort(-strength, kind="stable")[:MOST_COLUMNS])
    kept = [int(place) for place in strongest if strength[place] > 0]
    if len(kept) < 2:
        return None
    matrix = found[np.ix_(kept, kept)]
    return {
        "columns": [looked_at[place].label for place in kept],
        "matrix": [
            [None if np.isnan(r) else round(float(r), _DIGITS) for r in row] for row in matrix
        ],
        "rows": len(values),
        "left_out": len(columns) - len(kept),
    }


def pairwise_r(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return r of each pair of columns, over the rows that have both; NaN where there is none."""
    with np.errstate(all="ignore"):
        values = np.where(np.isfinite(values), values, np.nan)
        present = ~np.isnan(values)
        counts = np.maximum(present.sum(axis=0), 1)
        filled = np.where(present, values, 0.0)
        scale = np.maximum(np.abs(filled).max(axis=0, initial=0.0), np.finfo(float).tiny)
        filled = filled / scale  # squares of large numbers would be infinite
        filled = np.where(present, filled - filled.sum(axis=0) / counts, 0.0)
        spread = np.sqrt((filled**2).sum(axis=0))
        filled = filled / np.where(spread > 0, spread, 1)
        mask = present.astype(float)
        n = mask.T @ mask
        sums, squares = filled.T @ mask, (filled**2).T @ mask
        covered = n * (filled.T @ filled) - sums * sums.T
        own = n * squares - sums**2
        r = covered / np.sqrt(np.maximum(own, 0) * np.maximum(own.T, 0))
    r[(n < _LEAST_ROWS) | ~np.isfinite(r)] = np.nan
    clipped: NDArray[np.float64] = np.clip(r, -1, 1)
    return clipped


def _read(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Measured]
) -> list[NDArray[np.float64]]:
    """Return the values of the columns in the same rows, NaN where there is none."""
    named = ", ".join(
        f"CAST({one.place if one.value is None else f'({one.place} = ?)'} AS DOUBLE) AS c{number}"
        for number, one in enumerate(columns)
    )
    query = f"SELECT {named} FROM data USING SAMPLE reservoir({MOST_ROWS} ROWS) REPEATABLE (1)"  # noqa: S608 - places
    told = [one.value for one in columns if one.value is not None]
    found = connection.execute(query, told).fetchnumpy()
    return [
        np.ma.filled(np.ma.asarray(found[f"c{number}"], dtype=float), np.nan)
        for number in range(len(columns))
    ]
