"""Open the alerts of an endpoint when they are right (wire contract §2.18).

Watched are the accuracy by the actuals and bursts of failed predictions. An alert opens once a day
at most; what the cloud does afterwards (retraining, mails) is left to whoever reads the items.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auger_hub.database.review_tables import (
    EndpointPipeline,
    ReviewAlert,
    ReviewAlertItem,
)
from auger_hub.database.tables import IS_PREDICTION, Prediction, now
from auger_hub.review.performance import daily_performance


def open_alerts(session: Session, pipeline_id: str) -> None:
    """Look at every active alert of the endpoints that this model answers for."""
    query = (
        select(ReviewAlert)
        .join(EndpointPipeline, EndpointPipeline.endpoint_id == ReviewAlert.endpoint_id)
        .where(
            EndpointPipeline.pipeline_id == pipeline_id,
            EndpointPipeline.active.is_(True),
            ReviewAlert.active.is_(True),
        )
    )
    for alert in session.scalars(query).unique().all():
        values = _values(session, alert, pipeline_id)
        if values and _is_right(alert, values) and not _was_opened_today(session, alert):
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
                    values=values,
                )
            )


def _values(session: Session, alert: ReviewAlert, pipeline_id: str) -> list[float]:
    """Return what the alert looks at, of its last `sensitivity` hours."""
    since = now() - timedelta(hours=min(alert.sensitivity, 24 * 3650))
    if alert.kind == "model_accuracy":
        days = daily_performance(session, pipeline_id)
        return [score for day, score in days.items() if day >= since.date().isoformat()]
    if alert.kind == "runtime_errors_burst":
        query = select(func.count()).where(
            Prediction.pipeline_id == pipeline_id,
            Prediction.status == "error",
            Prediction.updated_at >= since,
            IS_PREDICTION,
        )
        return [float(session.scalar(query) or 0)]
    return []


def _is_right(alert: ReviewAlert, values: list[float]) -> bool:
    if alert.kind == "runtime_errors_burst":
        return values[0] >= alert.threshold
    match alert.threshold_policy:
        case "any_value":
            return min(values) < alert.threshold
        case "average_value":
            return sum(values) / len(values) < alert.threshold
        case _:
            return max(values) < alert.threshold


def _was_opened_today(session: Session, alert: ReviewAlert) -> bool:
    query = select(ReviewAlertItem.id).where(
        ReviewAlertItem.review_alert_id == alert.id,
        ReviewAlertItem.opened_at > now() - timedelta(days=1),
    )
    return session.scalar(query.limit(1)) is not None
