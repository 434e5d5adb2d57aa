"""Child process: asks the models of a trial's folds about rows that they have not seen.

What they say there is what is compared with the answers of the deployed model: one that was fitted
on all rows knows these by heart. How often they are right, by how sure they are, calibrates it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auger_hub.database.review_tables import ModelReference
from auger_hub.database.tables import ExperimentSession, Explanation, Pipeline, Trial
from auger_hub.models.profile import PROFILE_FILE
from auger_hub.processes.aside import call_aside, finish, is_waiting
from auger_hub.processes.child_process import own_folder
from auger_hub.processes.job_process import Impossible, Workplace, run_child
from auger_hub.processes.plain_json import to_plain
from auger_hub.runs.explanations import REFERENCE, seconds_beside
from auger_hub.runs.run_row import read_task
from auger_hub.search.trials.process_call import ProcessCall

if TYPE_CHECKING:
    from auger_hub.search.task import SearchTask

_KINDER = 10  # than other work of the hub, beside which it stands still


def refer(place: Workplace, row_id: str) -> None:
    """Store what a deployed model is compared with."""
    os.nice(_KINDER)
    with place.database.read() as session:
        row = session.get(ModelReference, row_id)
        if row is None or row.status != "waiting":
            return
        pipeline = session.get_one(Pipeline, row_id)
        trial = session.get(Trial, pipeline.trial_id) if pipeline.trial_id else None
        run = session.get_one(ExperimentSession, trial.experiment_session_id) if trial else None
        explained = session.get(Explanation, trial.id) if trial else None
    if trial is None or run is None:
        raise Impossible("there is no model here to compare with")
    folder = place.models.find(row_id, pipeline.package_digest)
    if "refit_data_path" in trial.raw_data:
        raise Impossible("the model was fitted on other data than the folds of its run")
    content = _explained(explained, folder) or _measured(place, run, trial, folder)
    if content:
        finish(place, ModelReference, row_id, content)


def _explained(row: Explanation | None, folder: Path) -> dict[str, Any] | None:
    """Return what the explanation of the trial has found already, with the same models."""
    from auger_hub.explain.reference import fits

    found: dict[str, Any] | None = ((row.content if row else None) or {}).get(REFERENCE)
    path = folder / PROFILE_FILE
    if found is None or not path.exists():
        return None
    return found if fits(found, json.loads(path.read_text(encoding="utf-8"))) else None


def _measured(
    place: Workplace, run: ExperimentSession, trial: Trial, folder: Path
) -> dict[str, Any] | None:
    """Return what the models of the folds say; None when nobody wants it any more."""
    seconds = seconds_beside(run)
    with own_folder(place.settings, f"refer-{trial.id}") as working:
        task = read_task(place, run, working)
        call = ProcessCall(_refer, task, trial.id, trial.result, folder, seconds)
        try:
            content, is_whole = call_aside(
                place, call, seconds, lambda: is_waiting(place, ModelReference, trial.id)
            )
        finally:
            call.kill()
    if not is_whole and is_waiting(place, ModelReference, trial.id):
        raise Impossible("the models of its folds could not be fitted in time")
    found: dict[str, Any] | None = content
    return found


def _refer(
    task: SearchTask, trial_id: str, result: dict[str, Any], folder: Path, seconds: float
) -> dict[str, Any]:
    """Return what there is to compare with; done in a process of its own."""
    from auger_hub.explain.allowance import Allowance
    from auger_hub.explain.reference import measure_reference
    from auger_hub.search.preparation.prepare import make_trial_data
    from auger_hub.search.task import BadTask
    from auger_hub.search.trials.trial import Candidate

    allowance = Allowance(seconds, is_fresh=True)
    candidate = Candidate(trial_id, result["algorithm_name"], result["algorithm_params"])
    try:
        told = measure_reference(make_trial_data(task), candidate, folder, allowance)
    except BadTask as error:
        raise Impossible(str(error)) from error
    plain: dict[str, Any] = to_plain(told)
    return plain


def main() -> int:
    """Do the work of this process; return its exit code."""
    return run_child("refer", refer)
