"""Find the rows that need a child process, and close those whose process died too often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, func, literal, select
from sqlalchemy.orm import Session

from auger_hub.database.engine import Database
from auger_hub.database.review_tables import ModelReference
from auger_hub.database.tables import (
    Actual,
    Base,
    ExperimentSession,
    Explanation,
    Pipeline,
    PipelineFile,
    Project,
    ProjectFile,
    Trial,
    TrialEvaluation,
    now,
)
from auger_hub.processes.child_process import Job
from auger_hub.store.sources import is_remote
from auger_hub.timestamps import naive_timestamp

_KINDS: dict[str, tuple[type[Base], tuple[str, ...], str]] = {
    "profile": (ProjectFile, ("processing",), "processed_with_error"),
    "run": (ExperimentSession, ("preprocess", "started"), "error"),
    "package": (Pipeline, ("packaging",), "packaged_with_error"),
    "export": (PipelineFile, ("pending",), "error"),
    "score": (Actual, ("waiting",), "error"),
    "evaluate": (TrialEvaluation, ("waiting",), "error"),
    "explain": (Explanation, ("waiting",), "error"),
    "refer": (ModelReference, ("waiting",), "error"),
}
_EXPLAINED_SOON = select(Explanation.id).where(Explanation.status == "waiting")
_HOLDOUT_NOTICES = ("holdout-seen", "holdout-left-out")
_EXPECTED = timedelta(minutes=3)
_STARTED = ("deploying", "deployed", "running")


def find_jobs(database: Database) -> list[Job]:
    """Return all unfinished work, oldest first."""
    jobs = []
    with database.connect() as connection:
        for kind, (table, unfinished, _) in _KINDS.items():
            columns = table.__table__.c
            query = select(columns.id, Project.id, Project.organization_id, _source(table))
            if table is Actual:
                query = query.join(Pipeline, Pipeline.id == Actual.pipeline_id)
            owner = Pipeline.project_id if table is Actual else columns.project_id
            query = (
                query.join(Project, Project.id == owner)
                .where(columns.status.in_(unfinished), Project.deleting.is_(False))
                .order_by(columns.created_at)
            )
            if table is ModelReference:  # the explanation of the same trial finds it on its way
                query = query.where(columns.id.not_in(_EXPLAINED_SOON))
            jobs += [_job(kind, row) for row in connection.execute(query)]
    return jobs


def _source(table: type[Base]) -> Any:
    """Return the column that says where a row's data comes from, if that may be far away."""
    if table is ProjectFile:
        return ProjectFile.url
    return Actual.details if table is Actual else literal(None)


def _job(kind: str, row: Sequence[Any]) -> Job:
    row_id, project_id, organization_id, source = row
    url = source.get("actuals_path") if isinstance(source, dict) else source
    return Job(
        kind,
        str(row_id),
        project_id,
        organization_id=organization_id,
        is_download=url is not None and is_remote(str(url)),
    )


def is_work_expected(database: Database) -> bool:
    """Return whether somebody seems to be on the way to a run."""
    recent = now() - _EXPECTED
    signs = (
        exists().where(Project.status.in_(_STARTED), Project.updated_at > recent),
        exists().where(ProjectFile.created_at > recent),
        exists().where(ExperimentSession.created_at > recent),
    )
    with database.connect() as connection:
        return any(connection.scalar(select(sign)) for sign in signs)


def count_trials(database: Database, job: Job) -> int:
    """Return how many trials a run has stored; none for other work."""
    if job.kind != "run":
        return 0
    query = select(func.count()).where(Trial.experiment_session_id == job.row_id)
    with database.connect() as connection:
        return connection.scalar(query) or 0


def close_job(database: Database, job: Job, reason: str) -> None:
    """End a row whose child died too often, saying so."""
    message = "the process for this work ended unexpectedly twice"
    fail_row(database, job.kind, job.row_id, f"{message}: {reason}" if reason else message)


def fail_row(database: Database, kind: str, row_id: str, message: str) -> None:
    """Set an unfinished row to its failed status, with a sentence for the user."""
    table, unfinished, failed = _KINDS[kind]
    key = int(row_id) if table in (ProjectFile, PipelineFile, Actual) else row_id
    with database.write() as session:
        row = session.get(table, key)
        if isinstance(row, ExperimentSession):
            if row.status in unfinished:
                end_run(session, row, failed, message)
        elif (
            isinstance(
                row,
                ProjectFile
                | Pipeline
                | PipelineFile
                | Actual
                | TrialEvaluation
                | Explanation
                | ModelReference,
            )
            and row.status in unfinished
        ):
            row.status, row.error_message = failed, message
            if isinstance(row, TrialEvaluation) and row.is_of_run:
                run = session.get_one(ExperimentSession, row.experiment_session_id)
                end_holdout(run, row, message)


def end_run(session: Session, run: ExperimentSession, status: str, message: str | None) -> None:
    """Give a run its final status, wherever the contract shows it (wire contract §2.11)."""
    run.status, run.completed_at = status, now()
    settings = {"status": status, "end_time": naive_timestamp(run.completed_at)}
    if message is not None:
        run.message = run.error_message = message
        run.model_settings = {
            **run.model_settings,
            **settings,
            "errors": {"error": message, "error_details": message},
        }
    else:
        run.model_settings = {**run.model_settings, **settings}
    holdout = run.model_settings.get("holdout")
    if status != "completed" and isinstance(holdout, dict) and holdout["status"] == "waiting":
        why = f"the run ended with `{status}`, and only a completed one is scored on it"
        told = {**holdout, "status": "error", "error": why}
        run.model_settings = {**run.model_settings, "holdout": told}
    session.flush()


def end_holdout(
    run: ExperimentSession, row: TrialEvaluation, error: str | None, notices: Sequence[Any] = ()
) -> None:
    """Say how the scoring of a run on its holdout ended, unless it has another one by now."""
    holdout = run.model_settings.get("holdout")
    if not isinstance(holdout, dict) or holdout["project_file_id"] != row.project_file_id:
        return
    status = "scored" if error is None else "error"
    others = [
        one
        for one in run.model_settings.get("notices", [])
        if one.get("code") not in _HOLDOUT_NOTICES
    ]
    run.model_settings = {
        **run.model_settings,
        "holdout": {**holdout, "status": status, "error": error},
        "notices": [*others, *notices],
    }
