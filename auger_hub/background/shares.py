"""Divide a project's compute among its runs: evenly, the oldest first.

A run has at least one worker, so no more runs work at the same time than there are workers. The
others stay in `preprocess` and say what they wait for: `waiting` would mean that nobody has asked
for them yet (wire contract §2.11).
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from sqlalchemy import select

from auger_hub.database.engine import Database
from auger_hub.database.tables import ExperimentSession, Project
from auger_hub.settings import HubSettings

QUEUED = "waits for a free worker of its project"


def slots(project: Project, settings: HubSettings) -> int:
    """Return how many trials of a project run at the same time."""
    here = os.cpu_count() or 1
    return max(1, project.workers_count if settings.scheduler else min(project.workers_count, here))


def may_start(database: Database, settings: HubSettings, run_id: str, working: int) -> bool:
    """Return whether there is a worker for one more run of its project; say so to it when not."""
    with database.read() as session:
        run = session.get(ExperimentSession, run_id)
        if run is None:
            return False
        if working < slots(session.get_one(Project, run.project_id), settings):
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
        each, rest = divmod(slots(project, settings), max(1, len(working)))
        for number, run in enumerate(working):
            run.workers = max(1, each + (number < rest))
