"""Background tasks as clients see them (wire contract §2.6)."""

from __future__ import annotations

from auger_reconcile.hub.api import Call, Fields, Page, Route
from auger_reconcile.hub.database.tables import ClusterTask
from auger_reconcile.hub.routes.query import find, rows_of, to_page


def describe(row: ClusterTask) -> Fields:
    """Return the fields a client sees."""
    return {
        "object": "cluster_task",
        "deleted": False,
        "id": row.id,
        "external_uid": None,
        "cluster_id": None,
        "project_id": row.project_id,
        "queue": row.queue,
        "status": row.status,
        "name": row.name,
        "args": row.args,
        "result": row.result,
        "exception": row.exception,
        "error_message": row.exception,
    }


def _index(call: Call) -> Page:
    query = rows_of(call, ClusterTask, "project_id").order_by(ClusterTask.id.desc())
    return to_page(call, query, describe)


def _show(call: Call) -> Fields:
    return describe(find(call, ClusterTask, call.params["id"]))


ROUTES = [
    Route("GET", "/cluster_tasks", _index),
    Route("GET", "/cluster_tasks/{id}", _show),
]
