"""Serve runs (wire contract §2.11): created waiting, started and stopped by their status."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Literal, TypedDict

from auger_hub.database.tables import (
    Experiment,
    ExperimentSession,
    ProjectFile,
    now,
)
from auger_hub.http.contract import Call, InvalidParams, Page, Route
from auger_hub.http.params import KEY, OBJECT, Param
from auger_hub.routes.projects.projects import running_project
from auger_hub.routes.query import find, rows_of, to_key, to_page
from auger_hub.routes.wire_object import to_object
from auger_hub.runs.again import Wanted, join_actuals, make_like, next_number
from auger_hub.runs.run_row import MEASURED, OWN_SETTINGS
from auger_hub.runs.trial_evaluations import hold_out
from auger_hub.search.task import MODEL_TYPES
from auger_hub.timestamps import naive_timestamp

_MOST_HOURS = 24 * 3650
_STOPPABLE = ("waiting", "preprocess", "started")


class ExperimentSessionObject(TypedDict):
    """What a client sees of a run."""

    object: Literal["experiment_session"]
    deleted: bool
    id: str
    number: int
    model_type: str | None
    top_score_value: float | None
    starter_user_id: int
    project_id: int
    project_file_id: int | None
    experiment_id: str
    dataset_manifest_id: str
    status: str
    message: str | None
    error_message: str | None
    model_settings: dict[str, Any]
    search_space: None
    pipelines: list[Any]
    statistics: dict[str, Any] | None
    dataset_statistics: dict[str, Any] | None
    correlation_to_target: None
    correlation_to_target_status: str
    correlation_matrix: None
    correlation_matrix_status: str
    datasource_name: str | None
    runtime: float
    started_at: str | None
    completed_at: str | None
    created_at: str
    updated_at: str
    providers: list[str]
    providers_data: dict[str, Any]
    holdout_status: str | None
    reproduces: str | None


def describe(call: Call, row: ExperimentSession) -> ExperimentSessionObject:
    """Return the fields a client sees."""
    data = call.session.get(ProjectFile, row.project_file_id) if row.project_file_id else None
    end = row.completed_at or (now() if row.status == "started" else row.started_at)
    runtime = (end - row.started_at).total_seconds() if end and row.started_at else 0.0
    return to_object(
        ExperimentSessionObject,
        row,
        dataset_manifest_id=manifest_id(row.project_file_id),
        pipelines=[],
        statistics=data.statistics if data else None,
        correlation_to_target_status="not_requested",
        correlation_matrix_status="not_requested",
        datasource_name=data.name if data else None,
        runtime=runtime,
        providers=["auger"],
        providers_data={"auger": None},
        holdout_status=(row.model_settings.get("holdout") or {}).get("status"),
        reproduces=row.model_settings.get("reproduces"),
    )


def _index(call: Call) -> Page:
    query = rows_of(call, ExperimentSession, "project_id", "experiment_id")
    order = (ExperimentSession.created_at.desc(), ExperimentSession.number.desc())
    return to_page(call, query.order_by(*order), lambda row: describe(call, row))


def _show(call: Call) -> ExperimentSessionObject:
    return describe(call, find(call, ExperimentSession, call.params["id"]))


def _create(call: Call) -> ExperimentSessionObject:
    experiment = find(call, Experiment, call.params["experiment_id"])
    row = ExperimentSession(
        id=secrets.token_hex(8),
        organization_id=experiment.organization_id,
        project_id=experiment.project_id,
        experiment_id=experiment.id,
        project_file_id=experiment.project_file_id,
        number=next_number(call.session, experiment.id),
        model_type=call.given("model_type"),
        model_settings=_as_new(call.given("model_settings") or {}),
        dataset_statistics=call.given("dataset_statistics"),
        starter_user_id=call.caller.user_id,
    )
    call.session.add(row)
    call.session.flush()
    _hold_out(call, row)
    _use_actuals(call, row)
    _reproduce(call, row)
    return describe(call, row)


def _reproduce(call: Call, row: ExperimentSession) -> None:
    """Give the run the settings and data of another one, where it is to be made once more."""
    if call.given("reproduces") is None:
        return
    run = call.session.get(ExperimentSession, to_key(ExperimentSession, call.given("reproduces")))
    if run is None or run.experiment_id != row.experiment_id:
        raise InvalidParams(("reproduces", "is not a run of the experiment"))
    if run.started_at is None:
        raise InvalidParams(("reproduces", "is a run that was never started"))
    if run.project_file_id is None:
        raise InvalidParams(("reproduces", "is a run whose data set was deleted"))
    make_like(call.session, row, run)
    row.model_settings = {**row.model_settings, "reproduces": run.id}


def _use_actuals(call: Call, row: ExperimentSession) -> None:
    """Let the run learn from actuals besides, if it is asked to and there are any."""
    told = call.given("actuals")
    data = call.session.get(ProjectFile, row.project_file_id) if row.project_file_id else None
    if told is None or data is None:
        return
    hours = told.get("window_hours")
    is_whole = isinstance(hours, int) and not isinstance(hours, bool)
    if hours is not None and not (is_whole and hours > 0):
        raise InvalidParams(("actuals", "window_hours should be a whole number of hours"))
    wanted = Wanted(min(hours, _MOST_HOURS) if hours else None, row.experiment_id)
    row.project_file_id = join_actuals(call.session, data, wanted).id


def _as_new(sent: dict[str, Any]) -> dict[str, Any]:
    """Return settings without what was measured: clients send those of another run."""
    return {name: value for name, value in sent.items() if name not in MEASURED}


def _hold_out(call: Call, row: ExperimentSession) -> None:
    """Give the run the holdout that was named, if one was: rows that its search does not see."""
    if call.given("holdout_id") is None:
        return
    data = call.session.get(ProjectFile, to_key(ProjectFile, call.given("holdout_id")))
    if data is None or data.project_id != row.project_id:
        raise InvalidParams(("holdout_id", "is not a file of the project"))
    if data.id == row.project_file_id:
        raise InvalidParams(("holdout_id", "is what the search learns from"))
    hold_out(call.session, row, data)


def _update(call: Call) -> ExperimentSessionObject:
    row = find(call, ExperimentSession, call.params["id"])
    status = call.given("status")
    settings = call.given("model_settings")
    if settings is not None:
        row.model_settings = _merge(row, settings)
    _hold_out(call, row)
    if status == "preprocess":
        _start(call, row)
    elif status == "interrupted":
        _stop(row)
    elif status is not None and status != row.status:
        raise InvalidParams(("status", _no_transition(str(status), row.status)))
    call.session.flush()
    return describe(call, row)


def _merge(row: ExperimentSession, sent: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a run with those that a client sent.

    Clients send back all they have read, with the options they want changed. The options of a run
    that has begun say what it searched and how its models are built, so they stay.
    """
    kept = row.model_settings
    if row.status != "waiting":
        return {**kept, **{name: value for name, value in sent.items() if name not in OWN_SETTINGS}}
    merged = {**kept, **_as_new(sent)}
    old, new = kept.get("evaluation_options"), sent.get("evaluation_options")
    if isinstance(old, dict) and isinstance(new, dict):
        merged["evaluation_options"] = {**old, **new}
    return merged


