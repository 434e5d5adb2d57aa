"""Find and remove what is older than the settings keep it: nothing goes unless they say so.

| setting | removes |
|---|---|
| `keep_predictions_days` | answered questions with their results |
| `keep_trials_days` | trials of a run whose experiment has a newer one that completed; not those deployed or exported |
| `keep_data_days` | data sets with a newer revision, that no experiment and no run names |
| `keep_models_days` | models that were undeployed so long ago, and are of no endpoint |

Zero keeps for ever. Fitted models and logs go to the trash by the usual sweep.
"""  # noqa: E501 - a table

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from auger_hub.accounts.audit import THE_HUB, Deed, note
from auger_hub.background.sweep import unnamed
from auger_hub.database.engine import Database
from auger_hub.database.review_tables import EndpointPipeline
from auger_hub.database.tables import (
    Experiment,
    ExperimentSession,
    Organization,
    Pipeline,
    PipelineFile,
    Prediction,
    ProjectFile,
    Trial,
    TrialEvaluation,
)
from auger_hub.settings import HubSettings
from auger_hub.store.local import Storage
from auger_hub.timestamps import timestamp

_AT_ONCE = 500
_ENDED = ("completed", "interrupted", "error")
_REVISION = re.compile(r"-\d+(?=(\.\w+)*$)")


@dataclass(frozen=True)
class Due:
    """What is older than it is kept.

    Attributes:
        kind: `predictions`, `trials`, `data set` or `model`.
        object_id: of the model asked, of the run, of the data set, of the model.
        organization_id: whose it is.
        name: of the object, if it has one.
        count: how many rows go.
        since: the oldest of them.
    """

    kind: str
    object_id: str
    organization_id: int
    name: str | None
    count: int
    since: datetime


def find_due(session: Session, settings: HubSettings, at: datetime) -> list[Due]:
    """Return what goes when it is `at`, oldest first of each kind."""
    found: list[Due] = []
    for days, find in (
        (settings.keep_predictions_days, _predictions),
        (settings.keep_trials_days, _trials),
        (settings.keep_data_days, _data),
        (settings.keep_models_days, _models),
    ):
        if days:
            found += find(session, at - timedelta(days=days))
    return found


def report_due(session: Session, settings: HubSettings, at: datetime) -> list[dict[str, Any]]:
    """Return what goes when it is `at`, as the command shows it."""
    pairs = session.execute(select(Organization.id, Organization.name))
    names = {row.id: row.name for row in pairs}
    return [
        {
            "kind": due.kind,
            "id": due.object_id,
            "organization": names.get(due.organization_id),
            "name": due.name,
            "count": due.count,
            "since": timestamp(due.since),
        }
        for due in find_due(session, settings, at)
    ]


def remove_due(database: Database, storage: Storage, settings: HubSettings, at: datetime) -> int:
    """Remove what was due at a time, a piece of it in each transaction; return how many rows."""
    removed = 0
    with database.read() as session:
        found = find_due(session, settings, at)
    for due in found:
        while count := _remove_some(database, storage, due, _cut(settings, due.kind, at)):
            removed += count
            if count < _AT_ONCE:
                break
    return removed


def _cut(settings: HubSettings, kind: str, at: datetime) -> datetime:
    days = {
        "predictions": settings.keep_predictions_days,
        "trials": settings.keep_trials_days,
        "data set": settings.keep_data_days,
        "model": settings.keep_models_days,
    }
    return at - timedelta(days=days[kind])


def _remove_some(database: Database, storage: Storage, due: Due, cut: datetime) -> int:
    """Remove at most so many rows of what is due, look again whether they are, and note it."""
    with database.write() as session:
        organization = session.get_one(Organization, due.organization_id)
        keys: list[str] = []
        count = 0
        match due.kind:
            case "predictions":
                count = _remove_predictions(session, due, cut, keys)
            case "trials":
                count = _remove_trials(session, due, cut)
            case "data set":
                count = _remove_one(session, ProjectFile, _data(session, cut), due, keys)
            case _:
                count = _remove_one(session, Pipeline, _models(session, cut), due, keys)
        session.flush()
        left = unnamed(session, due.organization_id, keys)
        if count:
            deed = Deed(f"remove {count} of age", due.kind, due.object_id, due.name, user=THE_HUB)
            note(session, due.organization_id, deed)
    for key in left:
        storage.discard(organization.main_bucket, key)
    return count


