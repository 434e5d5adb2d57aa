"""Serve endpoints, each a name for the model that answers at present (wire contract §2.17)."""

from __future__ import annotations

import uuid
from typing import Any, Literal, TypedDict

from sqlalchemy import select

from auger_hub.database.review_tables import Endpoint, EndpointPipeline
from auger_hub.database.tables import Pipeline
from auger_hub.http.contract import Call, Page, Route
from auger_hub.http.params import KEY, NUMBER, Param
from auger_hub.review.distribution import Days
from auger_hub.review.performance import daily_performance
from auger_hub.routes.models import pipelines
from auger_hub.routes.models.pipelines import StatsObject
from auger_hub.routes.query import find, rows_of, to_page
from auger_hub.routes.review import endpoint_pipelines
from auger_hub.routes.review.endpoint_pipelines import EndpointPipelineObject
from auger_hub.routes.wire_object import delete, to_object

_SETTINGS = (
    Param("review_metric"),
    Param("roi_filter"),
    Param("roi_investment"),
    Param("roi_revenue"),
    Param("false_positive_cost_amount", NUMBER),
    Param("false_negative_cost_amount", NUMBER),
    Param("regression_cost_over_amount", NUMBER),
    Param("regression_cost_under_amount", NUMBER),
)


class EndpointObject(TypedDict):
    """What a client sees of an endpoint in lists."""

    object: Literal["endpoint"]
    deleted: bool
    id: str
    name: str | None
    project_id: int
    organization_id: int
    dataset_signature: str
    primary_pipeline_id: str | None
    primary_experiment_session_id: str | None
    avg_prediction_time_ms: float | None
    review_metric: Any
    roi_filter: Any
    roi_investment: Any
    roi_revenue: Any
    false_positive_cost_amount: Any
    false_negative_cost_amount: Any
    regression_cost_over_amount: Any
    regression_cost_under_amount: Any
    created_at: str
    updated_at: str
    endpoint_pipelines: list[EndpointPipelineObject]


class EndpointDetails(EndpointObject):
    """What a client sees of an endpoint when it asks for one."""

    stats: StatsObject | None
    daily_model_performance: dict[str, float] | None
    daily_feature_distribution: Days | None


def describe(call: Call, row: Endpoint) -> EndpointObject:
    """Return the fields of create, update and index."""
    primary = primary_pipeline(call, row)
    run = pipelines.run_of(call, primary) if primary else None
    seconds = pipelines.describe(call, primary)["avg_prediction_time_sec"] if primary else None
    return to_object(
        EndpointObject,
        row,
        dataset_signature=pipelines.signature(run),
        primary_pipeline_id=primary.id if primary else None,
        primary_experiment_session_id=primary.experiment_session_id if primary else None,
        avg_prediction_time_ms=None if seconds is None else seconds * 1000,
        **{param.name: row.settings.get(param.name) for param in _SETTINGS},
        endpoint_pipelines=endpoint_pipelines.describe_all(
            call, EndpointPipeline.endpoint_id == row.id
        ),
    )


def primary_pipeline(call: Call, row: Endpoint) -> Pipeline | None:
    """Return the model that answers: the newest active one."""
    query = (
        select(Pipeline)
        .join(EndpointPipeline, EndpointPipeline.pipeline_id == Pipeline.id)
        .where(EndpointPipeline.endpoint_id == row.id, EndpointPipeline.active.is_(True))
        .order_by(EndpointPipeline.id.desc())
    )
    return call.session.scalars(query.limit(1)).first()


def _index(call: Call) -> Page:
    query = rows_of(call, Endpoint, "project_id")
    if call.given("name") is not None:
        query = query.where(Endpoint.name == str(call.given("name")))
    ordered = query.order_by(Endpoint.created_at, Endpoint.id)
    return to_page(call, ordered, lambda row: describe(call, row))


def _show(call: Call) -> EndpointDetails:
    row = find(call, Endpoint, call.params["id"])
    primary = primary_pipeline(call, row)
    return {
        **describe(call, row),
        "stats": pipelines.stats(call, primary.id) if primary else None,
        "daily_model_performance": daily_performance(call.session, primary.id) if primary else None,
        "daily_feature_distribution": pipelines.daily_distribution(call, primary)[0]
        if primary
        else None,
    }


def _create(call: Call) -> EndpointObject:
    pipeline = find(call, Pipeline, call.params["pipeline_id"])
    row = Endpoint(
        id=str(uuid.uuid4()),
        organization_id=pipeline.organization_id,
        project_id=pipeline.project_id,
        settings={},
    )
    call.session.add(row)
    _set_fields(call, row)
    call.session.flush()
    endpoint_pipelines.add(call, row, pipeline, active=True)
    return describe(call, row)


def _update(call: Call) -> EndpointObject:
    row = find(call, Endpoint, call.params["id"])
    _set_fields(call, row)
    call.session.flush()
    return describe(call, row)


def _set_fields(call: Call, row: Endpoint) -> None:
    if call.given("name") is not None:
        row.name = str(call.given("name"))
    given = {param.name: call.given(param.name) for param in _SETTINGS}
    row.settings = {**row.settings, **{k: v for k, v in given.items() if v is not None}}


def _delete(call: Call) -> EndpointObject:
    """The answer has no models any more, as the cloud's."""
    row = find(call, Endpoint, call.params["id"])
    answer = delete(call, row, describe(call, row))
    answer["primary_pipeline_id"] = answer["primary_experiment_session_id"] = None
    answer["endpoint_pipelines"] = []
    return answer


ROUTES = [
    Route(
        "GET",
        "/endpoints",
        _index,
        "List endpoints",
        takes=(Param("project_id", KEY), Param("name")),
        answers=EndpointObject,
        is_list=True,
    ),
    Route(
        "POST",
        "/endpoints",
        _create,
        "Create an endpoint with its first model",
        takes=(Param("pipeline_id", KEY).needed, Param("name"), *_SETTINGS),
        answers=EndpointObject,
    ),
    Route("GET", "/endpoints/{id}", _show, "Show an endpoint", answers=EndpointDetails),
    Route(
        "PATCH",
        "/endpoints/{id}",
        _update,
        "Change an endpoint",
        takes=(Param("name"), *_SETTINGS),
        answers=EndpointObject,
    ),
    Route("DELETE", "/endpoints/{id}", _delete, "Delete an endpoint", answers=EndpointObject),
]