def _start(call: Call, row: ExperimentSession) -> None:
    if row.status == "preprocess":
        return
    if row.status != "waiting":
        raise InvalidParams(("status", _no_transition("preprocess", row.status)))
    running_project(call, row.project_id)
    row.status = "preprocess"


def _stop(row: ExperimentSession) -> None:
    """End the run for its users now; its process sees the status and ends too."""
    if row.status not in _STOPPABLE:
        raise InvalidParams(("status", _no_transition("interrupted", row.status)))
    row.status = "interrupted"
    row.completed_at = now()
    ended = {"status": "interrupted", "end_time": naive_timestamp(row.completed_at)}
    row.model_settings = {**row.model_settings, **ended}


def _no_transition(event: str, status: str) -> str:
    return f"Event '{event}' cannot transition from '{status}'"


def manifest_id(project_file_id: int | None) -> str:
    """Return the id under which a data set's statistics are known; 16 hex digits (§2)."""
    return hashlib.sha256(str(project_file_id).encode()).hexdigest()[:16]


_HOLDOUT = Param("holdout_id", KEY, "a data set whose rows no search sees, to be scored on")
ROUTES = [
    Route(
        "GET",
        "/experiment_sessions",
        _index,
        "List runs, newest first",
        takes=(Param("project_id", KEY), Param("experiment_id", KEY)),
        answers=ExperimentSessionObject,
        is_list=True,
    ),
    Route(
        "POST",
        "/experiment_sessions",
        _create,
        "Create a run of an experiment; it waits until it is started",
        takes=(
            Param("experiment_id", KEY).needed,
            Param("model_settings", OBJECT, "`evaluation_options` say what to search"),
            Param("model_type", choices=MODEL_TYPES),
            Param("dataset_statistics", OBJECT, "columns with their roles"),
            _HOLDOUT,
            Param("actuals", OBJECT, "learn from those of its models besides, of `window_hours`"),
            Param("reproduces", KEY, "a run to make once more: its settings and its data"),
        ),
        answers=ExperimentSessionObject,
    ),
    Route("GET", "/experiment_sessions/{id}", _show, "Show a run", answers=ExperimentSessionObject),
    Route(
        "PATCH",
        "/experiment_sessions/{id}",
        _update,
        "Start a run with status `preprocess`, stop it with `interrupted`, change its settings",
        takes=(Param("status"), Param("model_settings", OBJECT), _HOLDOUT),
        answers=ExperimentSessionObject,
    ),
]
