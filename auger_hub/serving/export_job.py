"""Child process: write the zip of a model that predicts anywhere (wire contract §2.14)."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from auger_hub.database.tables import Pipeline, PipelineFile, Project
from auger_hub.processes.child_process import own_folder
from auger_hub.processes.job_process import Impossible, Workplace, run_child
from auger_hub.serving.package_job import data_of, fit_model
from auger_hub.store.local import project_key
from auger_hub.store.models import ModelGone, digest_of


def export(place: Workplace, row_id: str) -> None:
    """Export the deployed model, or fit one first when there is none."""
    from auger_hub.models.exports.archive import NotExportable
    from auger_hub.models.exports.formats import ONNX, ZIP, export_as

    with place.database.read() as session:
        row = session.get(PipelineFile, int(row_id))
        if row is None or row.status != "pending":
            return
        project = session.get_one(Project, row.project_id)
    folder = _model(place, row.trial_id)
    with own_folder(place.settings, f"export-{row_id}") as temporary:
        zip_path = temporary / "model.zip"
        data = data_of(place, row.trial_id) if row.format == ONNX else None
        try:
            export_as(row.format, folder, zip_path, data_path=data)
        except NotExportable as error:
            raise Impossible(str(error)) from error
        digest, size = digest_of(zip_path), zip_path.stat().st_size
        # §2.14: the path ends in export_<trial id>.zip. By their digest, another export of the
        # trial leaves alone what somebody is about to download.
        form = "" if row.format == ZIP else f"_{row.format}"
        name = f"{row.trial_id}/{digest[:16]}/export_{row.trial_id}{form}.zip"
        key = project_key(project.name, "models", name)
        bucket = place.bucket(row.organization_id)
        with place.storage.place(bucket, key) as target:
            shutil.move(zip_path, target)  # the storage may be on another disk
    with place.database.write() as session:
        row = session.get(PipelineFile, int(row_id))
        if row is not None and row.status == "pending":
            row.status, row.key, row.sha256, row.bytes = "success", key, digest, size
    if row is None:  # deleted while it was made
        place.storage.discard(bucket, key)


def _model(place: Workplace, trial_id: str) -> Path:
    """Return the folder of the deployed model; or of one that stays on this disk alone."""
    with place.database.read() as session:
        deployed = session.get(Pipeline, trial_id)
    digest = deployed.package_digest if deployed is not None else None
    with suppress(ModelGone):
        return place.models.find(trial_id, digest)
    folder = place.settings.models_folder / trial_id
    fit_model(place, trial_id, folder)
    return folder


def main() -> int:
    """Do the work of this process; return its exit code."""
    return run_child("export", export)
