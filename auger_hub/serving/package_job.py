"""Child process: fit a trial's model on all rows and store it (wire contract §2.13)."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.database.tables import ExperimentSession, Pipeline, ProjectFile, Trial
from auger_hub.processes.child_process import own_folder
from auger_hub.processes.job_process import Impossible, Workplace, run_child
from auger_hub.review.monitored import attach_monitor
from auger_hub.review.reference import refer_anew
from auger_hub.runs.run_row import options_of, seed_of, stat_data_of
from auger_hub.serving.rollouts import note_ready
from auger_hub.store.local import key_of_url


def package(place: Workplace, row_id: str) -> None:
    """Fit the model of a pipeline, store it whole, and call it ready then."""
    with place.database.read() as session:
        row = session.get(Pipeline, row_id)
    if row is None or row.status != "packaging":
        return
    digest = size = None
    if row.trial_id is not None:
        with own_folder(place.settings, f"package-{row_id}") as working:
            folder = working / "model"
            fit_model(place, row.trial_id, folder)
            digest = place.models.keep(row.trial_id, folder)
            size = place.models.size(row.trial_id, digest)
            place.models.take_over(row.trial_id, digest, folder)
    with place.database.write() as session:
        row = session.get(Pipeline, row_id)
        if row is not None and row.status == "packaging":
            row.status, row.package_digest, row.bytes = "ready", digest, size
            if row.trial_id is not None:
                refer_anew(session, row)
            note_ready(session, row)
            attach_monitor(session, row)


def fit_model(place: Workplace, trial_id: str, folder: Path) -> None:
    """Fit a trial's model on all rows of its data set, and write it to a folder."""
    from auger_hub.models.package import package_model

    with place.database.read() as session:
        trial = session.get_one(Trial, trial_id)
        run = session.get_one(ExperimentSession, trial.experiment_session_id)
        data = _data(session, run, trial.raw_data.get("refit_data_path"))
        stat_data = stat_data_of(run, data)
    task_info = {
        **options_of(run),
        "stat_data": stat_data,
        "model_type": run.model_type,
        "seed": seed_of(run),
    }
    package_model(
        folder,
        data_path=place.stored_path(trial.organization_id, data.key),
        task_info=task_info,
        trial={**trial.result, "uid": trial.id},
    )


def data_of(place: Workplace, trial_id: str) -> Path:
    """Return the file that a trial's model is fitted on."""
    with place.database.read() as session:
        trial = session.get_one(Trial, trial_id)
        run = session.get_one(ExperimentSession, trial.experiment_session_id)
        data = _data(session, run, trial.raw_data.get("refit_data_path"))
    return place.stored_path(trial.organization_id, data.key)


def _data(session: Session, run: ExperimentSession, refit_data_path: str | None) -> ProjectFile:
    query = select(ProjectFile).where(ProjectFile.project_id == run.project_id)
    if refit_data_path is None:
        query = query.where(ProjectFile.id == run.project_file_id)
    else:
        query = query.where(
            (ProjectFile.url == refit_data_path) | (ProjectFile.key == key_of_url(refit_data_path))
        )
    data = session.scalar(query)
    if data is None:
        raise Impossible("the data set of this model was deleted")
    return data


def main() -> int:
    """Do the work of this process; return its exit code."""
    return run_child("package", package)
