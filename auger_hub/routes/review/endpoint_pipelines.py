"""Serve the models of an endpoint (wire contract §2.17)."""

from __future__ import annotations

from typing import Literal, TypedDict

from sqlalchemy import ColumnElement, select

from auger_hub.database.review_tables import Endpoint, EndpointPipeline
from auger_hub.database.tables import Pipeline
from auger_hub.http.contract import Call, InvalidParams, Route
from auger_hub.http.params import FLAG, KEY, Param
from auger_hub.routes.query import find
from auger_hub.routes.wire_object import delete, to_object


class EndpointPipelineObject(TypedDict):
    """What a client sees of a model of an endpoint."""

    object: Literal["endpoint_pipeline"]
    deleted: bool
    id: int
    endpoint_id: str
    pipeline_id: str
    active: bool
    created_at: str
    updated_at: str


def describe(row: EndpointPipeline) -> EndpointPipelineObject:
    """Return the fields a client sees."""
    return to_object(EndpointPipelineObject, row)


def describe_all(call: Call, condition: ColumnElement[bool]) -> list[EndpointPipelineObject]:
    """Return those that fulfil the condition, newest first as the cloud does."""
    query = select(EndpointPipeline).where(condition).order_by(EndpointPipeline.id.desc())
    return [describe(row) for row in call.session.scalars(query)]


def add(call: Call, endpoint: Endpoint, pipeline: Pipeline, *, active: bool) -> EndpointPipeline:
    """Give an endpoint a model of its own project."""
    if pipeline.project_id != endpoint.project_id:
        raise InvalidParams(("pipeline_id", "is not a model of the endpoint's project"))
    row = EndpointPipeline(
        organization_id=endpoint.organization_id,
        project_id=endpoint.project_id,
        endpoint_id=endpoint.id,
        pipeline_id=pipeline.id,
        active=active,
    )
    call.session.add(row)
    call.session.flush()
    return row


def _create(call: Call) -> EndpointPipelineObject:
    endpoint = find(call, Endpoint, call.params["endpoint_id"])
    pipeline = find(call, Pipeline, call.params["pipeline_id"])
    active = call.given("active") is None or call.flag("active")
    return describe(add(call, endpoint, pipeline, active=active))


def _update(call: Call) -> EndpointPipelineObject:
    row = find(call, EndpointPipeline, call.params["id"])
    if call.given("active") is not None:
        row.active = call.flag("active")
    call.session.flush()
    return describe(row)


def _delete(call: Call) -> EndpointPipelineObject:
    row = find(call, EndpointPipeline, call.params["id"])
    return delete(call, row, describe(row))


ROUTES = [
    Route(
        "POST",
        "/endpoint_pipelines",
        _create,
        "Give an endpoint a model",
        takes=(
            Param("endpoint_id", KEY).needed,
            Param("pipeline_id", KEY).needed,
            Param("active", FLAG),
        ),
        answers=EndpointPipelineObject,
    ),
    Route(
        "PATCH",
        "/endpoint_pipelines/{id}",
        _update,
        "Make a model of an endpoint active or not",
        takes=(Param("active", FLAG),),
        answers=EndpointPipelineObject,
    ),
    Route(
        "DELETE",
        "/endpoint_pipelines/{id}",
        _delete,
        "Take a model from an endpoint",
        answers=EndpointPipelineObject,
    ),
]
