"""Serve the pages of an experiment, of a run with its leaderboard as it fills, and of a trial."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from auger_hub.database.tables import (
    Experiment,
    ExperimentSession,
    Explanation,
    Hyperparameter,
    Pipeline,
    Project,
    ProjectFile,
    Trial,
    now,
)
from auger_hub.http.contract import Call, Fields, NotFound
from auger_hub.pages.actions import exports_of
from auger_hub.pages.drawings.chart import ScoreChart, Tried, draw_scores
from auger_hub.pages.drawings.explanation import show_explanation
from auger_hub.pages.drawings.search_plots import show_search
from auger_hub.pages.view import View
from auger_hub.pages.words import algorithm, duration, plain, score
from auger_hub.routes.query import find
from auger_hub.runs.run_row import options_of

_SHOWN = 50
_MOST_SHOWN = 2000
_SHOWN_FAILURES = 20
_MOST_NAMES = 12
_ACTIVE = ("preprocess", "started")
_SETTINGS = {
    "scoring": "Metric",
    "targetFeature": "Target",
    "max_n_trials": "Trials at most",
    "max_total_time_mins": "Minutes at most",
    "max_eval_time_mins": "Minutes a trial at most",
    "crossValidationFolds": "Folds",
    "usedFolds": "Folds that the data allows",
    "use_ensemble": "Ensembles",
    "preprocessors": "Preprocessors",
    "algorithms_to_exlude": "Algorithms left out",
    "featureColumns": "Features",
    "dataset_nrows": "Rows",
}
_NEEDED = 3  # columns that the head of a run names


def show_experiment(call: Call) -> View:
    """Show the runs, and of the newest or the wanted one the leaderboard, chart and settings."""
    row = find(call, Experiment, call.params["id"])
    project = find(call, Project, row.project_id)
    data = call.session.get(ProjectFile, row.project_file_id) if row.project_file_id else None
    runs = list(
        call.session.scalars(
            select(ExperimentSession)
            .where(ExperimentSession.experiment_id == row.id)
            .order_by(ExperimentSession.number.desc())
        )
    )
    run = _choose(call, runs)
    facts = {
        "project": {"id": project.id, "name": project.name},
        "experiment": {"id": row.id, "name": row.name},
        "data_set": {"id": data.id, "name": data.name} if data else None,
        "runs": [describe_run(each) for each in runs],
        "run": describe_run(run) if run else None,
        "board": (board := _board(call, run) if run else []),
        "needed": _needed(call, board[0]["id"]) if board else [],
        "trials": _count_trials(call, run) if run else {"scored": 0, "failed": 0},
        "failures": _failures(call, run) if run else [],
        "chart": _chart(call, run) if run else None,
        "plots": show_search(call, run) if run else None,
        "can_stop": run is not None and run.status in (*_ACTIVE, "waiting"),
        "can_start": run is not None and run.status in ("completed", "interrupted", "error"),
        "settings": show_settings(run) if run else {},
        "notices": notices_of(run.model_settings) if run else [],
    }
    is_going = run is not None and (run.status in _ACTIVE or _is_being_scored(run))
    return View("experiment.html", facts, is_going=is_going)


def show_trial(call: Call) -> View:
    """Show what one trial tried and how it did."""
    row = find(call, Trial, call.params["id"])
    run = call.session.get_one(ExperimentSession, row.experiment_session_id)
    experiment = find(call, Experiment, run.experiment_id)
    project = find(call, Project, row.project_id)
    hyperparameter = call.session.get_one(Hyperparameter, row.hyperparameter_id)
    result = row.result
    folds = result.get("fold_scores") or []
    times = result.get("fold_times") or []
    pipeline = call.session.get(Pipeline, row.id)
    explanation = show_explanation(call, row.id) if row.score_value is not None else None
    exports = exports_of(call, row.id) if row.score_value is not None else []
    facts: Fields = {
        "project": {"id": project.id, "name": project.name},
        "experiment": {"id": experiment.id, "name": experiment.name},
        "run": {"id": run.id, "number": run.number},
        "model": {"id": pipeline.id, "status": pipeline.status} if pipeline else None,
        "trial": {
            "id": row.id,
            "algorithm": hyperparameter.algorithm_name,
            "is_ensemble": bool(result.get("ensemble")),
            "metric": row.score_name,
            "score": row.score_value,
            "error": result.get("error"),
            "failure": result.get("failure"),
            "seconds": result.get("evaluation_time"),
            "predict_ms": result.get("predict_ms"),
            "optimizer": algorithm(str(result.get("optimizer_name") or "")),
            "created_at": row.created_at,
        },
        "parameters": dict(sorted(hyperparameter.algorithm_params.items())),
        "members": _members(call, hyperparameter.algorithm_params),
        "scores": dict(sorted((result.get("all_scores") or {}).items())),
        "folds": [
            {"number": index + 1, "score": value, "seconds": _at(times, index)}
            for index, value in enumerate(folds)
        ],
        "spread": statistics.stdev(folds) if len(folds) > 1 else None,
        "explanation": explanation,
        "can_deploy": row.score_value is not None
        and (pipeline is None or pipeline.status in ("undeployed", "packaged_with_error")),
        "exports": exports,
    }
    is_going = explanation is not None and explanation["status"] == "waiting"
    is_going = is_going or any(one["status"] == "pending" for one in exports)
    return View("trial.html", facts, is_going=is_going)


def _members(call: Call, params: Fields) -> list[Fields]:
    """Return the models of an ensemble with their weights, the heaviest first."""
    told = params.get("members")
    if not isinstance(told, list):
        return []
    weights = params.get("weights") or [1 / len(told)] * len(told)
    ids = params.get("pipelines") or [None] * len(told)
    members = [
        {
            "algorithm": str(one.get("algorithm_name")),
            "words": ", ".join(f"{k} {plain(v)}" for k, v in _flat(one.get("algorithm_params"))),
            "weight": weight,
            "address": f"/trials/{uid}" if uid and call.session.get(Trial, str(uid)) else None,
        }
        for one, weight, uid in zip(told, weights, ids, strict=False)
    ]
    return sorted(members, key=lambda one: -float(one["weight"]))


def _flat(params: Any) -> Iterator[tuple[str, Any]]:
    """Yield hyperparameters, those of the preprocessing like the others."""
    for name, value in (params or {}).items():
        if isinstance(value, dict):
            yield from _flat(value)
        elif value is not None:
            yield name, value


def _choose(call: Call, runs: list[ExperimentSession]) -> ExperimentSession | None:
    wanted = call.given("run")
    if wanted is None:
        return runs[0] if runs else None
    run = next((run for run in runs if run.id == wanted), None)
    if run is None:
        raise NotFound("ExperimentSession")
    return run


def describe_run(run: ExperimentSession) -> Fields:
    """Return how a run is, in the words of its page."""
    settings = run.model_settings
    return {
        "id": run.id,
        "number": run.number,
        "status": run.status,
        "error": run.error_message,
        "started_at": run.started_at,
        "seconds": _seconds(run),
        "metric": options_of(run).get("scoring"),
        "best": run.top_score_value,
        "expected": _expected(settings.get("expected")),
        "holdout": _holdout(run),
        "done": _count(settings.get("completed_evaluations")) or 0,
        "planned": _count(settings.get("total_evaluations")),
    }


def _board(call: Call, run: ExperimentSession) -> list[Fields]:
    query = (
        select(
            Trial.id,
            Trial.score_value,
            Trial.result,
            Hyperparameter.algorithm_name,
            Pipeline.status,
        )
        .join(Hyperparameter, Hyperparameter.id == Trial.hyperparameter_id)
        .outerjoin(Pipeline, Pipeline.id == Trial.id)
        .where(Trial.experiment_session_id == run.id, Trial.score_value.is_not(None))
        .order_by(Trial.score_value.desc(), Trial.created_at, Trial.id)
        .limit(_MOST_SHOWN if call.given("all") else _SHOWN)
    )
    held_out = _scores_on_holdout(run)
    return [
        {
            "rank": rank,
            "id": trial_id,
            "algorithm": name,
            "score": value,
            "holdout": held_out.get(trial_id),
            "spread": _spread(result.get("fold_scores") or []),
            "seconds": result.get("evaluation_time"),
            "predict_ms": result.get("predict_ms"),
            "is_ensemble": bool(result.get("ensemble")),
            "is_deployed": status not in (None, "undeployed", "undeploying"),
        }
        for rank, (trial_id, value, result, name, status) in enumerate(
            call.session.execute(query), start=1
        )
    ]


def _needed(call: Call, trial_id: str) -> list[str]:
    """Return the columns that the best trial needs most, as far as it is explained."""
    row = call.session.get(Explanation, trial_id)
    told = ((row.content if row else None) or {}).get("importance") or {}
    columns = told.get("columns") or []
    return [str(one["column"]) for one in columns[:_NEEDED] if one["mean"] > 0]


def _holdout(run: ExperimentSession) -> Fields | None:
    """Return the rows that no search sees, and how the best trial does on them."""
    told = run.model_settings.get("holdout")
    if not isinstance(told, dict) or "project_file_id" not in told:
        return None
    best = str(run.model_settings.get("best_trial_id"))
    return {**told, "best": _scores_on_holdout(run).get(best)}


def _is_being_scored(run: ExperimentSession) -> bool:
    holdout = _holdout(run)
    return run.status == "completed" and holdout is not None and holdout["status"] == "waiting"


def _scores_on_holdout(run: ExperimentSession) -> dict[str, float | None]:
    """Return trial id to its score on the holdout that the run has now."""
    holdout = run.model_settings.get("holdout")
    listed = run.model_settings.get("evaluations")
    if not isinstance(holdout, dict) or not isinstance(listed, list):
        return {}
    return {
        str(one["trial_id"]): one["score"]
        for one in listed
        if one["project_file_id"] == holdout.get("project_file_id")
    }


def _count_trials(call: Call, run: ExperimentSession) -> dict[str, int]:
    query = select(func.count(), func.count(Trial.score_value)).where(
        Trial.experiment_session_id == run.id
    )
    everything, scored = call.session.execute(query).one()
    return {"scored": scored, "failed": everything - scored}


def _failures(call: Call, run: ExperimentSession) -> list[Fields]:
    query = (
        select(Trial.id, Trial.result, Hyperparameter.algorithm_name)
        .join(Hyperparameter, Hyperparameter.id == Trial.hyperparameter_id)
        .where(Trial.experiment_session_id == run.id, Trial.score_value.is_(None))
        .order_by(Trial.created_at.desc())
        .limit(_SHOWN_FAILURES)
    )
    return [
        {"id": trial_id, "algorithm": name, "error": result.get("error") or result.get("failure")}
        for trial_id, result, name in call.session.execute(query)
    ]


def _chart(call: Call, run: ExperimentSession) -> ScoreChart | None:
    return draw_scores(scored_trials(call, run), until=_seconds(run) or 0.0)


def scored_trials(call: Call, run: ExperimentSession) -> list[Tried]:
    """Return the trials of a run with a score, in the order in which they ended."""
    query = (
        select(Trial.created_at, Trial.score_value, Hyperparameter.algorithm_name)
        .join(Hyperparameter, Hyperparameter.id == Trial.hyperparameter_id)
        .where(Trial.experiment_session_id == run.id, Trial.score_value.is_not(None))
        .order_by(Trial.created_at)
    )
    trials = []
    for created_at, value, name in call.session.execute(query):
        assert value is not None, "the query asks for scored trials"
        seconds = max(0.0, (created_at - (run.started_at or created_at)).total_seconds())
        label = f"{algorithm(name)}: {score(value)} after {duration(seconds)}"
        trials.append(Tried(seconds, value, label))
    return trials


def _seconds(run: ExperimentSession) -> float | None:
    """Return how long the run took, or has taken so far."""
    end = run.completed_at or (now() if run.status in _ACTIVE else None)
    return (end - run.started_at).total_seconds() if end and run.started_at else None


def show_settings(run: ExperimentSession) -> dict[str, Any]:
    """Return what a run was asked, by labels for people."""
    options = options_of(run)
    shown: dict[str, Any] = {"Kind": run.model_type or "–"}
    for name, label in _SETTINGS.items():
        value = options.get(name)
        if value not in (None, [], {}, ""):
            is_list = isinstance(value, list) and all(isinstance(item, str) for item in value)
            shown[label] = _listed(value) if is_list else _yes_or_no(value)
    return shown


def notices_of(holder: Fields | None) -> list[str]:
    """Return the sentences of what was left out, guessed or lowered; none where nothing is told."""
    listed = (holder or {}).get("notices")
    told = listed if isinstance(listed, list) else []
    return [str(one["text"]) for one in told if isinstance(one, dict) and one.get("text")]


def _expected(told: Any) -> Fields | None:
    """Return what to expect on new rows; runs of before it was told, and clients, may say less."""
    is_told = isinstance(told, dict) and all(
        isinstance(told.get(name), int | float) for name in ("score", "low", "high")
    )
    return told if is_told else None


def _count(value: Any) -> int | None:
    """Return a number of trials; clients may write anything where the search writes one."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _listed(names: list[str]) -> str:
    """Return the first of many names, and how many more there are."""
    rest = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")


def _yes_or_no(value: Any) -> Any:
    return ("yes" if value else "no") if isinstance(value, bool) else value


def _spread(folds: list[float]) -> float | None:
    return statistics.stdev(folds) if len(folds) > 1 else None


def _at(values: list[float], index: int) -> float | None:
    return values[index] if index < len(values) else None
