"""Child process: explains one trial while no trial runs, in the time that it may take."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from auger_hub.database.tables import ExperimentSession, Explanation, Hyperparameter, Trial
from auger_hub.processes.aside import call_aside, finish, is_waiting
from auger_hub.processes.child_process import own_folder
from auger_hub.processes.job_process import Impossible, Workplace, run_child
from auger_hub.processes.plain_json import to_plain
from auger_hub.runs.run_row import read_task
from auger_hub.search.trials.process_call import ProcessCall

if TYPE_CHECKING:
    from auger_hub.search.task import SearchTask

_KINDER = 5  # than other work of the hub, beside which it stands still
Alike = list[tuple[dict[str, Any], float]]


def explain(place: Workplace, row_id: str) -> None:
    """Explain a trial and store what was found."""
    from auger_hub.explain.explanation import cut_short

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
    with own_folder(place.settings, f"explain-{trial.id}") as folder:
        task = read_task(place, run, folder)
        call = ProcessCall(_explain, task, trial.id, trial.result, alike, row.seconds)
        try:
            content, is_whole = call_aside(
                place, call, row.seconds, lambda: is_waiting(place, Explanation, row_id)
            )
        finally:
            call.kill()
    if not is_waiting(place, Explanation, row_id):
        return
    if not content:
        raise Impossible(
            f"it takes longer than the {row.seconds:.0f} seconds there are for it beside the run"
        )
    if not is_whole:
        content = cut_short(content, ["it was ended before the last of it"])
    finish(place, Explanation, row_id, content)


def _explain(
    task: SearchTask, trial_id: str, result: dict[str, Any], alike: Alike, seconds: float
) -> Iterator[dict[str, Any]]:
    """Yield what is known of the trial so far; done in a process of its own."""
    from auger_hub.explain.allowance import Allowance
    from auger_hub.explain.explanation import explain_by_and_by
    from auger_hub.search.preparation.prepare import make_trial_data
    from auger_hub.search.task import BadTask
    from auger_hub.search.trials.trial import Candidate

    allowance = Allowance(seconds, is_fresh=True)
    allowance.enforce()
    candidate = Candidate(trial_id, result["algorithm_name"], result["algorithm_params"])
    try:
        data = make_trial_data(task)
    except BadTask as error:
        raise Impossible(str(error)) from error
    for content in explain_by_and_by(data, candidate, alike=alike, allowance=allowance):
        yield to_plain(content)


def _alike(session: Any, trial: Trial) -> Alike:
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
