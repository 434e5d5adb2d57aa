"""Move projects and pipelines on in the background (wire contract §2.4, §2.13)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.background.idle import ends_at
from auger_hub.background.removal import Removal
from auger_hub.database.engine import Database
from auger_hub.database.tables import (
    ExperimentSession,
    Pipeline,
    Project,
    now,
)
from auger_hub.processes.job_queue import end_run
from auger_hub.review.alerts import close_replaced
from auger_hub.review.monitored import detach
from auger_hub.serving.predictions import Predictions
from auger_hub.store.models import ModelStore

_NEXT = {"deploying": "deployed", "deployed": "running", "undeploying": "undeployed"}
_STEP = timedelta(seconds=0.05)  # so that every status can be seen


def advance_projects(database: Database, removal: Removal, busy: AbstractSet[int]) -> bool:
    """Move every project one status on where it may; True while one is still on its way.

    `busy` are the projects with living child processes: those end first.
    """
    moving = (Project.status.in_(_NEXT)) | Project.deleting.is_(True)
    with database.connect() as connection:
        ids = list(connection.scalars(select(Project.id).where(moving)))
    is_moving = False
    for project_id in ids:
        with database.write() as session:
            project = session.get(Project, project_id)
            is_doomed = project is not None and _advance(
                session, project, is_busy=project_id in busy
            )
        if is_doomed:
            removal.begin(project_id)
        is_moving = is_moving or not is_doomed
    return is_moving


def stop_idle(database: Database) -> None:
    """Stop the compute of projects that had nothing to do for long enough (§2.4)."""
    running = Project.cluster_autoterminate_minutes > 0, Project.status == "running"
    with database.connect() as connection:
        ids = list(connection.scalars(select(Project.id).where(*running)))
    for project_id in ids:
        with database.read() as session:
            project = session.get(Project, project_id)
            end = ends_at(session, project) if project is not None else None
        if end is None or end > now():
            continue
        with database.write() as session:  # look again: it may have been used meanwhile
            project = session.get(Project, project_id)
            end = ends_at(session, project) if project is not None else None
            if project is not None and end is not None and end <= now():
                project.status = "undeploying"


def _advance(session: Session, project: Project, *, is_busy: bool) -> bool:
    """Move one status on; return whether there is nothing left to do but to remove it."""
    if project.deleting or project.status == "undeploying":
        _interrupt_runs(session, project)
        if is_busy:
            return False
    if project.deleting:
        return True
    if project.status in _NEXT and now() - project.updated_at >= _STEP:
        project.status = _NEXT[project.status]
    return False


def _interrupt_runs(session: Session, project: Project) -> None:
    query = select(ExperimentSession).where(
        ExperimentSession.project_id == project.id,
        ExperimentSession.status.in_(("preprocess", "started")),
    )
    for run in session.scalars(query):
        end_run(session, run, "interrupted", None)


def retire_pipelines(database: Database, models: ModelStore, predictions: Predictions) -> None:
    """Undeploy what is undeploying: its process ends, its fitted model goes from this disk.

    From the store it goes when the models there are looked at.
    """
    going = select(Pipeline.id).where(Pipeline.status == "undeploying")
    with database.connect() as connection:
        ids = list(connection.scalars(going))
    for pipeline_id in ids:
        predictions.forget(pipeline_id)
        models.forget(pipeline_id)
        with database.write() as session:
            pipeline = session.get(Pipeline, pipeline_id)
            if pipeline is not None and pipeline.status == "undeploying":
                pipeline.status, pipeline.package_digest = "undeployed", None
                pipeline.bytes = None
                detach(session, pipeline)
                close_replaced(session)
