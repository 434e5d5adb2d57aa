"""Serve deployed models (wire contract §2.13); a pipeline's id is its trial's."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Literal, TypedDict

from sqlalchemy import func, select

from auger_hub.database.review_tables import EndpointPipeline
from auger_hub.database.tables import (
    IS_PREDICTION,
    Actual,
    ExperimentSession,
    Explanation,
    Pipeline,
    Prediction,
    Project,
    ProjectFile,
    Trial,
)
from auger_hub.http.contract import Call, InvalidParams, Page, Route
from auger_hub.http.params import FLAG, KEY, NUMBER, OBJECT, Param
from auger_hub.http.permission import permit_storing
from auger_hub.review.alerts import describe_open
from auger_hub.review.distribution import Days, compare_days, read_answers
from auger_hub.review.monitor import BadMonitor, check_monitor
from auger_hub.review.monitored import attach_monitor
from auger_hub.review.performance import count_days, daily_performance
from auger_hub.routes.datasets.project_files import main_bucket
from auger_hub.routes.experiments import trials
from auger_hub.routes.experiments.trials import TrialObject
from auger_hub.routes.query import find, rows_of, to_page
from auger_hub.routes.review import endpoint_pipelines
from auger_hub.routes.review.endpoint_pipelines import EndpointPipelineObject
from auger_hub.routes.wire_object import to_object
from auger_hub.runs.run_row import options_of
from auger_hub.serving.rollouts import BadRollout, begin_anew, describe_rollout, set_rollout
from auger_hub.store.local import project_key
from auger_hub.timestamps import timestamp

_GONE = ("undeployed", "undeploying")
_UNDEPLOYABLE = ("ready", "packaged_with_error", "undeploying")
_EXTERNAL = (
    Param("target_column"),
    Param("score_name"),
    Param("task_type"),
    Param("algorithm_name"),
    Param("score_value", NUMBER),
    Param("binary_classification", FLAG),
)


class PipelineObject(TypedDict):
    """What a client sees of a deployed model in lists."""

    object: Literal["pipeline"]
    deleted: bool
    id: str
    name: str | None
    status: str
    lambda_package_s3_path: str | None
    project_id: int
    organization_id: int
    experiment_session_id: str | None
    trial_id: str | None
    datasource_manifest_name: str | None
    dataset_signature: str
    error_message: str | None
    avg_prediction_time_sec: float | None
    is_review_model_enabled: bool
    has_review_data: bool
    refit_data_path: str | None
    metadata: dict[str, Any] | None
    monitor: dict[str, Any] | None
    alerts: list[OpenAlert]
    actual_days: dict[str, int]
    rollout: dict[str, Any] | None
    created_at: str
    updated_at: str
    trial: TrialObject | None
    provider: str
    endpoint_pipelines: list[EndpointPipelineObject]


class OpenAlert(TypedDict):
    """An alert that is open about a model."""

    id: int
    measure: str
    text: str | None
    opened_at: str


class StatsObject(TypedDict):
    """How much a model was used."""

    errors_count: int
    actuals_count: int
    error_messages: list[str]
    predictions_count: int


class PipelineDetails(PipelineObject):
    """What a client sees of a deployed model when it asks for one."""

    target_feature: str | None
    model_type: str | None
    stats: StatsObject
    daily_model_performance: dict[str, float]
    daily_feature_distribution: Days
    daily_divergence: dict[str, dict[str, float]]
    feature_importances: dict[str, float]


def describe(call: Call, row: Pipeline) -> PipelineObject:
    """Return the fields of create, update and index."""
    run = run_of(call, row)
    data = (
        call.session.get(ProjectFile, run.project_file_id) if run and run.project_file_id else None
    )
    trial = call.session.get(Trial, row.trial_id) if row.trial_id else None
    seconds = call.session.scalar(
        select(func.avg(Prediction.time_consumed_ms)).where(
            Prediction.pipeline_id == row.id, IS_PREDICTION
        )
    )
    has_actuals = select(Actual.id).where(Actual.pipeline_id == row.id).limit(1)
    return to_object(
        PipelineObject,
        row,
        lambda_package_s3_path=_package_path(call, row),
        datasource_manifest_name=data.name if data else None,
        dataset_signature=signature(run),
        avg_prediction_time_sec=float(seconds) / 1000 if seconds is not None else None,
        has_review_data=call.session.scalar(has_actuals) is not None,
        metadata=row.pipeline_metadata,
        alerts=[
            {**one, "opened_at": timestamp(one["opened_at"])}
            for one in describe_open(call.session, row.id)
        ],
        actual_days=count_days(call.session, row.id),
        rollout=describe_rollout(call.session, row),
        trial=trials.describe(call, trial) if trial else None,
        provider="external" if row.external is not None else "auger",
        endpoint_pipelines=endpoint_pipelines.describe_all(
            call, EndpointPipeline.pipeline_id == row.id
        ),
    )


def _describe_more(call: Call, row: Pipeline) -> PipelineDetails:
    """Add what only show carries."""
    run = run_of(call, row)
    options = options_of(run) if run else {}
    days, divergence = daily_distribution(call, row)
    target = options.get("targetFeature") or (row.external or {}).get("target_column")
    return {
        **describe(call, row),
        "target_feature": None if target is None else str(target),
        "model_type": run.model_type if run else None,
        "stats": stats(call, row.id),
        "daily_model_performance": daily_performance(call.session, row.id),
        "daily_feature_distribution": days,
        "daily_divergence": divergence,
        "feature_importances": feature_importances(call, row),
    }


def daily_distribution(call: Call, row: Pipeline) -> tuple[Days, dict[str, dict[str, float]]]:
    """Return what a model was asked each day, and how far that is from the training data."""
    run = run_of(call, row)
    file_id = run.project_file_id if run else None
    data = call.session.get(ProjectFile, file_id) if file_id else None
    told = (data.statistics if data else None) or (run.dataset_statistics if run else None) or {}
    return compare_days(read_answers(call.session, row.id), told.get("stat_data"))


def feature_importances(call: Call, row: Pipeline) -> dict[str, float]:
    """Return by how much the score falls without each column, as far as the trial is explained."""
    found = call.session.get(Explanation, row.trial_id) if row.trial_id else None
    importance = (found.content or {}).get("importance") if found else None
    columns = importance["columns"] if importance else []
    return {one["column"]: one["mean"] for one in columns}


def stats(call: Call, pipeline_id: str) -> StatsObject:
    """Return how much a model was asked, how often it failed, and why it or its review did."""
    predictions = select(func.count(), func.sum(Prediction.records_count)).where(
        Prediction.pipeline_id == pipeline_id, IS_PREDICTION
    )
    _, predicted = call.session.execute(predictions.where(Prediction.status == "done")).one()
    failed, _ = call.session.execute(predictions.where(Prediction.status == "error")).one()
    actuals = call.session.scalars(select(Actual.rows).where(Actual.pipeline_id == pipeline_id))
    messages = select(Prediction.error_message).where(
        Prediction.pipeline_id == pipeline_id,
        Prediction.error_message.is_not(None),
        IS_PREDICTION,
    )
    unscored = select(Actual.error_message).where(
        Actual.pipeline_id == pipeline_id, Actual.error_message.is_not(None)
    )
    told = [*call.session.scalars(messages.limit(20)), *call.session.scalars(unscored.limit(20))]
    return {
        "errors_count": failed,
        "actuals_count": sum(len(rows) for rows in actuals),
        "error_messages": sorted(set(map(str, told))),
        "predictions_count": int(predicted or 0),
    }


def _index(call: Call) -> Page:
    query = rows_of(call, Pipeline, "project_id", "organization_id", "experiment_session_id")
    if call.given("experiment_id") is not None:
        runs = select(ExperimentSession.id).where(
            ExperimentSession.experiment_id == str(call.given("experiment_id"))
        )
        query = query.where(Pipeline.experiment_session_id.in_(runs))
    if call.flag("active"):
        query = query.where(Pipeline.status.not_in(_GONE))
    ordered = query.order_by(Pipeline.created_at, Pipeline.id)
    return to_page(call, ordered, lambda row: describe(call, row))


def _show(call: Call) -> PipelineDetails:
    return _describe_more(call, find(call, Pipeline, call.params["id"]))


def _create(call: Call) -> PipelineObject:
    """Deploy a trial; asking again for a live one gives the same object."""
    if call.given("trial_id") is None:
        return describe(call, _add_external(call))
    trial = trials.scored_trial(call, call.params["trial_id"])
    path = call.given("refit_data_path")
    if path is not None:
        trial = trials.refit(call, trial, str(path))
    row = call.session.get(Pipeline, trial.id)
    if row is None or row.status in ("undeployed", "packaged_with_error"):
        permit_storing(call)
    if row is None:
        row = Pipeline.of(trial)
        call.session.add(row)
    elif row.status == "undeploying":
        raise InvalidParams(("trial_id", "model is undeploying"))
    elif row.status in ("undeployed", "packaged_with_error"):
        row.status, row.error_message, row.monitor = "packaging", None, None
        begin_anew(call.session, row)
    _set_fields(call, row)
    call.session.flush()
    return describe(call, row)


def _add_external(call: Call) -> Pipeline:
    """Register a model that lives elsewhere; its actuals can be reviewed, it predicts nothing."""
    if call.given("project_id") is None:
        raise InvalidParams(("trial_id", "is required"))
    project = find(call, Project, call.params["project_id"])
    row = Pipeline(
        id=secrets.token_hex(8),
        organization_id=project.organization_id,
        project_id=project.id,
        status="ready",
        external={param.name: call.given(param.name) for param in _EXTERNAL},
    )
    call.session.add(row)
    _set_fields(call, row)
    call.session.flush()
    return row


def _update(call: Call) -> PipelineObject:
    row = find(call, Pipeline, call.params["id"])
    status = call.given("status")
    if status is not None and status != row.status:
        if status != "undeploying" or row.status not in _UNDEPLOYABLE:
            raise InvalidParams(("status", "transition to this status impossible"))
        row.status = "undeploying"
    _set_fields(call, row)
    call.session.flush()
    return describe(call, row)


def _set_fields(call: Call, row: Pipeline) -> None:
    if call.given("name") is not None:
        row.name = str(call.given("name"))
    if call.given("metadata") is not None:
        row.pipeline_metadata = call.given("metadata")
    if call.given("is_review_model_enabled") is not None:
        row.is_review_model_enabled = call.flag("is_review_model_enabled")
    if call.given("monitor") is not None:
        _set_monitor(call, row)
    if call.given("rollout") is not None:
        try:
            set_rollout(call.session, row, call.given("rollout"))
        except BadRollout as error:
            raise InvalidParams(("rollout", str(error))) from error


def _set_monitor(call: Call, row: Pipeline) -> None:
    told = call.given("monitor")
    try:
        check_monitor(told)
    except BadMonitor as error:
        raise InvalidParams(("monitor", str(error))) from error
    row.monitor = told or None
    call.session.flush()
    attach_monitor(call.session, row)


def _package_path(call: Call, row: Pipeline) -> str | None:
    if row.status != "ready" or row.external is not None:
        return None
    return f"s3://{main_bucket(call)}/{project_key(str(row.project_id), 'models', row.id)}"


def run_of(call: Call, row: Pipeline) -> ExperimentSession | None:
    """Return the run a model comes from; None for one from elsewhere."""
    if row.experiment_session_id is None:
        return None
    return call.session.get(ExperimentSession, row.experiment_session_id)


def signature(run: ExperimentSession | None) -> str:
    """Return what models with the same columns have in common."""
    options = options_of(run) if run else {}
    names = options.get("featureColumns")
    columns = ",".join(map(str, names if isinstance(names, list) else []))
    return hashlib.md5(columns.encode(), usedforsecurity=False).hexdigest()


_CHANGEABLE = (
    Param("name"),
    Param("metadata", OBJECT),
    Param("is_review_model_enabled", FLAG),
    Param("monitor", OBJECT, "how good it has to stay; an empty one ends the watch"),
    Param("rollout", OBJECT, "`stage`, `share`, and `of` which model that answers it is beside"),
)
ROUTES = [
    Route(
        "GET",
        "/pipelines",
        _index,
        "List deployed models",
        takes=(
            Param("project_id", KEY),
            Param("organization_id", KEY),
            Param("experiment_id", KEY),
            Param("experiment_session_id", KEY),
            Param("active", FLAG, "leave undeployed ones out"),
        ),
        answers=PipelineObject,
        is_list=True,
    ),
    Route(
        "POST",
        "/pipelines",
        _create,
        "Deploy a trial, or register a model that lives elsewhere",
        takes=(
            Param("trial_id", KEY, "without it, the model lives elsewhere"),
            Param("refit_data_path", about="a data set's URL to fit on instead"),
            Param("project_id", KEY, "of a model that lives elsewhere"),
            *_CHANGEABLE,
            *_EXTERNAL,
        ),
        answers=PipelineObject,
    ),
    Route("GET", "/pipelines/{id}", _show, "Show a deployed model", answers=PipelineDetails),
    Route(
        "PATCH",
        "/pipelines/{id}",
        _update,
        "Change a deployed model, or undeploy it with status `undeploying`",
        takes=(Param("status"), *_CHANGEABLE),
        answers=PipelineObject,
    ),
]
