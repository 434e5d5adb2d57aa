"""Child process: asks the models of a trial's folds about rows that they have not seen.

What they say there is what is compared with the answers of the deployed model: one that was fitted
on all rows knows these by heart. How often they are right, by how sure they are, calibrates it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from auger_hub.database.review_tables import ModelReference
from auger_hub.database.tables import ExperimentSession, Pipeline, Trial
from auger_hub.processes.child_process import own_folder
from auger_hub.processes.job_process import Impossible, Workplace, run_child
from auger_hub.processes.plain_json import to_plain
from auger_hub.runs.run_row import read_task

_KINDER = 10  # than other work of the hub


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
    if trial is None or run is None:
        raise Impossible("there is no model here to compare with")
    folder = place.models.find(row_id, pipeline.package_digest)
    if "refit_data_path" in trial.raw_data:
        raise Impossible("the model was fitted on other data than the folds of its run")
    content = to_plain(_refer(place, run, trial, folder))
    with place.database.write() as session:
        row = session.get(ModelReference, row_id)
        if row is not None and row.status == "waiting":
            row.status, row.content = "done", content


def _refer(place: Workplace, run: ExperimentSession, trial: Trial, folder: Path) -> dict[str, Any]:
    from auger_hub.explain.reference import measure_reference
    from auger_hub.search.preparation.prepare import make_trial_data
    from auger_hub.search.task import BadTask
    from auger_hub.search.trials.trial import Candidate

    with own_folder(place.settings, f"refer-{trial.id}") as working:
        task = read_task(place, run, working)
        candidate = Candidate(
            trial.id, trial.result["algorithm_name"], trial.result["algorithm_params"]
        )
        try:
            return measure_reference(make_trial_data(task), candidate, folder)
        except BadTask as error:
            raise Impossible(str(error)) from error


def main() -> int:
    """Do the work of this process; return its exit code."""
    return run_child("refer", refer)
