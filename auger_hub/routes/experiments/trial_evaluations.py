"""Serve scores of trials on rows that they have not seen: a holdout, or the folds of a run.

Additional to the API: no other hub has them. The results stand in `model_settings.evaluations` of
the run as well.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from auger_hub.database.tables import ExperimentSession, ProjectFile, TrialEvaluation
from auger_hub.http.contract import Call, InvalidParams, Route
from auger_hub.http.params import KEY, LIST, Param
from auger_hub.routes.query import find
from auger_hub.routes.wire_object import to_object
from auger_hub.runs.trial_evaluations import ask, results_of

MOST_TRIALS, MOST_COLUMNS = 20, 20


class TrialEvaluationObject(TypedDict):
    """What a client sees of a question; `results` are complete when `status` is `done`."""

    object: Literal["trial_evaluation"]
    id: str
    experiment_session_id: str
    project_file_id: int | None
    trial_ids: list[Any]
    segments: list[Any] | None
    status: Literal["waiting", "done", "error"]
    error_message: str | None
    results: list[dict[str, Any]]
    created_at: str


def describe(call: Call, row: TrialEvaluation) -> TrialEvaluationObject:
    """Return the fields a client sees."""
    run = call.session.get_one(ExperimentSession, row.experiment_session_id)
    return to_object(
        TrialEvaluationObject, row, results=results_of(run, row) if row.status == "done" else []
    )


def _show(call: Call) -> TrialEvaluationObject:
    return describe(call, find(call, TrialEvaluation, call.params["id"]))


def _create(call: Call) -> TrialEvaluationObject:
    run = find(call, ExperimentSession, call.params["experiment_session_id"])
    if run.status != "completed":
        raise InvalidParams(("experiment_session_id", "is not completed"))
    data = None
    if call.given("project_file_id") is not None:
        data = find(call, ProjectFile, call.given("project_file_id"))
        if data.project_id != run.project_id:
            raise InvalidParams(("project_file_id", "is not of the project of the run"))
    trials = _names(call, "trial_ids", MOST_TRIALS)
    segments = _names(call, "segments", MOST_COLUMNS) if call.given("segments") else []
    return describe(
        call,
        ask(
            call.session,
            run,
            trials,
            None if data is None else data.id,
            segments=segments,
        ),
    )


def _names(call: Call, member: str, most: int) -> list[str]:
    listed = call.given(member)
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise InvalidParams((member, "is not a list of texts"))
    if not 0 < len(listed) <= most:
        raise InvalidParams((member, f"has not 1 to {most} texts"))
    return listed


ROUTES = [
    Route(
        "POST",
        "/trial_evaluations",
        _create,
        "Ask for scores of trials on a holdout, or on the folds of a completed run",
        takes=(
            Param("experiment_session_id", KEY).needed,
            Param("trial_ids", LIST).needed,
            Param("project_file_id", KEY, "the holdout; without it, the folds of the run"),
            Param("segments", LIST, "columns whose values are scored one by one"),
        ),
        answers=TrialEvaluationObject,
    ),
    Route(
        "GET", "/trial_evaluations/{id}", _show, "Show such scores", answers=TrialEvaluationObject
    ),
]
