"""Which trial is meant: one by its id, or the best of an experiment's completed runs.

Wire contract §2.12.
"""

from __future__ import annotations

from collections.abc import Iterable

from auger_reconcile.errors import ActionFailed
from auger_reconcile.resources._steps import ReadAll, Send, Steps
from auger_reconcile.resources.search.runs import COMPLETED, ExperimentObject, Run, wait_completed

BEST = "best"
NO_SCORE = "no completed run with a score"


def choose_trial(trial: str, experiment: ExperimentObject | None) -> Steps:
    """Yield the reads that find the wanted trial; return it.

    Args:
        trial: `best`, or its id.
        experiment: whose best it is.

    Raises:
        ActionFailed: the run ended badly, or has no usable trial.
    """
    if trial != BEST:
        return (yield Send("GET", f"trials/{trial}"))
    if experiment is None:
        raise ActionFailed("there is no experiment to take the best trial of")
    runs = [run for run in experiment.runs if run != experiment.run]
    if experiment.run:
        runs.append((yield from wait_completed(experiment.run)))
    best = best_run(runs, experiment.run)
    if best is None:
        raise ActionFailed(f"experiment {experiment.name} has {NO_SCORE}")
    trials = yield ReadAll("trials", {"experiment_session_id": best.id})
    scored = [found for found in trials if isinstance(found.get("score_value"), int | float)]
    if not scored:
        raise ActionFailed(f"run {best.id} has no trial with a score")
    found = max(scored, key=lambda one: float(one["score_value"]))
    return {"experiment_session_id": best.id, "expected": best.account.expected, **found}


def best_run(runs: Iterable[Run], like: Run | None) -> Run | None:
    """Return the completed run with the best trial, the oldest of equals.

    A newer run that brought nothing better is no reason to deploy again. Scores of another metric
    or target, or of other rows, cannot be compared: only runs like the bound one count.
    """
    if like is None:
        return None
    told = ("metric", "target", "model_type")
    alike = [
        (run.score, run)
        for run in sorted(runs, key=lambda run: (run.created_at, run.id))
        if run.status == COMPLETED
        and run.score is not None
        and run.data_id == like.data_id
        and all(run.settings.get(name) == like.settings.get(name) for name in told)
    ]
    return max(alike, key=lambda one: one[0])[1] if alike else None
