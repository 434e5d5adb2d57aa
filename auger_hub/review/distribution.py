"""Compare what a deployed model was asked and said each day with the training data (§2.13).

Counted in the bins and labels of the statistics of the data set. Answers that were asked for
without their features tell of the target alone. How far a day is off is its population stability
index, the sum of (p - q) ln(p / q): under 0.1 it is taken for the same, over 0.25 for another.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.database.tables import Prediction

MOST_PREDICTIONS, MOST_ROWS = 500, 20_000
FEWEST_ROWS = 20  # of a day, from which it is compared
MISSING, OTHER = "(missing)", "(other)"
_LEAST = 1e-4  # share of a bin that has none: the index has no zeros
Answer = tuple[str, list[str], list[list[Any]]]
Days = dict[str, dict[str, dict[str, int]]]


@dataclass(frozen=True)
class _Bins:
    """How the values of a column are counted, and how the training data was."""

    edges: Sequence[float]
    trained: Mapping[str, int]

    def name(self, value: Any) -> str:
        """Return the bin of a value."""
        if value is None or value == "":
            return MISSING
        if not self.edges:
            return str(value) if str(value) in self.trained else OTHER
        try:
            number = float(value)
        except (TypeError, ValueError):
            return OTHER
        if not self.edges[0] <= number <= self.edges[-1]:
            return OTHER
        place = min(bisect_right(self.edges, number), len(self.edges) - 1)
        return _range(self.edges[place - 1], self.edges[place])

    def divergence(self, counts: Mapping[str, int]) -> float:
        """Return the population stability index of counts against the training data."""
        before, after = sum(self.trained.values()), sum(counts.values())
        index = 0.0
        for name in {*self.trained, *counts}:
            p = max(counts.get(name, 0) / after, _LEAST)
            q = max(self.trained.get(name, 0) / before, _LEAST)
            index += (p - q) * math.log(p / q)
        return index


def compare_days(
    answers: Iterable[Answer], stat_data: Any
) -> tuple[Days, dict[str, dict[str, float]]]:
    """Return for each day and column how often each bin was met, and how far that is off.

    Args:
        answers: of the model.
        stat_data: of the training data.
    """
    bins = {str(one["column_name"]): made for one in _columns(stat_data) if (made := _bins(one))}
    days: dict[str, dict[str, Counter[str]]] = {}
    for day, columns, rows in answers:
        told = days.setdefault(day, {})
        for place, name in enumerate(columns):
            if name in bins:
                names = (bins[name].name(row[place]) for row in rows)
                told.setdefault(name, Counter()).update(names)
    divergence = {
        day: {
            name: bins[name].divergence(counts)
            for name, counts in columns.items()
            if counts.total() >= FEWEST_ROWS
        }
        for day, columns in days.items()
    }
    shown = {day: {n: dict(counts) for n, counts in told.items()} for day, told in days.items()}
    return shown, {day: told for day, told in divergence.items() if told}


def read_answers(session: Session, pipeline_id: str) -> list[Answer]:
    """Return day, columns and rows of the newest answers of a model, the oldest first."""
    query = (
        select(Prediction.predicted_at, Prediction.result)
        .where(Prediction.pipeline_id == pipeline_id, Prediction.status == "done")
        .where(Prediction.result_key.is_(None), Prediction.records_count <= MOST_ROWS)
        .order_by(Prediction.predicted_at.desc())
        .limit(MOST_PREDICTIONS)
    )
    found, left = [], MOST_ROWS
    for at, result in session.execute(query):
        if left <= 0:
            break
        rows = ((result or {}).get("data") or [])[:left]
        left -= len(rows)
        found.append((at.date().isoformat(), list((result or {}).get("columns") or []), rows))
    return found[::-1]


def _columns(stat_data: Any) -> list[dict[str, Any]]:
    told = stat_data if isinstance(stat_data, list) else []  # a client may have sent anything
    return [one for one in told if isinstance(one, dict) and "column_name" in one]


def _bins(column: Mapping[str, Any]) -> _Bins | None:
    """Return how a column is counted; None where its statistics do not say."""
    missing = {MISSING: int(column.get("missing_values") or 0)}
    histogram = column.get("histogram") or {}
    edges, counts = histogram.get("bin_edges") or [], histogram.get("hist") or []
    if len(edges) == len(counts) + 1 and any(counts):
        names = [_range(low, high) for low, high in pairwise(edges)]
        return _Bins(
            edges, Counter(dict(zip(names, map(int, counts), strict=True))) + Counter(missing)
        )
    values = column.get("value_counts") or {}
    if values:
        return _Bins((), Counter({str(k): int(v) for k, v in values.items()}) + Counter(missing))
    return None


def _range(low: float, high: float) -> str:
    return f"{low:.6g} to {high:.6g}"
