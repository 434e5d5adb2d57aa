"""Serve background tasks as clients see them (wire contract §2.6).

What the hub itself does as a task is done when the task is made: the answer says `pending`, and
the first look at it finds it finished.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypedDict

from sqlalchemy import select

from auger_hub.database.tables import ClusterTask, Project, ProjectFile
from auger_hub.http.body import parse_body
from auger_hub.http.contract import Call, Fields, InvalidParams, Page, Route
from auger_hub.http.params import KEY, LIST, Param
from auger_hub.routes.query import find, rows_of, to_page
from auger_hub.routes.wire_object import to_object

# The tasks of algorithms by model type: regressors learn series as well.
_TASKS_OF = {
    "classification": ("classification",),
    "regression": ("regression",),
    "timeseries": ("regression", "timeseries"),
}
OPTIMIZER = "optuna.samplers.TPESampler"  # as trials name it


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
    if name in _TASKS:
        task.status, task.result = "success", _TASKS[name](call, project)
    else:
        task.status, task.exception = "failure", f"this hub has no task `{name}`"
    return answer


def _list_files(call: Call, project: Project) -> list[str]:
    files = select(ProjectFile.url).where(ProjectFile.project_id == project.id)
    return [str(url) for url in call.session.scalars(files)]


def _describe_search(_call: Call, _project: Project) -> Fields:
    """Return what a search tries, in the parts that the oldest client puts together."""
    from auger_hub.search.algorithms.registry import all_algorithms

    algorithms: dict[str, Fields] = {
        model_type: {
            "learning_algorithms": {
                name: {} for name, one in all_algorithms().items() if one.task in tasks
            }
        }
        for model_type, tasks in _TASKS_OF.items()
    }
    return {
        "global_config_dict": {"global": {"optimizers": [OPTIMIZER]}},
        "optimizers_space": {OPTIMIZER: {}},
        "user_config_dict": {"model_group": algorithms},
        "classifier_config_dict": algorithms,
        "regressor_config_dict": algorithms,
        "timeseries_config_dict": algorithms,
    }


_PACKAGE = "auger_ml.tasks_queue.tasks"
_TASKS: dict[str, Callable[[Call, Project], Any]] = {
    f"{_PACKAGE}.list_project_files": _list_files,
    f"{_PACKAGE}.list_project_files_task": _list_files,
    f"{_PACKAGE}.get_experiment_configs_task": _describe_search,
}


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
