"""Divide a project's compute among its runs: evenly, the oldest first.

A run has at least one worker, so no more runs work at the same time than there are workers. The
others stay in `preprocess` and say what they wait for: `waiting` would mean that nobody has asked
for them yet (wire contract §2.11).
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auger_hub.database.engine import Database
from auger_hub.database.tables import ExperimentSession, Organization, Project
from auger_hub.settings import HubSettings

QUEUED = "waits for a free worker of its project"


def slots(project: Project, settings: HubSettings) -> int:
    """Return how many trials of a project run at the same time."""
    here = os.cpu_count() or 1
    return max(1, project.workers_count if settings.scheduler else min(project.workers_count, here))


def _left_to(session: Session, project: Project, most: int) -> int:
    """Return how many workers a project may have of those that its organization is limited to."""
    organization = session.get_one(Organization, project.organization_id)
    if organization.most_workers is None:
        return most
    used = select(func.coalesce(func.sum(ExperimentSession.workers), 0)).where(
        ExperimentSession.organization_id == organization.id,
        ExperimentSession.project_id != project.id,
        ExperimentSession.status.in_(("preprocess", "started")),
    )
    return min(most, organization.most_workers - (session.scalar(used) or 0))


def may_start(database: Database, settings: HubSettings, run_id: str, working: int) -> bool:
    """Return whether there is a worker for one more run of its project; say so to it when not."""
    with database.read() as session:
        run = session.get(ExperimentSession, run_id)
        if run is None:
            return False
        project = session.get_one(Project, run.project_id)
        if working < _left_to(session, project, slots(project, settings)):
            return True
        is_told = run.message == QUEUED
    if not is_told:
        with database.write() as session:
            run = session.get(ExperimentSession, run_id)
            if run is not None and run.status == "preprocess":
                run.message = QUEUED
    return False


def share(database: Database, settings: HubSettings, project_id: int, runs: Sequence[str]) -> None:
    """Divide the workers of a project among the runs that work; they see it by themselves."""
    with database.write() as session:
        project = session.get(Project, project_id)
        if project is None:
            return
        query = select(ExperimentSession).where(ExperimentSession.id.in_(runs))
        order = (ExperimentSession.created_at, ExperimentSession.id)
        working = list(session.scalars(query.order_by(*order)))
        workers = max(1, _left_to(session, project, slots(project, settings)))
        each, rest = divmod(workers, max(1, len(working)))
        for number, run in enumerate(working):
            run.workers = max(1, each + (number < rest))
