"""Serve the status of one object, the request that clients poll (wire contract §2.2).

This is the hub's hottest path: one lean query, no session, no thread.
"""

from __future__ import annotations

from typing import TypedDict

from sqlalchemy import Select, bindparam, select

from auger_hub.database import tables
from auger_hub.http.contract import Call, NotFound, Route
from auger_hub.http.params import KEY, Param
from auger_hub.routes.projects.clusters import status_of_project
from auger_hub.routes.query import to_key

_KINDS: dict[str, type[tables.Base] | None] = {
    "Cluster": tables.Cluster,
    "ClusterTask": tables.ClusterTask,
    "Component": tables.Project,  # a project has one component, of the same id and status
    "ExperimentSession": tables.ExperimentSession,
    "Organization": tables.Organization,
    "Pipeline": tables.Pipeline,
    "Project": tables.Project,
    "ProjectFile": tables.ProjectFile,
    "SimilarTrialsRequest": None,
    "Subscription": None,
    "WarmStartRequest": None,
}


class StatusObject(TypedDict):
    """The status of an object."""

    status: str


def _query(table: type[tables.Base]) -> Select[str]:
    """Select a status where `find` finds the object: not in a project that is being deleted."""
    columns, project = table.__table__.c, tables.Project
    owner = columns.id if table is tables.Organization else columns.organization_id
    # a cluster has the status of its project
    query = select(project.status if table is tables.Cluster else columns.status)
    query = query.where(columns.id == bindparam("id"), owner == bindparam("owner"))
    if "project_id" in columns:
        query = query.where(project.id == columns.project_id)
    if table is project or "project_id" in columns:
        query = query.where(project.deleting.is_(False))
    return query


_QUERIES = {kind: _query(table) for kind, table in _KINDS.items() if table is not None}


def _show(call: Call) -> StatusObject:
    kind = call.params["object"]
    table = _KINDS[kind]
    if table is None:
        raise NotFound(kind)
    key = {"id": to_key(table, call.params["id"]), "owner": call.caller.organization_id}
    row = call.hub.database.first(_QUERIES[kind], key)
    if row is None:
        raise NotFound(kind)
    return {"status": status_of_project(row[0]) if kind == "Cluster" else row[0]}


ROUTES = [
    Route(
        "GET",
        "/status",
        _show,
        "Poll the status of an object",
        takes=(Param("object", choices=tuple(_KINDS)).needed, Param("id", KEY).needed),
        answers=StatusObject,
        inline=True,
    )
]
