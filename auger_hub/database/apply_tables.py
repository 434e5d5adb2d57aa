"""Define the tables of the history: applied plans, their actions, and how controllers stand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from auger_hub.database.tables import Base, Numbered, Timestamped, now, organization_id


class Apply(Numbered, Timestamped, Base):
    """One plan that was carried out by a client; it outlives its user and its projects."""

    __tablename__ = "applies"
    organization_id: Mapped[int] = organization_id()
    user_name: Mapped[str]
    origin: Mapped[str | None]
    """What applied: a command, a program, a controller."""
    auger_version: Mapped[str | None]
    commit_sha: Mapped[str | None]
    branch: Mapped[str | None]
    is_dirty: Mapped[bool | None]
    """The checkout had changes that were in no commit."""
    plan_digest: Mapped[str | None]
    config_digest: Mapped[str | None]
    projects: Mapped[list[Any]]
    summary: Mapped[dict[str, Any]]
    actions_count: Mapped[int]
    status: Mapped[str] = mapped_column(default="running")
    message: Mapped[str | None]
    is_exclusive: Mapped[bool] = mapped_column(default=False)
    beat_seconds: Mapped[float]
    """How often the client promised to be heard of while it applies."""
    heard_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]


class ApplyAction(Base):
    """One action of an apply, with what came of it."""

    __tablename__ = "apply_actions"
    __table_args__ = (
        Index("ix_apply_actions_object", "organization_id", "object_id"),
        Index("ix_apply_actions_run", "organization_id", "run_id"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    apply_id: Mapped[int] = mapped_column(ForeignKey("applies.id", ondelete="CASCADE"), index=True)
    key: Mapped[str]
    """The id of the action within its plan."""
    address: Mapped[str]
    project: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    name: Mapped[str]
    verb: Mapped[str]
    about: Mapped[str]
    status: Mapped[str] = mapped_column(default="waiting")
    seconds: Mapped[float | None]
    note: Mapped[str | None]
    object_id: Mapped[str | None]
    run_id: Mapped[str | None]


class Controller(Numbered, Timestamped, Base):
    """A controller that keeps projects of this hub as repositories say, as it last reported."""

    __tablename__ = "controllers"
    __table_args__ = (  # type: ignore[assignment]  # a mixin has options alone
        Index("ix_controllers_name", "organization_id", "name", unique=True),
        {"sqlite_autoincrement": True},
    )
    organization_id: Mapped[int] = organization_id()
    name: Mapped[str]
    user_name: Mapped[str]
    beat_seconds: Mapped[float]
    """How often it promised to be heard of."""
    targets: Mapped[list[Any]]
    heard_at: Mapped[datetime] = mapped_column(default=now)
