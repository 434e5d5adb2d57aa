"""The status of one object, the request that clients poll (wire contract §2.2).

This is the hub's hottest path: one lean query, no session, no thread.
"""

from __future__ import annotations

from sqlalchemy import Select, bindparam, select

from auger_reconcile.hub.api import Call, Fields, InvalidParams, NotFound, Route
from auger_reconcile.hub.database import tables
from auger_reconcile.hub.routes.query import to_key

_KINDS: dict[str, type[tables.Base] | None] = {
    "Cluster": None,
    "ClusterTask": tables.ClusterTask,
    "Component": None,
    "ExperimentSession": tables.ExperimentSession,
    "Organization": tables.Organization,
    "Pipeline": tables.Pipeline,
    "Project": tables.Project,
    "ProjectFile": tables.ProjectFile,
    "SimilarTrialsRequest": None,
    "Subscription": None,
    "WarmStartRequest": None,
}
_UNKNOWN_KIND = "is not in the list [{}]".format(", ".join(f'"{kind}"' for kind in _KINDS))


def _query(table: type[tables.Base]) -> Select[str]:
    columns = table.__table__.c
    owner = columns.id if table is tables.Organization else columns.organization_id
    return select(columns.status).where(columns.id == bindparam("id"), owner == bindparam("owner"))


_QUERIES = {kind: _query(table) for kind, table in _KINDS.items() if table is not None}


def _show(call: Call) -> Fields:
    kind = call.given("object")
    if kind not in _KINDS:
        raise InvalidParams(("object", _UNKNOWN_KIND))
    call.require("id")
    table = _KINDS[kind]
    if table is None:
        raise NotFound(kind)
    key = {"id": to_key(table, call.params["id"]), "owner": call.caller.organization_id}
    row = call.hub.database.first(_QUERIES[kind], key)
    if row is None:
        raise NotFound(kind)
    return {"status": row[0]}


ROUTES = [Route("GET", "/status", _show, inline=True)]
