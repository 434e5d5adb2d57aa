"""Serve checks of return-on-investment expressions (wire contract §2.17)."""

from __future__ import annotations

import ast

from auger_hub.database.review_tables import Endpoint
from auger_hub.database.tables import Project
from auger_hub.http.contract import Call, Fields, InvalidParams, Route
from auger_hub.http.params import LIST, Param
from auger_hub.routes.projects import cluster_tasks
from auger_hub.routes.projects.cluster_tasks import ClusterTaskObject
from auger_hub.routes.query import find

_TASK = "a2ml.tasks_queue.tasks_hub_api.validate_roi_syntax_task"
_LONGEST = 1000


def _create(call: Call) -> ClusterTaskObject:
    endpoint = find(call, Endpoint, call.params["endpoint_id"])
    project = call.session.get_one(Project, endpoint.project_id)
    expressions = call.params["expressions"]
    if not all(isinstance(expression, str) for expression in expressions):
        raise InvalidParams(("expressions", "should be an array of texts"))
    result = [_validate(expression) for expression in expressions]
    arguments = {"expressions": expressions}
    return cluster_tasks.add_finished(call, project, _TASK, arguments, result)


def _validate(expression: str) -> Fields:
    """Parse an expression with the columns' `$` taken away; it is never evaluated."""
    error = None
    if len(expression) > _LONGEST:
        error = f"longer than {_LONGEST} characters"
    else:
        try:
            ast.parse(expression.replace("$", "").strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as caught:
            error = getattr(caught, "msg", None) or str(caught) or "cannot be read"
    return {"expression": expression, "is_valid": error is None, "error": error}


ROUTES = [
    Route(
        "POST",
        "/endpoints/{endpoint_id}/roi_validations",
        _create,
        "Check return-on-investment expressions",
        takes=(Param("expressions", LIST).needed,),
        answers=ClusterTaskObject,
    )
]
