"""Find what a data set is for, and what moved in its columns since the one before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from auger_hub.database.tables import ExperimentSession, ProjectFile
from auger_hub.http.contract import Call, Fields
from auger_hub.pages.words import number
from auger_hub.routes.query import rows_of
from auger_hub.runs.run_row import options_of

_SAME = 0.8  # share of the columns that both have, from which one is a revision of the other
_LOOKED_AT, _SHOWN, _LEAST = 50, 30, 0.1


def targets_of(call: Call, data: ProjectFile) -> set[str]:
    """Return the columns that runs on a data set predict."""
    query = rows_of(call, ExperimentSession).where(ExperimentSession.project_file_id == data.id)
    newest = query.order_by(ExperimentSession.created_at.desc()).limit(_LOOKED_AT)
    told = (options_of(run).get("targetFeature") for run in call.session.scalars(newest))
    return {str(name) for name in told if name is not None}


def drift_of(call: Call, data: ProjectFile) -> Fields | None:
    """Return what moved since the newest older data set of the project with the same columns."""
    mine = _columns(data)
    if not mine:
        return None
    query = (
        select(ProjectFile)
        .where(ProjectFile.project_id == data.project_id, ProjectFile.id < data.id)
        .order_by(ProjectFile.id.desc())
        .limit(_LOOKED_AT)
    )
    for other in call.session.scalars(query):
        before = _columns(other)
        if before and len(mine.keys() & before.keys()) >= _SAME * len(mine.keys() | before.keys()):
            return {"id": other.id, "name": other.name, "columns": compare_columns(before, mine)}
    return None


def _columns(data: ProjectFile) -> dict[str, Fields]:
    told = (data.statistics or {}).get("stat_data") or []
    return {str(one["column_name"]): one for one in told if isinstance(one, dict)}


def compare_columns(before: Mapping[str, Fields], after: Mapping[str, Fields]) -> list[Fields]:
    """Return the columns that moved by a tenth or more, the farthest first.

    Numbers move by their mean, in standard deviations of before; categories by the share of the
    rows that would have to change; and missing values by their share.
    """
    found: list[Fields] = [
        {"name": name, "words": "is new" if name in after else "is gone", "size": 1.0}
        for name in before.keys() ^ after.keys()
    ]
    for name in before.keys() & after.keys():
        size, words = max(_moves(before[name], after[name]), default=(0.0, ""))
        if size >= _LEAST:
            found.append({"name": name, "words": words, "size": size})
    found.sort(key=lambda one: (-one["size"], one["name"]))
    return [{**one, "bar": round(100 * min(1.0, one["size"]), 1)} for one in found[:_SHOWN]]


def _moves(old: Fields, new: Fields) -> list[tuple[float, str]]:
    moves = []
    missing = _share_missing(old), _share_missing(new)
    moves.append((abs(missing[1] - missing[0]), f"missing {missing[0]:.1%} → {missing[1]:.1%}"))
    counts = _shares(old.get("value_counts")), _shares(new.get("value_counts"))
    if counts[0] and counts[1]:
        labels = counts[0].keys() | counts[1].keys()
        gaps = {label: counts[1].get(label, 0) - counts[0].get(label, 0) for label in labels}
        most = max(gaps, key=lambda label: abs(gaps[label]))
        told = f"`{most}` {counts[0].get(most, 0):.1%} → {counts[1].get(most, 0):.1%}"
        moves.append((sum(map(abs, gaps.values())) / 2, told))
    elif isinstance(old.get("avg"), int | float) and isinstance(new.get("avg"), int | float):
        deviation = old.get("std_dev") or 0.0
        gap = abs(new["avg"] - old["avg"])
        size = gap / deviation if deviation else float(gap > 0)
        moves.append((size, f"mean {number(old['avg'])} → {number(new['avg'])}"))
    return moves


def _share_missing(column: Fields) -> float:
    counted = sum((column.get("value_counts") or {}).values()) or sum(
        (column.get("histogram") or {}).get("hist") or []
    )
    missing = column.get("missing_values") or 0
    return missing / (missing + counted) if missing + counted else 0.0


def _shares(counts: Any) -> dict[str, float]:
    told = counts if isinstance(counts, dict) else {}
    total = sum(told.values())
    return {str(label): count / total for label, count in told.items()} if total else {}
