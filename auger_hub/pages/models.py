"""Serve the page of a model: try a prediction with it, and see how a program asks it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from auger_hub.database.tables import (
    IS_PREDICTION,
    Experiment,
    ExperimentSession,
    Hyperparameter,
    Pipeline,
    Prediction,
    Project,
    ProjectFile,
    Trial,
)
from auger_hub.http.contract import Call, Fields, NotFound
from auger_hub.pages.drawings.explanation import show_explanation
from auger_hub.pages.question import Field, make_fields
from auger_hub.pages.rivals import find_rivals, roles_of
from auger_hub.pages.view import View
from auger_hub.routes.models.health import health_of
from auger_hub.routes.models.predictions import ROUTES
from auger_hub.routes.query import find
from auger_hub.runs.run_row import options_of
from auger_hub.settings import API_PREFIX

_ask = next(r.handler for r in ROUTES if (r.method, r.path) == ("POST", "/predictions"))
_GOING = ("packaging", "undeploying")
_FIRST_FIELDS, _LEARNED = 12, 8
_CONTRIBUTION, _MOST_CONTRIBUTIONS = "contribution_", 15
_THRESHOLD = 0.5  # asks for probabilities, and decides as the model would (wire contract §2.15)


def show_model(call: Call) -> View:
    """Show the model and, when one was asked for, a prediction."""
    row = find(call, Pipeline, call.params["id"])
    if row.external is not None:
        return _view_external(call, row, row.external)
    asked = call.given("prediction")
    prediction = _find_prediction(call, row, str(asked)) if asked is not None else None
    fields = _fields(call, row)
    if prediction is not None and prediction.status == "done":
        fields = _refill(fields, prediction)
    return _view(call, row, fields, prediction, {})


def try_model(call: Call) -> View | str:
    """Ask the model what the form says, as a client does, and go on to the answer."""
    row = find(call, Pipeline, call.params["id"])
    if row.external is not None:
        return _view_external(call, row, row.external)
    sent: dict[str, str] = call.params["form"]
    fields = [field.filled(sent.get(field.id, "")) for field in _fields(call, row)]
    faults = {field.id: field.fault for field in fields if field.fault}
    if faults:
        return _view(call, row, fields, None, faults, status=400)
    question = _question(row, fields)
    kind = _run_of(call, row).model_type
    if kind == "classification":
        question["threshold"] = _THRESHOLD
    question["explain"] = kind != "timeseries"
    answer = _ask(Call(call.hub, call.caller, call.session, question, call.base_url))
    assert isinstance(answer, dict), "one prediction is one object"
    return f"/models/{row.id}?prediction={answer['id']}#answer"


def _view(  # noqa: PLR0913 - the parts of one page
    call: Call,
    row: Pipeline,
    fields: list[Field],
    prediction: Prediction | None,
    faults: dict[str, str],
    *,
    status: int = 200,
) -> View:
    trial = call.session.get_one(Trial, row.trial_id)
    hyperparameter = call.session.get_one(Hyperparameter, trial.hyperparameter_id)
    run = _run_of(call, row)
    experiment = find(call, Experiment, run.experiment_id)
    project = find(call, Project, row.project_id)
    answered = prediction is None or prediction.status in ("done", "error")
    facts: Fields = {
        "project": {"id": project.id, "name": project.name},
        "experiment": {"id": experiment.id, "name": experiment.name},
        "model": {
            "id": row.id,
            "name": row.name,
            "role": roles_of(call, row.project_id).get(row.id),
            "status": row.status,
            "error": row.error_message,
            "algorithm": hyperparameter.algorithm_name,
            "metric": trial.score_name,
            "score": trial.score_value,
            "target": options_of(run).get("targetFeature"),
            "created_at": row.created_at,
            **_usage(call, row),
        },
        "faults": faults,
        "answer": _describe_answer(prediction, fields) if prediction else None,
        "curl": _curl(call, row, fields),
        "rivals": find_rivals(call, row, run),
        **_learned(call, row, fields),
        "health": health_of(call, row),
    }
    is_going = row.status in _GOING or not answered or facts["learned"]["status"] == "waiting"
    return View("model.html", facts, is_going, status)


def _view_external(call: Call, row: Pipeline, known: Fields) -> View:
    """Show a model that lives elsewhere: what is known of it, and nothing to ask it with."""
    project = find(call, Project, row.project_id)
    value = known.get("score_value")
    facts = {
        "project": {"id": project.id, "name": project.name},
        "model": {
            "id": row.id,
            "name": row.name,
            "status": row.status,
            "algorithm": str(known.get("algorithm_name") or ""),
            "metric": known.get("score_name"),
            "score": None if value is None else float(value),
            "target": known.get("target_column"),
            "created_at": row.created_at,
        },
    }
    return View("external_model.html", facts)


def _find_prediction(call: Call, row: Pipeline, prediction_id: str) -> Prediction:
    prediction = find(call, Prediction, prediction_id)
    if prediction.pipeline_id != row.id:
        raise NotFound("Prediction")
    return prediction


def _run_of(call: Call, row: Pipeline) -> ExperimentSession:
    return call.session.get_one(ExperimentSession, row.experiment_session_id)


def _fields(call: Call, row: Pipeline) -> list[Field]:
    run = _run_of(call, row)
    options = options_of(run)
    data = call.session.get(ProjectFile, run.project_file_id) if run.project_file_id else None
    statistics = (data.statistics if data else None) or run.dataset_statistics or {}
    features = options.get("originalFeatureColumns") or options.get("featureColumns") or []
    if not isinstance(features, list):
        features = []
    names = [str(name) for name in features if name != options.get("targetFeature")]
    return make_fields(names, statistics.get("stat_data"))


def _refill(fields: list[Field], prediction: Prediction) -> list[Field]:
    """Return the fields with what was asked, as the answer repeats it."""
    result = prediction.result or {}
    records = result.get("data") or [[]]
    asked = dict(zip(result.get("columns") or [], records[0], strict=False))
    return [
        field.filled("" if asked.get(field.name) is None else str(asked[field.name]))
        for field in fields
    ]


def _describe_answer(prediction: Prediction, fields: list[Field]) -> Fields:
    """Return the answer: after the features come the target and the probabilities."""
    result = prediction.result or {}
    records = result.get("data") or [[]]
    told = list(zip(result.get("columns") or [], records[0], strict=False))[len(fields) :]
    value = told[0][1] if told else None
    chances = [
        {"label": name.removeprefix("proba_"), "value": chance}
        for name, chance in told[1:]
        if isinstance(chance, int | float) and name.startswith("proba_")
    ]
    notices = [one for one in result.get("notices") or [] if one.get("code") != "explained-as"]
    return {
        "status": prediction.status,
        "error": prediction.error_message,
        "value": value,
        "chances": sorted(chances, key=lambda each: -each["value"]),
        "milliseconds": prediction.time_consumed_ms,
        "notices": [str(one["text"]) for one in notices],
        "explanation": _describe_contributions(result, dict(told)),
    }


def _describe_contributions(result: Fields, told: Mapping[str, Any]) -> Fields | None:
    """Return the strongest contributions, each as the part of a bar around the middle."""
    shares = {
        name.removeprefix(_CONTRIBUTION): value
        for name, value in told.items()
        if name.startswith(_CONTRIBUTION) and isinstance(value, int | float)
    }
    most = max(map(abs, shares.values()), default=0.0)
    if not shares or not most or not isinstance(told.get("expected_value"), int | float):
        return None
    ordered = sorted(shares.items(), key=lambda one: -abs(one[1]))
    shown, rest = ordered[:_MOST_CONTRIBUTIONS], ordered[_MOST_CONTRIBUTIONS:]
    return {
        "unit": next(
            (n["text"] for n in result.get("notices") or [] if n.get("code") == "explained-as"), ""
        ),
        "expected": told["expected_value"],
        "sum": told["expected_value"] + sum(shares.values()),
        "rest": sum(value for _, value in rest) if rest else None,
        "rest_count": len(rest),
        "columns": [
            {
                "name": name,
                "value": value,
                "left": round(50 + min(0.0, 50 * value / most), 2),
                "width": round(50 * abs(value) / most, 2),
            }
            for name, value in shown
        ],
    }


def _learned(call: Call, row: Pipeline, fields: Sequence[Field]) -> Fields:
    """Return what is known of why the model says what it says; fields, the most needed first.

    Thresholds are there for two classes.
    """
    told = show_explanation(call, row.id)
    columns = told.get("importance") or []
    classes = told.get("classes") or {}
    by_name = {field.name: field for field in fields}
    needed = [by_name.pop(one["column"]) for one in columns if one["column"] in by_name]
    ordered = [*needed, *by_name.values()] if len(fields) > _FIRST_FIELDS else list(fields)
    return {
        "learned": {**told, "importance": columns[:_LEARNED], "count": len(columns)},
        "thresholds": classes.get("thresholds"),
        "own_threshold": classes.get("threshold"),
        "positive": classes["labels"][1] if classes.get("thresholds") else None,
        "first_fields": ordered[:_FIRST_FIELDS],
        "more_fields": ordered[_FIRST_FIELDS:],
    }


def _usage(call: Call, row: Pipeline) -> Fields:
    query = select(
        func.coalesce(func.sum(Prediction.records_count), 0), func.avg(Prediction.time_consumed_ms)
    ).where(Prediction.pipeline_id == row.id, Prediction.status == "done", IS_PREDICTION)
    predicted, milliseconds = call.session.execute(query).one()
    return {"predicted": predicted, "milliseconds": milliseconds}


def _question(row: Pipeline, fields: list[Field]) -> dict[str, Any]:
    """Return the body of a request for one prediction (wire contract §2.15)."""
    return {
        "pipeline_id": row.id,
        "features": [field.name for field in fields],
        "records": [[field.sent for field in fields]],
    }


def _curl(call: Call, row: Pipeline, fields: list[Field]) -> str:
    """Return a command that asks the same; the token stays a variable of the shell."""
    members = (
        f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in _question(row, fields).items()
    )
    body = ",\n       ".join(members)
    lines = (
        f"curl {shlex.quote(f'{call.base_url}{API_PREFIX}/predictions')}",
        '-H "Authorization: Bearer $AUGER_TOKEN"',
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(f'{{{body}}}')}",
    )
    return " \\\n  ".join(lines)