def _predictions(session: Session, cut: datetime) -> Iterator[Due]:
    query = (
        select(
            Prediction.pipeline_id,
            Prediction.organization_id,
            func.count(),
            func.min(Prediction.created_at),
        )
        .where(Prediction.created_at < cut, Prediction.status.in_(("done", "error")))
        .group_by(Prediction.pipeline_id, Prediction.organization_id)
    )
    for pipeline_id, owner, count, since in session.execute(query):
        yield Due("predictions", pipeline_id, owner, None, count, since)


def _remove_predictions(session: Session, due: Due, cut: datetime, keys: list[str]) -> int:
    query = select(Prediction.id, Prediction.result_key).where(
        Prediction.pipeline_id == due.object_id,
        Prediction.created_at < cut,
        Prediction.status.in_(("done", "error")),
    )
    rows = session.execute(query.limit(_AT_ONCE)).all()
    keys += [row.result_key for row in rows if row.result_key]
    session.execute(delete(Prediction).where(Prediction.id.in_([row.id for row in rows])))
    return len(rows)


def _is_spare() -> Any:
    """Return whether a trial is neither deployed nor exported."""
    return ~exists().where(Pipeline.trial_id == Trial.id) & ~exists().where(
        PipelineFile.trial_id == Trial.id
    )


def _trials(session: Session, cut: datetime) -> Iterator[Due]:
    newer = aliased(ExperimentSession)
    run = ExperimentSession
    query = (
        select(run.id, run.organization_id, func.count(), run.updated_at)
        .join(Trial, Trial.experiment_session_id == run.id)
        .where(
            run.status.in_(_ENDED),
            run.updated_at < cut,
            exists().where(
                newer.experiment_id == run.experiment_id,
                newer.number > run.number,
                newer.status == "completed",
            ),
            _is_spare(),
        )
        .group_by(run.id, run.organization_id, run.updated_at)
        .order_by(run.updated_at)
    )
    for run_id, owner, count, since in session.execute(query):
        yield Due("trials", run_id, owner, None, count, since)


def _remove_trials(session: Session, due: Due, cut: datetime) -> int:
    if due.object_id not in {one.object_id for one in _trials(session, cut)}:
        return 0
    of_run = select(Trial.id).where(Trial.experiment_session_id == due.object_id, _is_spare())
    ids = list(session.scalars(of_run.limit(_AT_ONCE)))
    session.execute(delete(Trial).where(Trial.id.in_(ids)))
    return len(ids)


def _data(session: Session, cut: datetime) -> Iterator[Due]:
    """Yield data sets that a newer one of the same series has replaced, and that nothing names."""
    of = ProjectFile.__table__.c
    columns = (of.id, of.project_id, of.organization_id, of.name, of.url, of.updated_at)
    files = session.execute(select(*columns).order_by(of.id)).all()  # statistics are long
    newest = {(file.project_id, _series(file.name)): file.id for file in files}
    used = set(session.scalars(select(Experiment.project_file_id)))
    used |= set(session.scalars(select(ExperimentSession.project_file_id)))
    used |= set(session.scalars(select(TrialEvaluation.project_file_id)))  # holdouts
    urls = set(session.scalars(select(Experiment.data_path_url)))
    for file in files:
        is_newest = newest[file.project_id, _series(file.name)] == file.id
        if is_newest or file.updated_at >= cut or file.id in used or file.url in urls:
            continue
        yield Due("data set", str(file.id), file.organization_id, file.name, 1, file.updated_at)


def _series(name: str) -> str:
    return _REVISION.sub("", name).replace("_", "-")


def _models(session: Session, cut: datetime) -> Iterator[Due]:
    query = select(Pipeline).where(
        Pipeline.status == "undeployed",
        Pipeline.updated_at < cut,
        ~exists().where(EndpointPipeline.pipeline_id == Pipeline.id),
    )
    for row in session.scalars(query.order_by(Pipeline.updated_at)):
        yield Due("model", row.id, row.organization_id, row.name, 1, row.updated_at)


def _remove_one(
    session: Session,
    table: type[ProjectFile | Pipeline],
    still: Iterator[Due],
    due: Due,
    keys: list[str],
) -> int:
    if due.object_id not in {one.object_id for one in still}:
        return 0
    row: Any = session.get(table, int(due.object_id) if table is ProjectFile else due.object_id)
    if table is ProjectFile:
        keys.append(row.key)
    else:
        asked = select(Prediction.result_key).where(Prediction.pipeline_id == row.id)
        keys += [key for key in session.scalars(asked) if key]
    session.delete(row)
    return 1
