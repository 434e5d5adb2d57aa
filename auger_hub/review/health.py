"""Report the health of a deployed model: its inputs against what it learned, and its scores.

Everything is told of days that are stored, and "now" is the newest of these, so the same rows have
the same health whenever somebody looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import reduce
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.database.review_tables import ModelDay, ModelReference
from auger_hub.database.tables import Actual, Pipeline, Trial, now
from auger_hub.models.counts import add_counts
from auger_hub.review.drift import Drift, compare
from auger_hub.review.estimate import estimate
from auger_hub.review.monitor import Monitor, read_monitor

_ALPHA = 0.01  # of a false alarm in one look at all columns together
PREDICTIONS = "(predictions)"
"""What the predictions are called among the columns."""
_SHOWN_DAYS = 60


@dataclass(frozen=True)
class Known:
    """What is stored of a deployed model.

    Attributes:
        profile: how its training data was counted; None where that is not known.
        reference: what it says of rows that it has not seen; None until it is measured.
        days: segment to day to counts.
        scores: segment to day to the sum of scores, each times its rows, and the rows.
        metric: that of its trial, and what that scored.
    """

    monitor: Monitor
    profile: Mapping[str, Any] | None
    reference: Mapping[str, Any] | None
    days: Mapping[str, Mapping[str, Mapping[str, Any]]]
    scores: Mapping[str, Mapping[str, tuple[float, int]]]
    metric: str
    trained_score: float | None = None


@dataclass(frozen=True)
class ColumnHealth:
    """One column, or the predictions, of some days."""

    column: str
    drift: Drift | None
    missing: float
    missing_trained: float
    unseen: int
    rows: int
    is_drifted: bool = field(default=False)
    """It is beyond `alert`, and that is no chance."""
    is_suspect: bool = field(default=False)
    """Likewise beyond `warn`."""


def read_known(session: Session, pipeline: Pipeline, profile: Mapping[str, Any] | None) -> Known:
    """Read all that is stored of a model, beside its profile."""
    trial = session.get(Trial, pipeline.trial_id) if pipeline.trial_id else None
    reference = session.get(ModelReference, pipeline.id)
    days: dict[str, dict[str, Any]] = {}
    query = select(ModelDay).where(ModelDay.pipeline_id == pipeline.id).order_by(ModelDay.day)
    for row in session.scalars(query):
        days.setdefault(row.segment, {})[row.day] = row.counts
    return Known(
        read_monitor(pipeline.monitor),
        profile,
        reference.content if reference else None,
        days,
        _read_scores(session, pipeline.id),
        trial.score_name if trial else str((pipeline.external or {}).get("score_name") or "score"),
        trial.score_value if trial else None,
    )


def _read_scores(session: Session, pipeline_id: str) -> dict[str, dict[str, tuple[float, int]]]:
    query = (
        select(Actual.happened_at, Actual.score, Actual.scored_count, Actual.segment_scores)
        .where(Actual.pipeline_id == pipeline_id, Actual.score.is_not(None))
        .order_by(Actual.happened_at)
    )
    scores: dict[str, dict[str, tuple[float, int]]] = {}
    for happened_at, score, count, segments in session.execute(query):
        told = {"": (score, count), **(segments or {})}
        for segment, (value, rows) in told.items():
            days = scores.setdefault(segment, {})
            day = happened_at.date().isoformat()
            total, counted = days.get(day, (0.0, 0))
            days[day] = (total + value * rows, counted + rows)
    return scores


def last_day(known: Known) -> str | None:
    """Return the newest day that tells something; one in the future is a wrong clock's."""
    tomorrow = (now() + timedelta(days=1)).date().isoformat()
    told = {*known.days.get("", {}), *known.scores.get("", {})}
    return max((day for day in told if day <= tomorrow), default=None)


def window_of(days: Iterable[str], last: str, length: int) -> list[str]:
    """Return the days up to the last that are within a window of so many, in their order."""
    first = (date.fromisoformat(last) - timedelta(days=length - 1)).isoformat()
    return sorted(day for day in days if first <= day <= last)


