"""Serve projects (wire contract §2.4); the supervisor moves them on, not the routes."""

from __future__ import annotations

from typing import Literal, TypedDict

from auger_hub.background.idle import ends_at
from auger_hub.database.tables import Organization, Project
from auger_hub.http.contract import Call, Handler, InvalidParams, NotFound, Page, Route
from auger_hub.http.params import FOLDER_NAME, INTEGER, KEY, Complaint, Param
from auger_hub.routes.projects.clusters import newest
from auger_hub.routes.query import (
    by_name,
    check_free,
    find,
    refuse_any,
    rows_of,
    to_int,
    to_page,
)
from auger_hub.routes.wire_object import to_object
from auger_hub.timestamps import timestamp, timestamp_if

_STACK = Param("kubernetes_stack", about="a name of the cloud's; kept, without effect here")
_SIZES = (
    Param("workers_count", INTEGER, "trials at the same time", least=1),
    Param("min_workers_count", INTEGER, "workers that stay without work", least=0),
    Param("worker_type_id", INTEGER, "1 standard, 2 and 3 high memory", least=1),
    Param("cluster_autoterminate_minutes", INTEGER, "stop when idle for so long; 0 is never"),
    _STACK,
)
_STARTABLE = ("undeployed", "deploying", "deployed", "running")


class ComponentObject(TypedDict):
    """What a client sees of a part of a project's compute."""

    object: Literal["component"]
    deleted: bool
    id: int
    name: str
    status: str
    cluster_id: int | None
    project_id: int
    created_at: str
    updated_at: str


class ProjectObject(TypedDict):
    """What a client sees of a project."""

    object: Literal["project"]
    deleted: bool
    id: int
    name: str
    status: str
    starter_user_id: int | None
    deleting: bool
    deploy_progress: dict[str, int]
    kube_service_port: None
    organization_id: int
    created_at: str
    updated_at: str
    components: list[ComponentObject]
    default_kubernetes_stack: str
    default_workers_count: int
    default_worker_type_id: int
    workers_count: int
    min_workers_count: int | None
    worker_type_id: int
    kubernetes_stack: str
    will_be_autoterminated_at: str | None
    cluster_autoterminate_minutes: int
    cluster_id: int | None
    search_space: None
    search_space_status: str


def describe(call: Call, row: Project) -> ProjectObject:
    """Return the fields a client sees; the one component is the project's compute."""
    cluster_id = call.session.scalar(newest(row.id))
    has_compute = row.status != "undeployed"
    component: ComponentObject = {
        "object": "component",
        "deleted": False,
        "id": row.id,
        "name": "augerml",
        "status": row.status,
        "cluster_id": cluster_id,
        "project_id": row.id,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
    }
    states = ("undeployed", "undeploying", "deploying", "deployed", "running")
    return to_object(
        ProjectObject,
        row,
        deploy_progress={s: int(has_compute and s == row.status) for s in states},
        components=[component] if has_compute else [],
        default_kubernetes_stack=row.kubernetes_stack,
        default_workers_count=row.workers_count,
        default_worker_type_id=row.worker_type_id,
        will_be_autoterminated_at=timestamp_if(ends_at(call.session, row)),
        cluster_id=cluster_id,
        search_space_status="not_requested",
    )


def _index(call: Call) -> Page:
    query = rows_of(call, Project, "organization_id").where(Project.deleting.is_(False))
    query = by_name(call, query, Project.name)
    return to_page(call, query.order_by(Project.id), lambda row: describe(call, row))


def _show(call: Call) -> ProjectObject:
    return describe(call, find(call, Project, call.params["id"]))


def _create(call: Call) -> ProjectObject:
    name = str(call.params["name"])
    organization_id = call.given("organization_id")
    if organization_id is not None:
        find(call, Organization, organization_id)
    refuse_any(_check_name(call, name))
    project = Project(organization_id=call.caller.organization_id, name=name)
    call.session.add(project)
    call.session.flush()
    return describe(call, project)


def _update(call: Call) -> ProjectObject:
    project = find(call, Project, call.params["id"])
    name = call.given("name")
    if name is not None and name != project.name:
        refuse_any(_check_name(call, str(name)))
        project.name = str(name)
    _set_sizes(project, call)
    call.session.flush()
    return describe(call, project)


def _deploy(call: Call) -> ProjectObject:
    project = find(call, Project, call.params["id"])
    if project.status not in _STARTABLE:
        message = f"Event 'deploy' cannot transition from '{project.status}'"
        raise InvalidParams(("status", message))
    _set_sizes(project, call)
    project.starter_user_id = call.caller.user_id
    if project.status == "undeployed":
        project.status = "deploying"
    call.session.flush()
    return describe(call, project)


def _undeploy(call: Call) -> ProjectObject:
    project = find(call, Project, call.params["id"])
    if project.status != "undeployed":
        project.status = "undeploying"
    call.session.flush()
    return describe(call, project)


def _delete(call: Call) -> ProjectObject:
    """Mark for removal; the answer says `deleted` false as the cloud's does."""
    project = find(call, Project, call.params["id"])
    project.deleting = True
    call.session.flush()
    return describe(call, project)


def _logs(call: Call) -> str:
    project = find(call, Project, call.params["id"])
    return call.hub.supervisor.project_log(project.id)


def _check_name(call: Call, name: str) -> list[Complaint]:
    return check_free(call, Project, name, organization_id=call.caller.organization_id)


def _set_sizes(project: Project, call: Call) -> None:
    for param in _SIZES:
        value = call.given(param.name)
        if value is not None:
            setattr(project, param.name, str(value) if param is _STACK else to_int(value))


def running_project(call: Call, project_id: int) -> Project:
    """Return the project, or refuse because its compute does not run."""
    project = call.session.get(Project, project_id)
    if project is None:
        raise NotFound("Project")
    if project.status != "running":
        raise InvalidParams(("project_id", "project should be running"))
    return project


def _route(method: str, path: str, handler: Handler, about: str, *takes: Param) -> Route:
    return Route(method, f"/projects{path}", handler, about, takes, ProjectObject)


ROUTES = [
    Route(
        "GET",
        "/projects",
        _index,
        "List projects",
        takes=(Param("organization_id", KEY), Param("name")),
        answers=ProjectObject,
        is_list=True,
    ),
    _route(
        "POST",
        "",
        _create,
        "Create a project",
        Param("name", FOLDER_NAME).needed,
        Param("organization_id", KEY),
    ),
    _route("GET", "/{id}", _show, "Show a project"),
    _route("PATCH", "/{id}", _update, "Change a project", Param("name", FOLDER_NAME), *_SIZES),
    _route("DELETE", "/{id}", _delete, "Delete a project and all it holds"),
    _route("PATCH", "/{id}/deploy", _deploy, "Start a project's compute", *_SIZES),
    _route("PATCH", "/{id}/undeploy", _undeploy, "Stop a project's compute"),
    Route("GET", "/projects/{id}/logs", _logs, "Read what a project's processes said"),
]
