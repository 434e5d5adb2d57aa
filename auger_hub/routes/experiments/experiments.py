"""Serve experiments (wire contract §2.10)."""

from __future__ import annotations

import secrets
from typing import Literal, TypedDict

from sqlalchemy import select

from auger_hub.database.tables import (
    Experiment,
    ExperimentSession,
    Pipeline,
    PipelineFile,
    Prediction,
    Project,
    ProjectFile,
)
from auger_hub.http.contract import Call, InvalidParams, Page, Route
from auger_hub.http.params import KEY, Param
from auger_hub.routes.datasets.project_files import add_from_web, delete_files
from auger_hub.routes.query import (
    by_name,
    check_free,
    find,
    refuse_any,
    rows_of,
    to_key,
    to_page,
)
from auger_hub.routes.wire_object import delete, to_object
from auger_hub.store.local import key_of_url
from auger_hub.store.source_logins import without_login
from auger_hub.store.sources import is_remote
from auger_hub.timestamps import timestamp_if


class ExperimentObject(TypedDict):
    """What a client sees of an experiment."""

    object: Literal["experiment"]
    deleted: bool
    id: str
    name: str
    project_id: int
    project_file_id: int | None
    data_path_url: str
    last_experiment_session_id: str | None
    last_experiment_session_status: str | None
    last_experiment_session_created_at: str | None
    notes: None
    created_at: str
    updated_at: str


def describe(call: Call, row: Experiment) -> ExperimentObject:
    """Return the fields a client sees, with what is known of the newest run."""
    # Columns, not rows: a run holds the statistics of its data, which may be megabytes.
    last = call.session.execute(
        select(ExperimentSession.id, ExperimentSession.status, ExperimentSession.created_at)
        .where(ExperimentSession.experiment_id == row.id)
        .order_by(ExperimentSession.number.desc())
        .limit(1)
    ).first()
    return to_object(
        ExperimentObject,
        row,
        last_experiment_session_id=last.id if last else None,
        last_experiment_session_status=last.status if last else None,
        last_experiment_session_created_at=timestamp_if(last.created_at if last else None),
    )


def _index(call: Call) -> Page:
    query = rows_of(call, Experiment, "project_id")
    query = by_name(call, query, Experiment.name)
    order = (Experiment.created_at, Experiment.id)
    return to_page(call, query.order_by(*order), lambda row: describe(call, row))


def _show(call: Call) -> ExperimentObject:
    return describe(call, find(call, Experiment, call.params["id"]))


def _create(call: Call) -> ExperimentObject:
    project = find(call, Project, call.params["project_id"])
    name = str(call.params["name"])
    refuse_any(check_free(call, Experiment, name, project_id=project.id))
    data = _find_data(call, project)
    row = Experiment(
        id=secrets.token_hex(8),
        organization_id=project.organization_id,
        project_id=project.id,
        project_file_id=data.id,
        name=name,
        data_path_url=data.url,
    )
    call.session.add(row)
    call.session.flush()
    return describe(call, row)


def _find_data(call: Call, project: Project) -> ProjectFile:
    """Resolve `project_file_id` or `data_path`: equal URL, or equal key behind any bucket.

    A web address that is no data set yet becomes one: the oldest client has no other way.
    """
    file_id, sent = call.given("project_file_id"), call.given("data_path")
    query = rows_of(call, ProjectFile).where(ProjectFile.project_id == project.id)
    if file_id is not None:
        row = call.session.scalar(query.where(ProjectFile.id == to_key(ProjectFile, file_id)))
        if row is None:
            raise InvalidParams(("project_file_id", "is not a file of the project"))
        return row
    if sent is None:
        raise InvalidParams(("data_path", "is required"))
    url = without_login(str(sent))
    rows = list(
        call.session.scalars(
            query.where((ProjectFile.url == url) | (ProjectFile.key == key_of_url(url)))
        )
    )
    if not rows and is_remote(url):
        return add_from_web(call, project, str(sent))
    if not rows:
        raise InvalidParams(("data_path", "is not a file of the project"))
    return next((row for row in rows if row.url == url), rows[0])


def _update(call: Call) -> ExperimentObject:
    row = find(call, Experiment, call.params["id"])
    name = call.given("name")
    if name is not None and name != row.name:
        refuse_any(check_free(call, Experiment, str(name), project_id=row.project_id))
        row.name = str(name)
    call.session.flush()
    return describe(call, row)


def _delete(call: Call) -> ExperimentObject:
    row = find(call, Experiment, call.params["id"])
    keys = _stored_keys(call, row)
    answer = delete(call, row, describe(call, row))
    delete_files(call, keys)
    return answer


def _stored_keys(call: Call, row: Experiment) -> list[str]:
    """Return the keys of exports and predictions that go with the experiment's models."""
    runs = select(ExperimentSession.id).where(ExperimentSession.experiment_id == row.id)
    models = select(Pipeline.id).where(Pipeline.experiment_session_id.in_(runs))
    queries = (
        select(PipelineFile.key).where(PipelineFile.experiment_session_id.in_(runs)),
        select(Prediction.result_key).where(Prediction.pipeline_id.in_(models)),
    )
    return [key for query in queries for key in call.session.scalars(query) if key]


ROUTES = [
    Route(
        "GET",
        "/experiments",
        _index,
        "List experiments",
        takes=(Param("project_id", KEY), Param("name")),
        answers=ExperimentObject,
        is_list=True,
    ),
    Route(
        "POST",
        "/experiments",
        _create,
        "Create an experiment on a data set",
        takes=(
            Param("name").needed,
            Param("project_id", KEY).needed,
            Param(
                "data_path",
                about="`url` of the data set, or a web address of one",
            ),
            Param("project_file_id", KEY),
        ),
        answers=ExperimentObject,
    ),
    Route("GET", "/experiments/{id}", _show, "Show an experiment", answers=ExperimentObject),
    Route(
        "PATCH",
        "/experiments/{id}",
        _update,
        "Rename an experiment",
        takes=(Param("name"),),
        answers=ExperimentObject,
    ),
    Route("DELETE", "/experiments/{id}", _delete, "Delete an experiment", answers=ExperimentObject),
]