def sum_days(known: Known, segment: str, days: Sequence[str]) -> dict[str, Any]:
    """Return the counts of some days together."""
    told = known.days.get(segment, {})
    found = [told[day] for day in days if day in told]
    return dict(reduce(add_counts, found)) if found else {"rows": 0}


def check_columns(known: Known, counts: Mapping[str, Any]) -> list[ColumnHealth]:
    """Return how each column and the predictions are, the furthest off first."""
    if known.profile is None:
        return []
    columns = [
        _check_column(name, trained, counts["columns"][name])
        for name, trained in known.profile["columns"].items()
        if name in counts.get("columns", {})
    ]
    told = _check_predictions(known, counts)
    compared = [*columns, *([told] if told else [])]
    judged = [_judge(one, known.monitor, len(compared)) for one in compared]
    return sorted(judged, key=lambda one: -(one.drift.index if one.drift else -1.0))


def _check_column(name: str, trained: Mapping[str, Any], seen: Mapping[str, Any]) -> ColumnHealth:
    before, after = trained["counts"], seen["bins"]
    if len(before) != len(after):  # of a profile that was replaced
        return ColumnHealth(name, None, 0.0, 0.0, 0, sum(after))
    is_compared = trained["kind"] != "uncounted"
    is_ordered = trained["kind"] == "number"
    return ColumnHealth(
        name,
        compare(before, after, is_ordered=is_ordered) if is_compared else None,
        _share(after[-1], sum(after)),
        _share(before[-1], sum(before)),
        int(seen.get("unseen", 0)),
        sum(after),
    )


def _check_predictions(known: Known, counts: Mapping[str, Any]) -> ColumnHealth | None:
    reference = known.reference or {}
    if "classes" in reference and "classes" in counts:
        before = [sum(bins) for bins in reference["classes"]["confidence"]]
        after = [sum(bins) for bins in counts["classes"]["confidence"]]
        is_ordered = False
    elif "prediction" in reference and "prediction" in counts:
        before, after = reference["prediction"], counts["prediction"]["bins"]
        is_ordered = True
    else:
        return None
    if len(before) != len(after):
        return None
    drift = compare(before, after, is_ordered=is_ordered)
    return ColumnHealth(PREDICTIONS, drift, 0.0, 0.0, 0, sum(after))


def _judge(one: ColumnHealth, monitor: Monitor, compared: int) -> ColumnHealth:
    """Say whether a column has drifted; many are looked at, so chance is divided among them."""
    if one.drift is None or one.rows < monitor.min_rows:
        return one
    if one.drift.p_value >= _ALPHA / compared:
        return one
    index = one.drift.index
    return ColumnHealth(
        one.column,
        one.drift,
        one.missing,
        one.missing_trained,
        one.unseen,
        one.rows,
        is_drifted=index >= monitor.alert,
        is_suspect=index >= monitor.warn,
    )


def score_of(known: Known, segment: str, days: Sequence[str]) -> tuple[float | None, int]:
    """Return the score by the actuals of some days, and of how many rows it is."""
    told = known.scores.get(segment, {})
    found = [told[day] for day in days if day in told]
    rows = sum(count for _, count in found)
    return (sum(total for total, _ in found) / rows if rows else None), rows


