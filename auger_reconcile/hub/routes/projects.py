"""Projects and their life (wire contract §2.4): the supervisor moves them on, not the routes."""

from __future__ import annotations

from typing import Any

from auger_reconcile.hub.api import Call, Fields, InvalidParams, NotFound, Page, Route, timestamp
from auger_reconcile.hub.database.tables import Organization, Project
from auger_reconcile.hub.routes.query import (
    check_free,
    find,
    named,
    refuse_any,
    rows_of,
    to_int,
    to_page,
)

_SIZES = ("workers_count", "worker_type_id", "cluster_autoterminate_minutes")
_STARTABLE = ("undeployed", "deploying", "deployed", "running")


def describe(row: Project) -> Fields:
    """Return the fields a client sees; the one component is the project's compute."""
    has_compute = row.status != "undeployed"
    component = {
        "object": "component",
        "deleted": False,
        "id": row.id,
        "name": "augerml",
        "status": row.status,
        "cluster_id": None,
        "project_id": row.id,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
    }
    states = ("undeployed", "undeploying", "deploying", "deployed", "running")
    return {
        "object": "project",
        "deleted": False,
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "starter_user_id": row.starter_user_id,
        "deleting": row.deleting,
        "deploy_progress": {s: int(has_compute and s == row.status) for s in states},
        "kube_service_port": None,
        "organization_id": row.organization_id,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
        "components": [component] if has_compute else [],
        "default_kubernetes_stack": row.kubernetes_stack,
        "default_workers_count": row.workers_count,
        "default_worker_type_id": row.worker_type_id,
        "workers_count": row.workers_count,
        "worker_type_id": row.worker_type_id,
        "kubernetes_stack": row.kubernetes_stack,
        "will_be_autoterminated_at": None,
        "cluster_autoterminate_minutes": row.cluster_autoterminate_minutes,
        "search_space": None,
        "search_space_status": "not_requested",
    }


def _index(call: Call) -> Page:
    query = rows_of(call, Project, "organization_id").where(Project.deleting.is_(False))
    if call.given("name") is not None:
        query = query.where(named(Project.name, call.given("name")))
    return to_page(call, query.order_by(Project.id), describe)


def _show(call: Call) -> Fields:
    return describe(find(call, Project, call.params["id"]))


def _create(call: Call) -> Fields:
    call.require("name")
    name = str(call.params["name"])
    organization_id = call.given("organization_id")
    if organization_id is not None:
        find(call, Organization, organization_id)
    refuse_any(_check_name(call, name))
    project = Project(organization_id=call.caller.organization_id, name=name)
    call.session.add(project)
    call.session.flush()
    return describe(project)


def _update(call: Call) -> Fields:
    project = find(call, Project, call.params["id"])
    name = call.given("name")
    if name is not None and name != project.name:
        refuse_any(_check_name(call, str(name)))
        project.name = str(name)
    _set_sizes(project, call)
    call.session.flush()
    return describe(project)


def _deploy(call: Call) -> Fields:
    project = find(call, Project, call.params["id"])
    if project.status not in _STARTABLE:
        message = f"Event 'deploy' cannot transition from '{project.status}'"
        raise InvalidParams(("status", message))
    _set_sizes(project, call)
    project.starter_user_id = call.caller.user_id
    if project.status == "undeployed":
        project.status = "deploying"
    call.session.flush()
    return describe(project)


def _undeploy(call: Call) -> Fields:
    project = find(call, Project, call.params["id"])
    if project.status != "undeployed":
        project.status = "undeploying"
    call.session.flush()
    return describe(project)


def _delete(call: Call) -> Fields:
    """Mark for removal; the answer says `deleted` false as the cloud's does."""
    project = find(call, Project, call.params["id"])
    project.deleting = True
    call.session.flush()
    return describe(project)


def _logs(call: Call) -> str:
    project = find(call, Project, call.params["id"])
    return call.hub.supervisor.project_log(project.id)


def _check_name(call: Call, name: str) -> list[tuple[str, str]]:
    if not name.strip() or "/" in name or "\\" in name or name in (".", ".."):
        return [("name", "is invalid")]
    return check_free(call, Project, name, organization_id=call.caller.organization_id)


def _set_sizes(project: Project, call: Call) -> None:
    sizes: dict[str, Any] = {name: call.given(name) for name in _SIZES}
    for name, value in sizes.items():
        if value is None:
            continue
        if isinstance(value, bool) or to_int(value) < (0 if name.endswith("minutes") else 1):
            raise InvalidParams((name, "should be a positive number"))
        setattr(project, name, to_int(value))
    if call.given("kubernetes_stack") is not None:
        project.kubernetes_stack = str(call.given("kubernetes_stack"))


def running_project(call: Call, project_id: int) -> Project:
    """Return the project, or refuse because its compute does not run."""
    project = call.session.get(Project, project_id)
    if project is None:
        raise NotFound("Project")
    if project.status != "running":
        raise InvalidParams(("project_id", "project should be running"))
    return project


ROUTES = [
    Route("GET", "/projects", _index),
    Route("POST", "/projects", _create),
    Route("GET", "/projects/{id}", _show),
    Route("PATCH", "/projects/{id}", _update),
    Route("DELETE", "/projects/{id}", _delete),
    Route("PATCH", "/projects/{id}/deploy", _deploy),
    Route("PATCH", "/projects/{id}/undeploy", _undeploy),
    Route("GET", "/projects/{id}/logs", _logs),
]
