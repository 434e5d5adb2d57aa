"""Serve the page that shows two runs side by side."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from auger_hub.database.tables import (
    Experiment,
    ExperimentSession,
    Hyperparameter,
    Project,
    ProjectFile,
    Trial,
)
from auger_hub.http.contract import Call, Fields, NotFound
from auger_hub.pages.drawings.chart import range_of
from auger_hub.pages.drawings.explanation import Plot, draw_plot
from auger_hub.pages.experiments import describe_run, scored_trials, show_settings
from auger_hub.pages.view import View
from auger_hub.pages.words import plain
from auger_hub.routes.query import find
from auger_hub.runs.run_row import options_of


def show_comparison(call: Call) -> View:
    """Show settings, data, the best of each algorithm, and the curves of two runs."""
    if call.given("left") is None or call.given("right") is None:
        raise NotFound("ExperimentSession")
    runs = [find(call, ExperimentSession, call.params[side]) for side in ("left", "right")]
    told = [_describe(call, run) for run in runs]
    project = find(call, Project, runs[0].project_id)
    settings = [show_settings(run) for run in runs]
    facts = {
        "project": {"id": project.id, "name": project.name},
        "runs": told,
        "warning": _different_targets(*runs) or _warning(told),
        "settings": _rows(*({k: plain(v) for k, v in one.items()} for one in settings)),
        "algorithms": _rows(*(_best_of_each(call, run) for run in runs)),
        "plots": _curves(call, runs, told),
    }
    return View("compare.html", facts)


def _describe(call: Call, run: ExperimentSession) -> Fields:
    experiment = call.session.get_one(Experiment, run.experiment_id)
    data = call.session.get(ProjectFile, run.project_file_id) if run.project_file_id else None
    return {
        **describe_run(run),
        "experiment": experiment.name,
        "experiment_id": experiment.id,
        "data": data.name if data else None,
        "data_id": data.id if data else None,
        "rows": ((data.statistics if data else None) or {}).get("count"),
    }


def _different_targets(left: ExperimentSession, right: ExperimentSession) -> str | None:
    targets = [options_of(run).get("targetFeature") for run in (left, right)]
    if targets[0] == targets[1]:
        return None
    told = " and ".join(str(name) for name in targets)
    return f"The runs predict different columns ({told}): their scores say nothing of each other."


def _warning(runs: list[Fields]) -> str | None:
    """Say why the scores of the two cannot be compared."""
    left, right = runs
    if left["metric"] != right["metric"]:
        return f"The runs have different metrics: {left['metric']} and {right['metric']}."
    if left["data_id"] != right["data_id"]:
        return "The runs are about different data, by which scores differ as well."
    return None


def _rows(left: Fields, right: Fields) -> list[Fields]:
    return [
        {"name": name, "left": left.get(name), "right": right.get(name)}
        for name in dict.fromkeys([*left, *right])
    ]


def _best_of_each(call: Call, run: ExperimentSession) -> Fields:
    query = (
        select(Hyperparameter.algorithm_name, func.max(Trial.score_value))
        .join(Trial, Trial.hyperparameter_id == Hyperparameter.id)
        .where(Trial.experiment_session_id == run.id, Trial.score_value.is_not(None))
        .group_by(Hyperparameter.algorithm_name)
        .order_by(func.max(Trial.score_value).desc())
    )
    return {str(name): value for name, value in call.session.execute(query)}


def _curves(call: Call, runs: list[ExperimentSession], told: list[Fields]) -> list[Plot]:
    """Return the best score so far over the seconds of both runs, on the same axes."""
    trials = [scored_trials(call, run) for run in runs]
    every = [trial for some in trials for trial in some]
    if not every:
        return []
    last, ranges = max(trial.seconds for trial in every), range_of(every)
    curves = [_best_so_far(some) for some in trials]
    return [
        draw_plot(
            f"{one['experiment']}, run {one['number']}",
            [(at, max(value, ranges[0])) for at, value in [*curve, (last, curve[-1][1])]],
            axes=("seconds since the start", f"best {one['metric']} so far"),
            ranges=((0.0, last), ranges),
            is_wide=True,
        )
        for one, curve in zip(told, curves, strict=True)
        if curve
    ]


def _best_so_far(trials: Any) -> list[tuple[float, float]]:
    """Return the corners of the steps."""
    corners: list[tuple[float, float]] = []
    for trial in trials:
        if not corners or trial.score > corners[-1][1]:
            corners += [(trial.seconds, corners[-1][1])] if corners else []
            corners.append((trial.seconds, trial.score))
    return corners