def estimate_of(known: Known, counts: Mapping[str, Any]) -> tuple[str, float] | None:
    """Return the metric and the score to expect without actuals; None where nothing tells."""
    if not known.reference or "classes" not in counts:
        return None
    expected = known.reference.get("calibration")
    if not expected or len(expected) != len(counts["classes"]["confidence"]):
        return None
    return estimate(known.metric, counts["classes"], known.reference)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def describe_health(known: Known) -> dict[str, Any]:
    """Return all there is to tell of a model, as JSON values; alerts are told elsewhere."""
    last = last_day(known)
    told: dict[str, Any] = {
        "metric": known.metric,
        "trained_score": known.trained_score,
        "window": None,
        "columns": [],
        "score": None,
        "estimate": None,
        "segments": [],
        "days": [],
    }
    if last is None:
        return told
    days = window_of(known.days.get("", {}), last, known.monitor.window)
    counts = sum_days(known, "", days)
    scored = window_of(known.scores.get("", {}), last, known.monitor.score_window)
    value, rows = score_of(known, "", scored)
    return told | {
        "window": {"from": days[0] if days else last, "to": last, **_describe_use(counts)},
        "columns": [_describe_column(one, known.monitor) for one in check_columns(known, counts)],
        "score": None if value is None else {"value": value, "rows": rows, "from": scored[0]},
        "estimate": _describe_estimate(known, counts),
        "segments": [*_describe_segments(known, days, scored)],
        "days": [_describe_day(known, day) for day in _shown_days(known, last)],
    }


def _shown_days(known: Known, last: str) -> list[str]:
    days = {*known.days.get("", {}), *known.scores.get("", {})}
    return sorted(day for day in days if day <= last)[-_SHOWN_DAYS:]


def _describe_use(counts: Mapping[str, Any]) -> dict[str, Any]:
    answered = counts.get("requests", 0) - counts.get("failed", 0)
    return {
        "rows": counts.get("rows", 0),
        "requests": counts.get("requests", 0),
        "failed": counts.get("failed", 0),
        "mean_milliseconds": counts.get("milliseconds", 0) / answered if answered else None,
        "most_milliseconds": _most(counts.get("times", [])),
    }


def _most(times: Sequence[int]) -> int | None:
    """Return the milliseconds within which 95 of 100 answers came, as far as doublings tell."""
    whole, met = sum(times), 0
    for doubling, count in enumerate(times):
        met += count
        if whole and met >= 0.95 * whole:
            return int(2**doubling)
    return None


def _describe_column(one: ColumnHealth, monitor: Monitor) -> dict[str, Any]:
    if one.drift is None:
        level = "not-compared"
    elif one.rows < monitor.min_rows:
        level = "few-rows"
    else:
        level = "alert" if one.is_drifted else "warn" if one.is_suspect else "ok"
    return {
        "column": one.column,
        "level": level,
        "drift": one.drift.index if one.drift else None,
        "p_value": one.drift.p_value if one.drift else None,
        "missing": one.missing,
        "missing_trained": one.missing_trained,
        "unseen": one.unseen,
        "rows": one.rows,
    }


def _describe_estimate(known: Known, counts: Mapping[str, Any]) -> dict[str, Any] | None:
    found = estimate_of(known, counts)
    if found is None:
        return None
    metric, value = found
    reference = known.reference or {}
    trained = estimate(metric, reference["classes"], reference)
    return {
        "metric": metric,
        "value": value,
        "trained": trained[1] if trained else None,
        "rows": counts.get("rows", 0),
    }


def _describe_segments(
    known: Known, days: Sequence[str], scored: Sequence[str]
) -> Iterable[dict[str, Any]]:
    names = {*known.days, *known.scores} - {""}
    for name in sorted(names):
        if name.partition("=")[0] not in known.monitor.segments:
            continue
        counts = sum_days(known, name, days)
        value, rows = score_of(known, name, scored)
        expected = estimate_of(known, counts)
        yield {
            "segment": name,
            "rows": counts.get("rows", 0),
            "estimate": expected[1] if expected else None,
            "score": value,
            "score_rows": rows,
        }


def _describe_day(known: Known, day: str) -> dict[str, Any]:
    counts = sum_days(known, "", [day])
    columns = check_columns(known, counts)
    furthest = columns[0] if columns and columns[0].drift else None
    value, rows = score_of(known, "", [day])
    expected = estimate_of(known, counts)
    return {
        "day": day,
        **_describe_use(counts),
        "column": furthest.column if furthest else None,
        "drift": furthest.drift.index if furthest and furthest.drift else None,
        "missing": max((one.missing for one in columns), default=None),
        "score": value,
        "score_rows": rows,
        "estimate": expected[1] if expected else None,
    }
