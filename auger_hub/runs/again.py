"""Make an experiment's run once more: of the settings of another one, with actuals in its data.

Rows and what really happened to them become a data set of their own, which the run learns from; the
experiment stays bound to the one that was declared (wire contract §7).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auger_hub.database.tables import (
    IS_OWN,
    Actual,
    Experiment,
    ExperimentSession,
    Pipeline,
    Project,
    ProjectFile,
    now,
)
from auger_hub.runs.run_row import MEASURED, OWN_SETTINGS
from auger_hub.runs.trial_evaluations import hold_out
from auger_hub.store.local import project_key
from auger_hub.timestamps import timestamp

_SCORED = "scored"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Wanted:
    """Which actuals are to be joined with a data set.

    Attributes:
        hours: before the end of the newest day that has any, back to the beginning of a day; None
            for all there are.
        experiment_id: of whose models.
    """

    hours: int | None
    experiment_id: str


def join_actuals(session: Session, base: ProjectFile, wanted: Wanted) -> ProjectFile:
    """Return a data set of another one and the wanted actuals; without any, the other one.

    Only the row is made here: the rows are joined when it is profiled.
    """
    until = now()
    since = _begins(session, wanted, until)
    conditions = condition(wanted.experiment_id, since, until)
    count = session.scalar(select(func.sum(Actual.scored_count)).where(*conditions))
    if not count:
        return base
    project = session.get_one(Project, base.project_id)
    key = project_key(project.name, "files", f"with-actuals-{secrets.token_hex(8)}.parquet")
    row = ProjectFile(
        organization_id=base.organization_id,
        project_id=base.project_id,
        name=base.name,
        url=f"s3://hub/{key}",
        key=key,
        declared_schema=base.declared_schema,
        made_of={
            "project_file_id": base.id,
            "experiment_id": wanted.experiment_id,
            "since": timestamp(since) if since else None,
            "until": timestamp(until),
            "actuals": int(count),
        },
    )
    session.add(row)
    session.flush()
    stem = base.name.rpartition(".")[0] or base.name
    row.name = f"{stem} with actuals-{row.id}.parquet"  # a series: the old ones can be pruned
    session.flush()
    return row


def _begins(session: Session, wanted: Wanted, until: datetime) -> datetime | None:
    """Return the first moment that is joined.

    It is counted from the newest day, as the health of a model is (`review/health`): the same rows
    make the same data whenever a run asks for them.
    """
    if wanted.hours is None:
        return None
    of = [*condition(wanted.experiment_id, None, until), Actual.happened_at < until + _DAY]
    newest = session.scalar(select(func.max(Actual.happened_at)).where(*of))
    if newest is None:
        return None
    days = max(1, -(-wanted.hours // 24))
    return newest.replace(hour=0, minute=0, second=0, microsecond=0) - (days - 1) * _DAY


def condition(experiment_id: str, since: datetime | None, until: datetime) -> list[Any]:
    """Return what actuals have to fulfil to be joined."""
    models = (
        select(Pipeline.id)
        .join(ExperimentSession, ExperimentSession.id == Pipeline.experiment_session_id)
        .where(ExperimentSession.experiment_id == experiment_id)
    )
    told = [
        Actual.pipeline_id.in_(models),
        Actual.status == _SCORED,
        IS_OWN,
        Actual.created_at <= until,
    ]
    return told if since is None else [*told, Actual.happened_at >= since]


def next_number(session: Session, experiment_id: str) -> int:
    """Return the number of an experiment's next run."""
    of = ExperimentSession.experiment_id == experiment_id
    return (session.scalar(select(func.max(ExperimentSession.number)).where(of)) or 0) + 1


def run_again(session: Session, run: ExperimentSession) -> ExperimentSession:
    """Return a new run of the same experiment and settings, begun, with all actuals there are."""
    experiment = session.get_one(Experiment, run.experiment_id)
    base = _declared_data(session, experiment, run)
    data = join_actuals(session, base, Wanted(None, experiment.id)) if base else None
    again = ExperimentSession(
        id=secrets.token_hex(8),
        organization_id=run.organization_id,
        project_id=run.project_id,
        experiment_id=run.experiment_id,
        number=next_number(session, run.experiment_id),
        starter_user_id=run.starter_user_id,
        status="preprocess",
    )
    session.add(again)
    make_like(session, again, run)
    if data is not None:
        again.project_file_id = data.id
    return again


def make_like(session: Session, again: ExperimentSession, run: ExperimentSession) -> None:
    """Give a run what was asked of another one: settings, columns, data and holdout."""
    again.model_type = run.model_type
    again.model_settings = _settings_of(run)
    again.dataset_statistics = run.dataset_statistics
    again.project_file_id = run.project_file_id
    session.flush()
    holdout = run.model_settings.get("holdout")
    held_out = session.get(ProjectFile, holdout["project_file_id"]) if holdout else None
    if held_out is not None:
        hold_out(session, again, held_out)


def _declared_data(
    session: Session, experiment: Experiment, run: ExperimentSession
) -> ProjectFile | None:
    number = experiment.project_file_id or run.project_file_id
    return session.get(ProjectFile, number) if number else None


def _settings_of(run: ExperimentSession) -> dict[str, Any]:
    """Return what was asked of a run, without what came of it."""
    own = (OWN_SETTINGS | MEASURED | {"notices"}) - {"evaluation_options"}
    return {name: value for name, value in run.model_settings.items() if name not in own}


def begun_since(session: Session, run: ExperimentSession, since: datetime) -> str | None:
    """Return the id of the first run of the same experiment begun after a cause, if there is."""
    begun: Collection[str] = ("preprocess", "started", "completed")
    query = select(ExperimentSession.id).where(
        ExperimentSession.experiment_id == run.experiment_id,
        ExperimentSession.created_at > since,
        ExperimentSession.status.in_(begun),
    )
    return session.scalar(query.order_by(ExperimentSession.created_at).limit(1))
