"""Serve the leaderboard (wire contract §2.12): trials with a score, best first."""

from __future__ import annotations

import secrets
from typing import Any, Literal, TypedDict

from sqlalchemy import select

from auger_hub.database.tables import (
    ExperimentSession,
    Hyperparameter,
    ProjectFile,
    Trial,
)
from auger_hub.http.contract import Call, InvalidParams, NotFound, Page, Route
from auger_hub.http.params import KEY, Param
from auger_hub.routes.experiments import hyperparameters
from auger_hub.routes.experiments.hyperparameters import HyperparameterObject
from auger_hub.routes.query import find, rows_of, to_page
from auger_hub.routes.wire_object import to_object
from auger_hub.store.local import key_of_url
from auger_hub.store.source_logins import without_login


class TrialObject(TypedDict):
    """What a client sees of a trial."""

    object: Literal["trial"]
    deleted: bool
    id: str
    experiment_session_id: str
    project_id: int
    hyperparameter: HyperparameterObject
    score_name: str
    score_value: float
    task_type: str
    pdf_data: None
    pdf_data_status: str
    raw_data: dict[str, Any]
    trial_metrics_count: int
    created_at: str
    updated_at: str
    provider: str


def describe(call: Call, row: Trial) -> TrialObject:
    """Return the fields a client sees."""
    hyperparameter = call.session.get_one(Hyperparameter, row.hyperparameter_id)
    assert row.score_value is not None, "only scored trials are shown"
    return to_object(
        TrialObject,
        row,
        hyperparameter=hyperparameters.describe(hyperparameter),
        pdf_data_status="not_requested",
        trial_metrics_count=0,
        provider="Auger",
    )


def _index(call: Call) -> Page:
    """List scored trials only: clients crash on a null score (§5.3)."""
    query = rows_of(call, Trial, "experiment_session_id", "project_id")
    query = query.where(Trial.score_value.is_not(None))
    ordered = query.order_by(Trial.score_value.desc(), Trial.created_at, Trial.id)
    return to_page(call, ordered, lambda row: describe(call, row))


def _of_run(call: Call) -> Page:
    """List them by the older, nested path (§1.1); a run that is not there is an error here."""
    find(call, ExperimentSession, call.params["experiment_session_id"])
    return _index(call)


def _show(call: Call) -> TrialObject:
    return describe(call, scored_trial(call, call.params["id"]))


def _create(call: Call) -> TrialObject:
    """Make a new trial of an old one, to be fitted on other data when it is deployed."""
    trial = scored_trial(call, call.params["id"])
    return describe(call, refit(call, trial, str(call.params["refit_data_path"])))


def refit(call: Call, trial: Trial, data_path: str) -> Trial:
    """Return a copy of a trial under an id of its own (16 hex digits, §2) for other data."""
    data_path = without_login(data_path)
    data = select(ProjectFile.id).where(
        ProjectFile.project_id == trial.project_id,
        (ProjectFile.url == data_path) | (ProjectFile.key == key_of_url(data_path)),
    )
    if call.session.scalar(data) is None:
        raise InvalidParams(("refit_data_path", "is not a file of the project"))
    uid = secrets.token_hex(8)
    row = Trial(
        id=uid,
        organization_id=trial.organization_id,
        project_id=trial.project_id,
        experiment_session_id=trial.experiment_session_id,
        hyperparameter_id=trial.hyperparameter_id,
        score_name=trial.score_name,
        score_value=trial.score_value,
        task_type=trial.task_type,
        raw_data={**trial.raw_data, "uid": uid, "refit_data_path": data_path},
        result=trial.result,
    )
    call.session.add(row)
    call.session.flush()
    return row


def scored_trial(call: Call, trial_id: object) -> Trial:
    """Return a trial of the board; a failed one is not there for clients."""
    trial = find(call, Trial, trial_id)
    if trial.score_value is None:
        raise NotFound("Trial")
    return trial


ROUTES = [
    Route(
        "GET",
        "/trials",
        _index,
        "List the trials of a run, best first",
        takes=(Param("experiment_session_id", KEY), Param("project_id", KEY)),
        answers=TrialObject,
        is_list=True,
    ),
    Route(
        "POST",
        "/trials",
        _create,
        "Make a trial that is fitted on other data when it is deployed",
        takes=(Param("id", KEY).needed, Param("refit_data_path").needed),
        answers=TrialObject,
    ),
    Route(
        "GET",
        "/experiment_sessions/{experiment_session_id}/trials",
        _of_run,
        "List the trials of a run, best first",
        answers=TrialObject,
        is_list=True,
    ),
    Route("GET", "/trials/{id}", _show, "Show a trial", answers=TrialObject),
]
