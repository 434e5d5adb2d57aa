"""Open and close the alerts of an endpoint (wire contract §2.18).

What is stored decides, whenever somebody looks: an alert that is right opens once and stays open
until it holds again, and one that has closed opens again only for a newer day. Between opening and
closing lies a margin (`alert` and `warn` of a drift), so that noise does not open it every day.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auger_hub.database.review_tables import EndpointPipeline, ReviewAlert, ReviewAlertItem
from auger_hub.database.tables import IS_PREDICTION, Pipeline, Prediction, now
from auger_hub.review.health import (
    PREDICTIONS,
    ColumnHealth,
    Known,
    check_columns,
    last_day,
    read_known,
    score_of,
    sum_days,
    window_of,
)
from auger_hub.review.monitor import DRIFT, MISSING, SCORE
from auger_hub.review.performance import daily_performance
from auger_hub.review.reference import is_at_hand, read_profile
from auger_hub.store.models import ModelStore

_MOST_HOURS = 24 * 3650
_SURE = 4.0  # standard errors by which missing values have to be more than before


@dataclass(frozen=True)
class _Finding:
    """What an alert says now.

    Attributes:
        is_right: it has to be open.
        holds: it has to be closed; between both, it stays what it is.
        day: the newest day that was looked at.
    """

    is_right: bool
    holds: bool
    values: list[float]
    day: str
    text: str | None = None


def review_alerts(session: Session, models: ModelStore, pipeline_id: str) -> None:
    """Look at every active alert of the endpoints that this model answers for.

    Nothing is judged without what it is compared with: while the store does not answer, or on the
    disk of a hub that has just begun.
    """
    pipeline = session.get(Pipeline, pipeline_id)
    query = (
        select(ReviewAlert)
        .join(EndpointPipeline, EndpointPipeline.endpoint_id == ReviewAlert.endpoint_id)
        .where(
            EndpointPipeline.pipeline_id == pipeline_id,
            EndpointPipeline.active.is_(True),
            ReviewAlert.active.is_(True),
        )
    )
    alerts = session.scalars(query).unique().all()
    if pipeline is None or not alerts or not is_at_hand(models, pipeline):
        return
    known = read_known(session, pipeline, read_profile(models, pipeline))
    for alert in alerts:
        finding = _look(session, pipeline_id, known, alert)
        if finding is not None:
            _settle(session, alert, pipeline_id, finding)


def close_replaced(session: Session) -> None:
    """Close what is open about models that do not answer any more."""
    answering = select(EndpointPipeline.endpoint_id, EndpointPipeline.pipeline_id).where(
        EndpointPipeline.active.is_(True)
    )
    active = set(session.execute(answering).tuples().all())
    query = select(ReviewAlertItem).where(
        ReviewAlertItem.closed_at.is_(None), ReviewAlertItem.pipeline_id.is_not(None)
    )
    for item in session.scalars(query):
        if (item.endpoint_id, item.pipeline_id) not in active:
            item.closed_at = now()


def _settle(session: Session, alert: ReviewAlert, pipeline_id: str, finding: _Finding) -> None:
    newest = session.scalar(
        select(ReviewAlertItem)
        .where(
            ReviewAlertItem.review_alert_id == alert.id, ReviewAlertItem.pipeline_id == pipeline_id
        )
        .order_by(ReviewAlertItem.id.desc())
        .limit(1)
    )
    if newest is not None and newest.closed_at is None:
        if finding.holds:
            newest.closed_at, newest.last_day = now(), finding.day
        return
    is_news = newest is None or finding.day > (newest.last_day or "")
    if finding.is_right and is_news:
        session.add(
            ReviewAlertItem(
                organization_id=alert.organization_id,
                project_id=alert.project_id,
                endpoint_id=alert.endpoint_id,
                review_alert_id=alert.id,
                opened_at=now(),
                kind=alert.kind,
                threshold=alert.threshold,
                sensitivity=alert.sensitivity,
                values=finding.values,
                pipeline_id=pipeline_id,
                subject=(alert.rule or {}).get("measure"),
                text=finding.text,
                last_day=finding.day,
            )
        )


def _look(session: Session, pipeline_id: str, known: Known, alert: ReviewAlert) -> _Finding | None:
    """Return what an alert says; None where there is nothing to tell it by."""
    match (alert.rule or {}).get("measure", alert.kind):
        case measure if measure in (DRIFT, MISSING):
            return _look_at_columns(known, alert.threshold, measure)
        case measure if measure == SCORE:
            return _look_at_score(known, alert.threshold)
        case "model_accuracy":
            return _look_at_accuracy(session, pipeline_id, alert)
        case "feature_average_range":
            return _look_at_averages(known, alert)
        case _:
            return _count_errors(session, pipeline_id, alert)


def _look_at_columns(known: Known, limit: float, measure: str) -> _Finding | None:
    last = last_day(known)
    if last is None:
        return None
    days = window_of(known.days.get("", {}), last, known.monitor.window)
    counts = sum_days(known, "", days)
    if counts["rows"] < known.monitor.min_rows:
        return None
    columns = check_columns(known, counts)
    rows = f"{counts['rows']:,} rows of {_days(known.monitor.window)}"
    if measure == DRIFT:
        return _judge_drift(columns, limit, last, rows)
    trained = (known.profile or {}).get("rows", 0)
    gone = [one for one in columns if _is_missing_more(one, limit, trained)]
    values = [one.missing for one in gone]
    told = [f"{_named(one)} {one.missing:.1%} instead of {one.missing_trained:.1%}" for one in gone]
    text = f"missing values: {_listed(told)}, {rows}" if gone else None
    return _Finding(bool(gone), not gone, values, last, text)


def _judge_drift(columns: Sequence[ColumnHealth], limit: float, last: str, rows: str) -> _Finding:
    off = [one for one in columns if one.is_suspect and one.drift and one.drift.index >= limit]
    holds = not any(one.is_suspect for one in columns)
    told = [f"{_named(one)} {one.drift.index:.2f}" for one in off if one.drift]
    text = f"drift: {_listed(told)}, over {limit:g}, {rows}" if off else None
    return _Finding(bool(off), holds, [one.drift.index for one in off if one.drift], last, text)


def _is_missing_more(one: ColumnHealth, limit: float, trained: int) -> bool:
    more = one.missing - one.missing_trained
    if more <= limit or not one.rows or not trained:
        return False
    both = (one.missing * one.rows + one.missing_trained * trained) / (one.rows + trained)
    error = math.sqrt(both * (1 - both) * (1 / one.rows + 1 / trained))
    return error == 0 or more / error >= _SURE


def _named(one: ColumnHealth) -> str:
    return "the predictions" if one.column == PREDICTIONS else f"`{one.column}`"


def _listed(told: Sequence[str]) -> str:
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return ", ".join(told[:3]) + more


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _look_at_score(known: Known, least: float) -> _Finding | None:
    last = last_day(known)
    told = known.scores.get("", {})
    if last is None or not told:
        return None
    days = window_of(told, last, known.monitor.score_window)
    value, rows = score_of(known, "", days)
    if value is None or rows < known.monitor.score_min_rows:
        return None
    window = _days(known.monitor.score_window)
    text = f"{known.metric} {value:.4g} below {least:g} for {window}, {rows:,} rows"
    values = [told[day][0] / told[day][1] for day in days if told[day][1]]
    return _Finding(value < least, value >= least, values, last, text)


def _look_at_accuracy(session: Session, pipeline_id: str, alert: ReviewAlert) -> _Finding | None:
    """Look at the scores of the last `sensitivity` hours, as the cloud does."""
    since = (now() - timedelta(hours=min(alert.sensitivity, _MOST_HOURS))).date().isoformat()
    scores = daily_performance(session, pipeline_id)
    days = {day: score for day, score in scores.items() if day >= since}
    if not days:
        return None
    values = list(days.values())
    is_right = _by_policy(alert, [value < alert.threshold for value in values], values)
    text = f"score {sum(values) / len(values):.4g} below {alert.threshold:g}"
    return _Finding(is_right, not is_right, values, max(days), text)


def _by_policy(alert: ReviewAlert, wrong: Sequence[bool], values: Sequence[float]) -> bool:
    match alert.threshold_policy:
        case "any_value":
            return any(wrong)
        case "average_value":
            return sum(values) / len(values) < alert.threshold
        case _:
            return all(wrong)


def _look_at_averages(known: Known, alert: ReviewAlert) -> _Finding | None:
    """Compare averages of columns with those of the training data.

    The threshold is in standard deviations of these, as the client's help says ("goes beyond the
    standard deviation range ... by the specified number of times").
    """
    last = last_day(known)
    if last is None or known.profile is None:
        return None
    length = max(1, math.ceil(min(alert.sensitivity, _MOST_HOURS) / 24))
    days = window_of(known.days.get("", {}), last, length)
    counts = sum_days(known, "", days)
    off = {}
    for name, trained in known.profile["columns"].items():
        seen = counts.get("columns", {}).get(name)
        if seen is None or "sum" not in seen or not trained.get("deviation"):
            continue
        rows = sum(seen["bins"][:-1])
        if rows:
            off[name] = abs(seen["sum"] / rows - trained["mean"]) / trained["deviation"]
    if not off:
        return None
    name = max(off, key=lambda one: off[one])
    is_right = off[name] >= alert.threshold
    text = f"the average of `{name}` is {off[name]:.1f} standard deviations off"
    return _Finding(is_right, not is_right, [off[name]], last, text)


def _count_errors(session: Session, pipeline_id: str, alert: ReviewAlert) -> _Finding:
    since = now() - timedelta(hours=min(alert.sensitivity, _MOST_HOURS))
    query = select(func.count()).where(
        Prediction.pipeline_id == pipeline_id,
        Prediction.status == "error",
        Prediction.updated_at >= since,
        IS_PREDICTION,
    )
    count = float(session.scalar(query) or 0)
    is_right = count >= alert.threshold
    text = f"{count:,.0f} predictions failed within {alert.sensitivity} hours"
    return _Finding(is_right, not is_right, [count], now().date().isoformat(), text)


def describe_open(session: Session, pipeline_id: str) -> list[dict[str, Any]]:
    """Return what is open about a model, the oldest first."""
    query = (
        select(ReviewAlertItem)
        .where(ReviewAlertItem.pipeline_id == pipeline_id, ReviewAlertItem.closed_at.is_(None))
        .order_by(ReviewAlertItem.id)
    )
    return [
        {
            "id": item.id,
            "measure": item.subject or item.kind,
            "text": item.text,
            "opened_at": item.opened_at,
        }
        for item in session.scalars(query)
    ]
