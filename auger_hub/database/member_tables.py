"""Define the tables by which the hub processes of one database know of each other.

None of it is in a backup: it is of processes that run.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from auger_hub.database.tables import Base, Numbered, now


class Member(Base):
    """A hub process that serves, or did a moment ago: its beat counts on while it lives."""

    __tablename__ = "members"
    id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str]
    """Its machine and folder, for people."""
    role: Mapped[str]
    version: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(default=now)
    beat: Mapped[int] = mapped_column(default=0)
    questions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """How many each limited organization has asked of it in the last minute."""


class Lease(Base):
    """Which member leads. Its number is another one whenever another member has it."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(primary_key=True)
    member: Mapped[str]
    is_held: Mapped[bool]
    """Not once its member has ended in order."""
    number: Mapped[int]
    beat: Mapped[int] = mapped_column(default=0)
    wakes: Mapped[int] = mapped_column(default=0)
    """How often another member had something to be done."""
    since: Mapped[datetime] = mapped_column(default=now)


class LoginAttempt(Numbered, Base):
    """One attempt to log in, kept for a minute."""

    __tablename__ = "login_attempts"
    place: Mapped[str] = mapped_column(index=True)
    """The address that it came from, or its network."""
    user: Mapped[str]
    """A digest of the name."""
    at: Mapped[float] = mapped_column(index=True)
    """Unix seconds."""


class ProjectLog(Base):
    """The end of a project's log, which is on the disk of the member that leads."""

    __tablename__ = "project_logs"
    project_id: Mapped[int] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    text: Mapped[str]


FLEETING = frozenset(table.__tablename__ for table in (Member, Lease, LoginAttempt, ProjectLog))
