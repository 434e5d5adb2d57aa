"""Serve actuals (wire contract §2.16): stored, scored in the background, deleted by time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, TypedDict

from sqlalchemy import delete, select

from auger_hub.data.notices import Notice, to_dicts
from auger_hub.database.review_tables import Endpoint, EndpointPipeline
from auger_hub.database.tables import COPY, Actual, Pipeline, Prediction, Project, now
from auger_hub.http.contract import Call, InvalidParams, Route
from auger_hub.http.params import ANY, FLAG, INTEGER, KEY, LIST, Param
from auger_hub.processes.job_process import Impossible
from auger_hub.review.actuals_by_prediction import foresee
from auger_hub.review.repeated_actuals import count_known, known_already
from auger_hub.review.scoring import sent_table
from auger_hub.routes.models.pipelines import run_of
from auger_hub.routes.models.predictions import to_time
from auger_hub.routes.projects import cluster_tasks
from auger_hub.routes.projects.cluster_tasks import ClusterTaskObject
from auger_hub.routes.query import find
from auger_hub.routes.review.endpoints import primary_pipeline
from auger_hub.runs.run_row import options_of
from auger_hub.serving.rollouts import counterpart

_DETAILS = (
    Param("actual_column_names", LIST, "names of the values of a row that is an array"),
    Param("actual_date_column"),
    Param("actuals_path", about="URL of a file with the rows"),
    Param("experiment_params", ANY),
)
_SENT = (
    Param("actuals", LIST, "rows: objects by column, or arrays of values"),
    *_DETAILS,
    Param("actuals_at", about="when it happened, if not now"),
    Param("part", INTEGER, "number of this request among those of one upload"),
)
_SPAN = (
    Param("from", about="first day"),
    Param("to", about="last day"),
    Param("with_predictions", FLAG, "delete the predictions of these days too"),
)
_DELETE_TASK = "a2ml.tasks_queue.tasks_hub_api.delete_actuals_task"


class ActualsAnswer(TypedDict, total=False):
    """An object without members, unless rows were sent before, or cannot be scored."""

    notices: list[dict[str, Any]]


def _create(call: Call) -> ActualsAnswer:
    return _add(call, find(call, Pipeline, call.params["pipeline_id"]))


def _endpoint_create(call: Call) -> ActualsAnswer:
    pipeline = primary_pipeline(call, find(call, Endpoint, call.params["endpoint_id"]))
    if pipeline is None:
        raise InvalidParams(("endpoint_id", "endpoint has no active model"))
    return _add(call, pipeline)


def _add(call: Call, pipeline: Pipeline) -> ActualsAnswer:
    rows = call.given("actuals")
    if rows is None and call.given("actuals_path") is None:
        raise InvalidParams(("actuals", "is required"))
    if rows and not all(isinstance(row, dict | list) for row in rows):
        raise InvalidParams(("actuals", "should be an array of objects or of arrays"))
    happened_at = to_time(call, "actuals_at")
    told = {param.name: call.given(param.name) for param in _DETAILS}
    told = {name: value for name, value in told.items() if value is not None}
    known, upload = _known(call, pipeline, told, rows or [])
    new = rows[known:] if rows else []
    notices = [known_already(known)] if known else []
    if rows and not new:
        return {"notices": to_dicts(notices)}
    notices += _foreseen(call, pipeline, new, told.get("actual_column_names"))
    other = counterpart(call.session, pipeline)
    for one in (pipeline, other) if other is not None else (pipeline,):
        copied = {} if one is pipeline else {COPY: True}
        call.session.add(
            Actual(
                organization_id=one.organization_id,
                pipeline_id=one.id,
                rows=new,
                details={**told, **upload, "is_dated": happened_at is not None, **copied},
                happened_at=happened_at or now(),
            )
        )
    return {"notices": to_dicts(notices)} if notices else {}


def _foreseen(
    call: Call, pipeline: Pipeline, new: list[Any], names: list[Any] | None
) -> Iterator[Notice]:
    """Yield what can be said of rows that will not be scored, before a process looks at them."""
    run = run_of(call, pipeline)
    options = options_of(run) if run else {}
    try:
        table = sent_table(new, names)
    except Impossible:  # told with the model's health
        return
    features = [str(name) for name in options.get("featureColumns") or []]
    if new and features and table[0]:
        target = str(options.get("targetFeature"))
        yield from foresee(call.session, pipeline, table, target=target, features=features)


def _known(
    call: Call, pipeline: Pipeline, told: dict[str, Any], rows: list[Any]
) -> tuple[int, dict[str, Any]]:
    """Return how many rows were sent before, and what is kept to know them again.

    What is behind an address may be another table tomorrow. One row by itself is an event: clients
    that send a file say which part of it this is.
    """
    is_event = len(rows) < 2 and call.given("part") is None
    if not rows or is_event:
        return 0, {}
    sent = {name: call.given(name) for name in ("actuals_at", "part")}
    return count_known(call.session, pipeline.id, {**sent, **told}, rows)


def _delete(call: Call) -> ClusterTaskObject:
    """Delete at once; the answer is the task clients poll, already done at their first look."""
    return _delete_of(call, find(call, Pipeline, call.params["pipeline_id"]))


def _endpoint_delete(call: Call) -> list[ClusterTaskObject]:
    endpoint = find(call, Endpoint, call.params["endpoint_id"])
    query = select(Pipeline).where(
        Pipeline.id.in_(
            select(EndpointPipeline.pipeline_id).where(EndpointPipeline.endpoint_id == endpoint.id)
        )
    )
    return [_delete_of(call, pipeline) for pipeline in call.session.scalars(query).all()]


def _delete_of(call: Call, pipeline: Pipeline) -> ClusterTaskObject:
    begin, end = _day(call, "from"), _day(call, "to")
    is_whole = call.flag("with_predictions")
    tables: list[tuple[Any, Any]] = [(Actual, Actual.happened_at)]
    if is_whole:
        tables.append((Prediction, Prediction.predicted_at))
    for table, time in tables:
        query = delete(table).where(table.pipeline_id == pipeline.id)
        if begin is not None:
            query = query.where(time >= begin)
        if end is not None:
            query = query.where(time < end + timedelta(days=1))
        call.session.execute(query)
    project = call.session.get_one(Project, pipeline.project_id)
    arguments = {
        "pipeline_id": pipeline.id,
        "with_predictions": is_whole,
        "begin_date": call.given("from"),
        "end_date": call.given("to"),
    }
    return cluster_tasks.add_finished(call, project, _DELETE_TASK, arguments, result=True)


def _day(call: Call, name: str) -> datetime | None:
    value = call.given(name)
    if value is None:
        return None
    try:
        day = datetime.strptime(str(value)[:10], "%Y-%m-%d")
        return min(day, datetime(9999, 12, 30))  # the day after has to exist
    except ValueError as error:
        raise InvalidParams((name, "should be a date")) from error


_OF_ENDPOINT = "/endpoints/{endpoint_id}/actuals"
_OF_PIPELINE = Param("pipeline_id", KEY).needed
ROUTES = [
    Route(
        "POST",
        "/actuals",
        _create,
        "Say what really happened",
        takes=(_OF_PIPELINE, *_SENT),
        answers=ActualsAnswer,
        is_audited=False,
    ),
    Route(
        "DELETE",
        "/actuals",
        _delete,
        "Delete the actuals of some days",
        takes=(_OF_PIPELINE, *_SPAN),
        answers=ClusterTaskObject,
    ),
    Route(
        "POST",
        _OF_ENDPOINT,
        _endpoint_create,
        "Say what really happened to the primary model of an endpoint",
        takes=_SENT,
        answers=ActualsAnswer,
        is_audited=False,
    ),
    Route(
        "DELETE",
        _OF_ENDPOINT,
        _endpoint_delete,
        "Delete the actuals of all models of an endpoint",
        takes=_SPAN,
        answers=list[ClusterTaskObject],
    ),
]
