"""Serve a project's log line by line (wire contract §2.19)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypedDict

from auger_hub.database.tables import Project
from auger_hub.http.contract import Call, Page, Route
from auger_hub.http.params import KEY, Param
from auger_hub.processes.logs import time_of
from auger_hub.routes.query import find, page_size
from auger_hub.timestamps import timestamp


class PodLogObject(TypedDict):
    """What a client sees of a line."""

    object: Literal["pod_log"]
    deleted: bool
    id: int
    timestamp: str
    pod_name: str
    project_id: int
    data: str


def _index(call: Call) -> Page:
    project = find(call, Project, call.params["project_id"])
    lines = call.hub.supervisor.project_log(project.id).splitlines()
    limit, offset = page_size(call)
    shown = list(enumerate(zip(_times(project, lines), lines, strict=True), start=1))
    items = [
        _describe(project, number, said_at, line)
        for number, (said_at, line) in shown[offset : offset + limit]
    ]
    return Page(items, limit, offset, len(lines))


def _times(project: Project, lines: list[str]) -> Iterator[str]:
    """Yield when each line was said: lines without a time go on from the one before."""
    last = timestamp(project.created_at)
    for line in lines:
        last = time_of(line) or last
        yield last


def _describe(project: Project, number: int, said_at: str, line: str) -> PodLogObject:
    return {
        "object": "pod_log",
        "deleted": False,
        "id": number,
        "timestamp": said_at,
        "pod_name": "augerml",
        "project_id": project.id,
        "data": f"{line}\n",
    }


ROUTES = [
    Route(
        "GET",
        "/pod_logs",
        _index,
        "Read a project's log line by line",
        takes=(Param("project_id", KEY).needed,),
        answers=PodLogObject,
        is_list=True,
    )
]
