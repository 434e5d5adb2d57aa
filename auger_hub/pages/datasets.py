"""Serve the page of a data set: what is in each of its columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

from auger_hub.database.tables import Project, ProjectFile
from auger_hub.http.contract import Call, Fields
from auger_hub.pages.drawings.chart import Bar, draw_bars
from auger_hub.pages.experiments import notices_of
from auger_hub.pages.revisions import drift_of, targets_of
from auger_hub.pages.view import View
from auger_hub.pages.words import number
from auger_hub.routes.query import find

_MOST_BARS = 12
_MOST_PAIRS = 5
_SHADES = 4
_LABELS_IN_TEXT = 5
_TYPES = {"hashing": "text", "double": "number"}


def show_data_set(call: Call) -> View:
    """Show a row a column of the data."""
    row = find(call, ProjectFile, call.params["id"])
    project = find(call, Project, row.project_id)
    statistics = row.statistics or {}
    rows = statistics.get("count")
    data_set = {
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "error": row.error_message,
        "created_at": row.created_at,
        "rows": rows,
    }
    targets = targets_of(call, row)
    columns = [_describe(column, rows or 0) for column in statistics.get("stat_data") or []]
    for column in columns:
        column["is_target"] = column["name"] in targets
    facts = {
        "drift": drift_of(call, row),
        "project": {"id": project.id, "name": project.name},
        "data_set": data_set,
        "notices": notices_of(statistics),
        "correlation": _correlation(statistics.get("correlation"), targets),
        "columns": sorted(columns, key=lambda column: not column["is_target"]),
    }
    return View("dataset.html", facts, is_going=row.status == "processing")


def _correlation(told: Fields | None, targets: Collection[str]) -> Fields | None:
    """Return the matrix with its shades, targets first, and the pairs that move together most."""
    if not told:
        return None
    labels, matrix = told["columns"], told["matrix"]

    def is_target(place: int) -> bool:
        return any(
            labels[place] == name or labels[place].startswith(f"{name} = ") for name in targets
        )

    order = sorted(range(len(labels)), key=lambda place: not is_target(place))
    pairs = [
        (abs(r), labels[i], labels[k], r)
        for n, i in enumerate(order)
        for k in order[n + 1 :]
        if (r := matrix[i][k]) is not None
    ]
    strongest = sorted(pairs, key=lambda pair: -pair[0])[:_MOST_PAIRS]
    rows = [
        {
            "label": labels[i],
            "cells": [
                {"r": matrix[i][k], "shade": "" if i == k else _shade(matrix[i][k])} for k in order
            ],
        }
        for i in order
    ]
    return {
        "labels": [labels[place] for place in order],
        "matrix": rows,
        "rows": told["rows"],
        "left_out": told["left_out"],
        "pairs": [{"one": one, "other": other, "r": r} for _, one, other, r in strongest],
    }


def _shade(r: float | None) -> str:
    """Return the class of a cell: `up-1` to `up-4`, `down-1` to `down-4`, "" for next to none."""
    strength = 0 if r is None else min(int(abs(r) * 5), _SHADES)
    return "" if r is None or not strength else f"{'up' if r > 0 else 'down'}-{strength}"


def _describe(column: Fields, rows: int) -> Fields:
    missing = column.get("missing_values") or 0
    bars, words = _distribution(column)
    return {
        "name": column.get("column_name"),
        "type": _TYPES.get(str(column.get("datatype")), column.get("datatype")),
        "missing": missing,
        "missing_share": missing / rows if rows else 0,
        "unique": column.get("unique_values"),
        "mean": column.get("avg"),
        "deviation": column.get("std_dev"),
        "range": column.get("range"),
        "bars": bars,
        "words": words,
    }


def _distribution(column: Fields) -> tuple[Sequence[Bar], str]:
    """Return bars and the same in words: value counts of categories, else the histogram."""
    counts = column.get("value_counts")
    if isinstance(counts, dict) and counts:
        shown = dict(list(counts.items())[:_MOST_BARS])
        labels = [f"{value}: {number(count)}" for value, count in shown.items()]
        rest = len(counts) - _LABELS_IN_TEXT
        words = ", ".join(labels[:_LABELS_IN_TEXT]) + (f" and {rest} more" if rest > 0 else "")
        return draw_bars(list(shown.values()), labels), words
    histogram: dict[str, Any] = column.get("histogram") or {}
    bins, edges = histogram.get("hist") or [], histogram.get("bin_edges") or []
    if not bins or len(edges) != len(bins) + 1:
        return [], ""
    labels = [
        f"{number(low)} to {number(high)}: {number(count)}"
        for count, (low, high) in zip(bins, pairwise(edges), strict=True)
    ]
    return draw_bars(bins, labels), f"from {number(edges[0])} to {number(edges[-1])}"
