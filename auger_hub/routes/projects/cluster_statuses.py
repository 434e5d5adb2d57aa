"""Serve the load of the machine (wire contract §2.7), measured when asked."""

from __future__ import annotations

import os
import socket
from typing import Any, Literal, TypedDict

from auger_hub.database.tables import Cluster, Project, now
from auger_hub.http.contract import Call, Page, Route
from auger_hub.http.params import KEY, Param
from auger_hub.routes.query import find, page_size
from auger_hub.timestamps import timestamp

_HIGH = 90


class ClusterStatusObject(TypedDict):
    """What a client sees of a measurement."""

    object: Literal["cluster_status"]
    deleted: bool
    id: int
    cluster_id: int
    cpu: int
    cpu_status: str
    memory: int
    memory_status: str
    created_at: str
    slave_data: dict[str, Any]
    pods_data: list[Any]


def _index(call: Call) -> Page:
    """Return the one measurement there is: that of now, while the project runs."""
    cluster = find(call, Cluster, call.params["cluster_id"])
    project = call.session.get_one(Project, cluster.project_id)
    items = [_measure(cluster.id)] if project.status == "running" else []
    limit, offset = page_size(call)
    return Page(items[offset : offset + limit], limit, offset, len(items))


def _measure(cluster_id: int) -> ClusterStatusObject:
    cpu = min(100.0, 100 * os.getloadavg()[0] / (os.cpu_count() or 1))
    memory = _used_memory()
    return {
        "object": "cluster_status",
        "deleted": False,
        "id": cluster_id,
        "cluster_id": cluster_id,
        "cpu": round(cpu),
        "cpu_status": _word(cpu),
        "memory": round(memory),
        "memory_status": _word(memory),
        "created_at": timestamp(now()),
        "slave_data": {socket.gethostname(): {"cpu": cpu, "memory": memory}},
        "pods_data": [],
    }


def _used_memory() -> float:
    """Return the percentage of memory in use; 0 where the system does not say."""
    try:
        pages = os.sysconf("SC_PHYS_PAGES")
        return 100 * (1 - os.sysconf("SC_AVPHYS_PAGES") / pages)
    except (ValueError, OSError):
        return 0.0


def _word(percent: float) -> str:
    return "normal" if percent < _HIGH else "high"


ROUTES = [
    Route(
        "GET",
        "/cluster_statuses",
        _index,
        "Measure how busy a cluster is",
        takes=(Param("cluster_id", KEY).needed,),
        answers=ClusterStatusObject,
        is_list=True,
    )
]
