"""Child process: explains one trial while no other trial runs."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import select

from auger_hub.database.tables import ExperimentSession, Explanation, Hyperparameter, Trial
from auger_hub.processes.child_process import own_folder
from auger_hub.processes.job_process import Impossible, Workplace, run_child
from auger_hub.processes.plain_json import to_plain
from auger_hub.runs.run_row import read_task

_KINDER = 10  # than other work of the hub


def explain(place: Workplace, row_id: str) -> None:
    """Explain a trial and store what was found."""
    os.nice(_KINDER)
    with place.database.read() as session:
        row = session.get(Explanation, row_id)
        if row is None or row.status != "waiting":
            return
        trial = session.get_one(Trial, row_id)
        run = session.get_one(ExperimentSession, trial.experiment_session_id)
        alike = _alike(session, trial)
    if "refit_data_path" in trial.raw_data:
        raise Impossible("a model that was fitted on other data is explained by its first trial")
    content = to_plain(_explain(place, run, trial, alike=alike, seconds=row.seconds))
    with place.database.write() as session:
        row = session.get(Explanation, row_id)
        if row is not None and row.status == "waiting":
            row.status, row.content = "done", content


def _explain(
    place: Workplace,
    run: ExperimentSession,
    trial: Trial,
    *,
    alike: list[tuple[dict[str, Any], float]],
    seconds: float,
) -> dict[str, Any]:
    from auger_hub.explain.explanation import explain_trial
    from auger_hub.search.preparation.prepare import make_trial_data
    from auger_hub.search.task import BadTask
    from auger_hub.search.trials.trial import Candidate

    with own_folder(place.settings, f"explain-{trial.id}") as folder:
        task = read_task(place, run, folder)
        candidate = Candidate(
            trial.id, trial.result["algorithm_name"], trial.result["algorithm_params"]
        )
        try:
            return explain_trial(make_trial_data(task), candidate, alike=alike, seconds=seconds)
        except BadTask as error:
            raise Impossible(str(error)) from error


def _alike(session: Any, trial: Trial) -> list[tuple[dict[str, Any], float]]:
    """Return parameters and scores of the trials of the run with the same algorithm."""
    name = trial.result["algorithm_name"]
    query = (
        select(Hyperparameter.algorithm_params, Trial.score_value)
        .join(Trial, Trial.hyperparameter_id == Hyperparameter.id)
        .where(
            Trial.experiment_session_id == trial.experiment_session_id,
            Trial.score_value.is_not(None),
            Hyperparameter.algorithm_name == name,
        )
        .order_by(Trial.created_at, Trial.id)
    )
    return [(dict(params), float(score)) for params, score in session.execute(query)]


def main() -> int:
    """Do the work of this process; return its exit code."""
    return run_child("explain", explain)
