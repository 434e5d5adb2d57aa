"""Serve evaluations: scores of a model on rows whose target is known (wire contract §7)."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from auger_hub.accounts.roles import ASKING
from auger_hub.database.tables import EVALUATION, Pipeline, Prediction
from auger_hub.http.contract import Call, NotFound, Route
from auger_hub.http.params import KEY, NUMBER, Param
from auger_hub.routes.models.predictions import ROWS, add_question
from auger_hub.routes.query import find
from auger_hub.timestamps import timestamp


class ClassScores(TypedDict):
    """How one class was predicted."""

    label: str
    precision: float | None
    recall: float | None
    f1: float | None
    rows: int


class EvaluationResult(TypedDict):
    """How a model did: by every metric of its kind that these rows define, greater is better."""

    model_type: str
    target: str
    metric: str | None
    rows: int
    scores: dict[str, float]
    labels: list[str]
    per_class: list[ClassScores]
    confusion: list[list[int]]
    notices: list[dict[str, Any]]


class EvaluationObject(TypedDict):
    """What a client sees of an evaluation."""

    object: Literal["evaluation"]
    id: str
    pipeline_id: str
    status: str
    result: EvaluationResult | None
    error_message: str | None
    time_consumed_ms: int | None
    created_at: str


def _describe(row: Prediction) -> EvaluationObject:
    return {
        "object": "evaluation",
        "id": row.id,
        "pipeline_id": row.pipeline_id,
        "status": row.status,
        "result": row.result,  # type: ignore[typeddict-item]  # as `evaluate` has made it
        "error_message": row.error_message,
        "time_consumed_ms": row.time_consumed_ms,
        "created_at": timestamp(row.created_at),
    }


def _create(call: Call) -> EvaluationObject:
    pipeline = find(call, Pipeline, call.params["pipeline_id"])
    row = add_question(call, pipeline, prefix=EVALUATION)
    row.records_count = None  # nothing is predicted for anybody
    return _describe(row)


def _show(call: Call) -> EvaluationObject:
    row = find(call, Prediction, call.params["id"])
    if not row.id.startswith(EVALUATION):
        raise NotFound("Evaluation")
    return _describe(row)


ROUTES = [
    Route(
        "POST",
        "/evaluations",
        _create,
        "Score a deployed model on rows whose target is known",
        takes=(
            Param("pipeline_id", KEY).needed,
            *ROWS,
            Param("threshold", NUMBER, "from which on the second of two classes is predicted"),
        ),
        answers=EvaluationObject,
        is_audited=False,
        rank=ASKING,
    ),
    Route("GET", "/evaluations/{id}", _show, "Show an evaluation", answers=EvaluationObject),
]
