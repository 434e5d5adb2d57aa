"""Serve background tasks as clients see them (wire contract §2.6).

What the hub itself does as a task is done when the task is made: the answer says `pending`, and
the first look at it finds it finished.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from sqlalchemy import select

from auger_hub.database.tables import ClusterTask, Project, ProjectFile
from auger_hub.http.body import parse_body
from auger_hub.http.contract import Call, Fields, InvalidParams, Page, Route
from auger_hub.http.params import KEY, LIST, Param
from auger_hub.routes.query import find, rows_of, to_page
from auger_hub.routes.wire_object import to_object

_LIST_FILES = (
    "auger_ml.tasks_queue.tasks.list_project_files",
    "auger_ml.tasks_queue.tasks.list_project_files_task",
)


class ClusterTaskObject(TypedDict):
    """What a client sees of a task."""

    object: Literal["cluster_task"]
    deleted: bool
    id: int
    external_uid: None
    cluster_id: None
    project_id: int
    queue: str | None
    status: str
    name: str
    args: list[Any] | None
    result: Any
    exception: str | None
    error_message: str | None


def describe(row: ClusterTask) -> ClusterTaskObject:
    """Return the fields a client sees."""
    return to_object(ClusterTaskObject, row, error_message=row.exception)


def add_finished(
    call: Call, project: Project, name: str, arguments: Fields, result: Any
) -> ClusterTaskObject:
    """Store a task that is done, and return it as it was before."""
    task = ClusterTask(
        organization_id=project.organization_id,
        project_id=project.id,
        name=name,
        queue="a2ml",
        status="pending",
        args=[arguments],
    )
    call.session.add(task)
    call.session.flush()
    answer = describe(task)
    task.status, task.result = "success", result
    return answer


def _index(call: Call) -> Page:
    going = select(Project.id).where(Project.deleting)
    query = rows_of(call, ClusterTask, "project_id").where(ClusterTask.project_id.not_in(going))
    return to_page(call, query.order_by(ClusterTask.id.desc()), describe)


def _show(call: Call) -> ClusterTaskObject:
    return describe(find(call, ClusterTask, call.params["id"]))


def _create(call: Call) -> ClusterTaskObject:
    """Do what can be done here; any other task fails at once and says so."""
    project = find(call, Project, call.params["project_id"])
    name = str(call.params["name"])
    task = ClusterTask(
        organization_id=project.organization_id,
        project_id=project.id,
        name=name,
        queue=None if call.given("queue") is None else str(call.given("queue")),
        status="pending",
        args=_arguments(call),
    )
    call.session.add(task)
    call.session.flush()
    answer = describe(task)
    if name in _LIST_FILES:
        files = select(ProjectFile.url).where(ProjectFile.project_id == project.id)
        task.status, task.result = "success", list(call.session.scalars(files))
    else:
        task.status, task.exception = "failure", f"this hub has no task `{name}`"
    return answer


def _arguments(call: Call) -> list[Any] | None:
    encoded = call.given("args_encoded")
    if encoded is None:
        arguments: list[Any] | None = call.given("args")
        return arguments
    try:
        decoded: Any = parse_body(f'{{"args": {encoded}}}'.encode())["args"]
    except ValueError:
        decoded = None
    if not isinstance(decoded, list):
        raise InvalidParams(("args_encoded", "should be the JSON text of an array"))
    return decoded


ROUTES = [
    Route(
        "GET",
        "/cluster_tasks",
        _index,
        "List background tasks, newest first",
        takes=(Param("project_id", KEY),),
        answers=ClusterTaskObject,
        is_list=True,
    ),
    Route(
        "POST",
        "/cluster_tasks",
        _create,
        "Run a background task",
        takes=(
            Param("name").needed,
            Param("project_id", KEY).needed,
            Param("queue"),
            Param("args", LIST),
            Param("args_encoded", about="`args` as JSON text"),
        ),
        answers=ClusterTaskObject,
    ),
    Route(
        "GET",
        "/cluster_tasks/{id}",
        _show,
        "Show a background task",
        answers=ClusterTaskObject,
    ),
]
