"""Serve a project's compute as clients before 0.7 see it (wire contract §2.5).

An organization that is `single_tenant` starts its compute by creating a cluster. Here that starts
the project; the status of a cluster is the project's, in the cluster's words.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from sqlalchemy import Select, select

from auger_hub.database.tables import Cluster, Organization, Project, User, now
from auger_hub.http.contract import Call, InvalidParams, Page, Route
from auger_hub.http.params import INTEGER, KEY, Param
from auger_hub.routes.projects.instance_types import InstanceTypeObject
from auger_hub.routes.projects.instance_types import describe as describe_type
from auger_hub.routes.query import find, rows_of, to_int, to_page
from auger_hub.routes.wire_object import to_object

_STATUSES = {
    "undeployed": "terminated",
    "deploying": "provisioning",
    "deployed": "bootstrapping",
    "running": "running",
    "undeploying": "terminating",
}


class CreatorObject(TypedDict):
    """What a client sees of who made a cluster."""

    object: Literal["user"]
    deleted: bool
    id: int
    email: str
    unconfirmed_email: None


class ClusterObject(TypedDict):
    """What a client sees of a cluster."""

    object: Literal["cluster"]
    deleted: bool
    id: int
    name: str
    status: str
    error_message: None
    organization_id: int
    project_id: int
    created_by: CreatorObject
    worker_nodes_count: int
    workers_per_node_count: int
    total_memory_mb: int
    instance_type: InstanceTypeObject
    uptime_seconds: int
    seconds_since_created: int
    ip_address: None
    file_uploader_service: dict[str, Any]
    components: list[Any]
    docker_image_tag: str
    created_at: str
    updated_at: str
    platform: str
    project_name: str
    autoterminate_minutes: int
    state_machine: dict[str, Any]


def status_of_project(status: str) -> str:
    """Return a project's status in the words of a cluster."""
    return _STATUSES.get(status, status)


def describe(call: Call, row: Cluster) -> ClusterObject:
    """Return the fields a client sees."""
    project = call.session.get_one(Project, row.project_id)
    user = call.session.get_one(User, row.created_by)
    status = status_of_project(project.status)
    seconds = int((now() - row.created_at).total_seconds())
    machine = {"id": status, "name": status.capitalize()}
    return to_object(
        ClusterObject,
        row,
        status=status,
        created_by={
            "object": "user",
            "deleted": False,
            "id": user.id,
            "email": user.name,
            "unconfirmed_email": None,
        },
        total_memory_mb=0,
        instance_type=describe_type(row.instance_type),
        uptime_seconds=seconds if status == "running" else 0,
        seconds_since_created=seconds,
        file_uploader_service={
            "url": f"{call.base_url}/file_uploader/{project.id}",
            "params": {"auger_token": call.hub.signer.uploader_token(call.caller, project.id)},
        },
        components=[],
        platform="local",
        project_name=project.name,
        state_machine={
            "object": "state_machine",
            "deleted": False,
            "current_state": machine,
            "possible_transitions": [],
        },
    )


def _index(call: Call) -> Page:
    query = rows_of(call, Cluster, "organization_id", "project_id").order_by(Cluster.id)
    return to_page(call, query, lambda row: describe(call, row))


def _show(call: Call) -> ClusterObject:
    return describe(call, find(call, Cluster, call.params["id"]))


def _create(call: Call) -> ClusterObject:
    """Start the project with the sizes of either form: worker type, or instance type."""
    if call.given("organization_id") is not None:
        find(call, Organization, call.params["organization_id"])
    project = find(call, Project, call.params["project_id"])
    if project.status != "undeployed":
        raise InvalidParams(("project_id", "project has a cluster already"))
    nodes = _number(call, "workers_count", _number(call, "worker_nodes_count", 2))
    row = Cluster(
        organization_id=project.organization_id,
        project_id=project.id,
        created_by=call.caller.user_id,
        name=str(call.given("name") or f"{project.name}-cluster"),
        worker_nodes_count=nodes,
        workers_per_node_count=_number(call, "workers_per_node_count", 1),
        instance_type=str(call.given("instance_type") or "c5.large"),
        docker_image_tag=str(call.given("docker_image_tag") or "stable"),
        autoterminate_minutes=_number(call, "autoterminate_minutes", 30),
    )
    call.session.add(row)
    project.workers_count = row.worker_nodes_count * row.workers_per_node_count
    project.worker_type_id = _number(call, "worker_type_id", project.worker_type_id)
    project.cluster_autoterminate_minutes = row.autoterminate_minutes
    project.starter_user_id = call.caller.user_id
    if call.given("kubernetes_stack") is not None:
        project.kubernetes_stack = str(call.given("kubernetes_stack"))
    project.status = "deploying"
    call.session.flush()
    return describe(call, row)


def _delete(call: Call) -> ClusterObject:
    """Stop the project's compute; the cluster stays in the list as terminated."""
    row = find(call, Cluster, call.params["id"])
    project = call.session.get_one(Project, row.project_id)
    if project.status != "undeployed" and row.id == call.session.scalar(newest(project.id)):
        project.status = "undeploying"
    call.session.flush()
    return describe(call, row)


def newest(project_id: int) -> Select[int]:
    """Select the id of a project's newest cluster."""
    query = select(Cluster.id).where(Cluster.project_id == project_id)
    return query.order_by(Cluster.id.desc()).limit(1)


def _number(call: Call, name: str, default: int) -> int:
    value = call.given(name)
    return default if value is None else to_int(value)


ROUTES = [
    Route(
        "GET",
        "/clusters",
        _index,
        "List clusters",
        takes=(Param("organization_id", KEY), Param("project_id", KEY)),
        answers=ClusterObject,
        is_list=True,
    ),
    Route(
        "POST",
        "/clusters",
        _create,
        "Start a project's compute",
        takes=(
            Param("project_id", KEY).needed,
            Param("organization_id", KEY),
            Param("name"),
            Param("worker_type_id", INTEGER, least=1),
            Param("workers_count", INTEGER, least=1),
            Param("worker_nodes_count", INTEGER, least=1),
            Param("workers_per_node_count", INTEGER, least=1),
            Param("instance_type"),
            Param("docker_image_tag"),
            Param("autoterminate_minutes", INTEGER),
            Param("kubernetes_stack"),
        ),
        answers=ClusterObject,
    ),
    Route("GET", "/clusters/{id}", _show, "Show a cluster", answers=ClusterObject),
    Route("DELETE", "/clusters/{id}", _delete, "Stop a cluster", answers=ClusterObject),
]
