"""Deployed models (wire contract §2.13). A pipeline's id is its trial's."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import func, select

from auger_reconcile.hub.api import Call, Fields, InvalidParams, Page, Route, timestamp
from auger_reconcile.hub.database.tables import (
    Actual,
    ExperimentSession,
    Pipeline,
    Prediction,
    ProjectFile,
    Trial,
)
from auger_reconcile.hub.routes import trials
from auger_reconcile.hub.routes.project_files import main_bucket
from auger_reconcile.hub.routes.query import find, rows_of, to_page
from auger_reconcile.hub.storage import project_key

_GONE = ("undeployed", "undeploying")
_UNDEPLOYABLE = ("ready", "packaged_with_error", "undeploying")


def describe(call: Call, row: Pipeline) -> Fields:
    """Return the fields of create, update and index."""
    run = call.session.get(ExperimentSession, row.experiment_session_id)
    data = (
        call.session.get(ProjectFile, run.project_file_id) if run and run.project_file_id else None
    )
    seconds = call.session.scalar(
        select(func.avg(Prediction.time_consumed_ms)).where(Prediction.pipeline_id == row.id)
    )
    return {
        "object": "pipeline",
        "deleted": False,
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "lambda_package_s3_path": _package_path(call, row),
        "project_id": row.project_id,
        "organization_id": row.organization_id,
        "experiment_session_id": row.experiment_session_id,
        "trial_id": row.trial_id,
        "datasource_manifest_name": data.name if data else None,
        "dataset_signature": _signature(run),
        "error_message": row.error_message,
        "avg_prediction_time_sec": float(seconds) / 1000 if seconds is not None else None,
        "is_review_model_enabled": row.is_review_model_enabled,
        "has_review_data": False,
        "refit_data_path": row.refit_data_path,
        "metadata": row.pipeline_metadata,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
        "trial": trials.describe(call, call.session.get_one(Trial, row.trial_id)),
        "provider": "auger",
        "endpoint_pipelines": [],
    }


def _describe_more(call: Call, row: Pipeline) -> Fields:
    """Add what only show carries."""
    run = call.session.get(ExperimentSession, row.experiment_session_id)
    options = (run.model_settings.get("evaluation_options") or {}) if run else {}
    return describe(call, row) | {
        "target_feature": options.get("targetFeature"),
        "stats": _stats(call, row),
        "daily_model_performance": {},
        "daily_feature_distribution": {},
        "daily_divergence": {},
        "feature_importances": {},
    }


def _stats(call: Call, row: Pipeline) -> Fields:
    predictions = select(func.count(), func.sum(Prediction.records_count)).where(
        Prediction.pipeline_id == row.id
    )
    _, predicted = call.session.execute(predictions.where(Prediction.status == "done")).one()
    failed, _ = call.session.execute(predictions.where(Prediction.status == "error")).one()
    actuals = call.session.scalars(select(Actual.rows).where(Actual.pipeline_id == row.id))
    return {
        "errors_count": failed,
        "actuals_count": sum(len(rows) for rows in actuals),
        "error_messages": [],
        "predictions_count": int(predicted or 0),
    }


def _index(call: Call) -> Page:
    query = rows_of(call, Pipeline, "project_id", "organization_id", "experiment_session_id")
    if call.given("experiment_id") is not None:
        runs = select(ExperimentSession.id).where(
            ExperimentSession.experiment_id == str(call.given("experiment_id"))
        )
        query = query.where(Pipeline.experiment_session_id.in_(runs))
    if call.given("active"):
        query = query.where(Pipeline.status.not_in(_GONE))
    ordered = query.order_by(Pipeline.created_at, Pipeline.id)
    return to_page(call, ordered, lambda row: describe(call, row))


def _show(call: Call) -> Fields:
    return _describe_more(call, find(call, Pipeline, call.params["id"]))


def _create(call: Call) -> Fields:
    """Deploy a trial; asking again for a live one gives the same object."""
    call.require("trial_id")
    trial = trials.scored_trial(call, call.params["trial_id"])
    row = call.session.get(Pipeline, trial.id)
    if row is None:
        row = Pipeline(
            id=trial.id,
            organization_id=trial.organization_id,
            project_id=trial.project_id,
            experiment_session_id=trial.experiment_session_id,
            trial_id=trial.id,
            status="packaging",
        )
        call.session.add(row)
    elif row.status == "undeploying":
        raise InvalidParams(("trial_id", "model is undeploying"))
    elif row.status in ("undeployed", "packaged_with_error"):
        row.status, row.error_message = "packaging", None
    _set_fields(call, row)
    call.session.flush()
    return describe(call, row)


def _update(call: Call) -> Fields:
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
    name, path = call.given("name"), call.given("refit_data_path")
    metadata: Any = call.given("metadata")
    if name is not None:
        row.name = str(name)
    if path is not None:
        row.refit_data_path = str(path)
    if isinstance(metadata, dict):
        row.pipeline_metadata = metadata
    if call.given("is_review_model_enabled") is not None:
        row.is_review_model_enabled = bool(call.given("is_review_model_enabled"))


def _package_path(call: Call, row: Pipeline) -> str | None:
    if row.status != "ready":
        return None
    return f"s3://{main_bucket(call)}/{project_key(str(row.project_id), 'models', row.id)}"


def _signature(run: ExperimentSession | None) -> str:
    options = (run.model_settings.get("evaluation_options") or {}) if run else {}
    columns = ",".join(map(str, options.get("featureColumns") or []))
    return hashlib.md5(columns.encode(), usedforsecurity=False).hexdigest()


ROUTES = [
    Route("GET", "/pipelines", _index),
    Route("POST", "/pipelines", _create),
    Route("GET", "/pipelines/{id}", _show),
    Route("PATCH", "/pipelines/{id}", _update),
]
