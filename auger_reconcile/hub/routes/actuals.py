"""What really happened (wire contract §2.16): stored as sent, deleted by time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete

from auger_reconcile.hub.api import Call, Fields, InvalidParams, Route
from auger_reconcile.hub.database.tables import Actual, ClusterTask, Pipeline, Prediction
from auger_reconcile.hub.routes import cluster_tasks
from auger_reconcile.hub.routes.query import find

_DETAILS = (
    "actual_column_names",
    "actual_date_column",
    "actuals_path",
    "actuals_at",
    "experiment_params",
)
_DELETE_TASK = "a2ml.tasks_queue.tasks_hub_api.delete_actuals_task"


def _create(call: Call) -> Fields:
    call.require("pipeline_id")
    pipeline = find(call, Pipeline, call.params["pipeline_id"])
    rows = call.given("actuals")
    if rows is None and call.given("actuals_path") is None:
        raise InvalidParams(("actuals", "is required"))
    if rows is not None and not isinstance(rows, list):
        raise InvalidParams(("actuals", "should be an array"))
    details = {name: call.given(name) for name in _DETAILS if call.given(name) is not None}
    call.session.add(
        Actual(
            organization_id=pipeline.organization_id,
            pipeline_id=pipeline.id,
            rows=rows or [],
            details=details,
        )
    )
    return {}


def _delete(call: Call) -> Fields:
    """Delete at once; the answer is the task clients poll, already done at their first look."""
    call.require("pipeline_id")
    pipeline = find(call, Pipeline, call.params["pipeline_id"])
    begin, end = _day(call, "from"), _day(call, "to")
    tables: list[Any] = [Actual, Prediction] if call.given("with_predictions") else [Actual]
    for table in tables:
        query = delete(table).where(table.pipeline_id == pipeline.id)
        if begin is not None:
            query = query.where(table.created_at >= begin)
        if end is not None:
            query = query.where(table.created_at < end + timedelta(days=1))
        call.session.execute(query)
    task = ClusterTask(
        organization_id=pipeline.organization_id,
        project_id=pipeline.project_id,
        name=_DELETE_TASK,
        status="pending",
        args=[{"with_predictions": bool(call.given("with_predictions"))}],
    )
    call.session.add(task)
    call.session.flush()
    answer = cluster_tasks.describe(task)
    task.status, task.result = "success", True
    return answer


def _day(call: Call, name: str) -> datetime | None:
    value = call.given(name)
    if value is None:
        return None
    try:
        return datetime.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise InvalidParams((name, "should be a date")) from error


ROUTES = [Route("POST", "/actuals", _create), Route("DELETE", "/actuals", _delete)]
