"""Define the tables of model review: endpoints and alerts (wire contract §2.17, §2.18)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from auger_hub.database.tables import (
    Base,
    Numbered,
    Timestamped,
    organization_id,
    project_id,
)


class Endpoint(Timestamped, Base):
    """A name for the model that answers at present (§2.17)."""

    __tablename__ = "endpoints"
    id: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    name: Mapped[str | None]
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)


class EndpointPipeline(Numbered, Timestamped, Base):
    """A model of an endpoint; the newest active one is its primary (§2.17)."""

    __tablename__ = "endpoint_pipelines"
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    endpoint_id: Mapped[str] = mapped_column(
        ForeignKey("endpoints.id", ondelete="CASCADE"), index=True
    )
    pipeline_id: Mapped[str] = mapped_column(
        ForeignKey("pipelines.id", ondelete="CASCADE"), index=True
    )
    active: Mapped[bool]


class ReviewAlert(Numbered, Timestamped, Base):
    """When to worry about an endpoint (§2.18)."""

    __tablename__ = "review_alerts"
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    endpoint_id: Mapped[str] = mapped_column(
        ForeignKey("endpoints.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str]
    threshold: Mapped[float]
    threshold_policy: Mapped[str] = mapped_column(default="all_values")
    sensitivity: Mapped[int]
    actions: Mapped[str] = mapped_column(default="no_actions")
    notifications: Mapped[str] = mapped_column(default="no_notifications")
    active: Mapped[bool] = mapped_column(default=True)
    rule: Mapped[dict[str, Any] | None]
    """What is looked at, of an alert that a declared monitor has made."""


class ReviewAlertItem(Numbered, Timestamped, Base):
    """One time an alert was right (§2.18)."""

    __tablename__ = "review_alert_items"
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    endpoint_id: Mapped[str] = mapped_column(
        ForeignKey("endpoints.id", ondelete="CASCADE"), index=True
    )
    review_alert_id: Mapped[int | None] = mapped_column(
        ForeignKey("review_alerts.id", ondelete="SET NULL")
    )
    opened_at: Mapped[datetime]
    kind: Mapped[str]
    threshold: Mapped[float]
    sensitivity: Mapped[int]
    values: Mapped[list[Any]]
    pipeline_id: Mapped[str | None]
    """The model that it was right about."""
    subject: Mapped[str | None]
    """The column or segment that it was right about, where it looks at several."""
    text: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    last_day: Mapped[str | None]
    """The newest day that was looked at when it opened or closed."""
    action_results: Mapped[dict[str, Any] | None]


class ModelDay(Numbered, Base):
    """What a deployed model was asked and said on one day, counted; segment "" is all rows."""

    __tablename__ = "model_days"
    __table_args__ = (  # type: ignore[assignment]  # a mixin has options alone
        UniqueConstraint("pipeline_id", "day", "segment"),
        {"sqlite_autoincrement": True},
    )
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    pipeline_id: Mapped[str] = mapped_column(
        ForeignKey("pipelines.id", ondelete="CASCADE"), index=True
    )
    day: Mapped[str]
    segment: Mapped[str]
    counts: Mapped[dict[str, Any]]


class ModelReference(Timestamped, Base):
    """What a deployed model says of rows that it has not seen, as a measure for what it says."""

    __tablename__ = "model_references"
    id: Mapped[str] = mapped_column(
        ForeignKey("pipelines.id", ondelete="CASCADE"), primary_key=True
    )
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    status: Mapped[str] = mapped_column(default="waiting", index=True)
    content: Mapped[dict[str, Any] | None]
    error_message: Mapped[str | None]
