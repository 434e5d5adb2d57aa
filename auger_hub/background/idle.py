"""Find projects whose compute had nothing to do for so long that it stops (wire contract §2.4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auger_hub.database.tables import (
    ExperimentSession,
    Pipeline,
    Prediction,
    Project,
    ProjectFile,
)

_BUSY = ("preprocess", "started")
_USED: tuple[Any, ...] = (ExperimentSession, Pipeline, Prediction, ProjectFile)
"""A change of any of these is a use of the compute."""


def ends_at(session: Session, project: Project) -> datetime | None:
    """Return when the compute stops unless it is used; None while it works or may stay."""
    if project.status != "running" or not project.cluster_autoterminate_minutes:
        return None
    busy = select(ExperimentSession.id).where(
        ExperimentSession.project_id == project.id, ExperimentSession.status.in_(_BUSY)
    )
    if session.scalar(busy.limit(1)) is not None:
        return None
    changes = (
        session.scalar(select(func.max(table.updated_at)).where(table.project_id == project.id))
        for table in _USED
    )
    last_used: datetime = max(
        [project.updated_at, *(change for change in changes if change is not None)]
    )
    try:
        return last_used + timedelta(minutes=project.cluster_autoterminate_minutes)
    except OverflowError:
        return None
