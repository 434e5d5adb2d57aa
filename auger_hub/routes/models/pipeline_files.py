"""Serve exports of models (wire contract §2.14)."""

from __future__ import annotations

from functools import partial
from typing import Literal, TypedDict

from auger_hub.database.tables import PipelineFile
from auger_hub.http.contract import Call, Page, Route
from auger_hub.http.params import KEY, Param
from auger_hub.http.permission import permit_storing
from auger_hub.routes.datasets.project_files import main_bucket
from auger_hub.routes.experiments.trials import scored_trial
from auger_hub.routes.query import find, rows_of, to_page
from auger_hub.routes.wire_object import to_object

FORMATS = ("zip", "joblib", "mlflow", "onnx")


class PipelineFileObject(TypedDict):
    """What a client sees of a model to take away."""

    object: Literal["pipeline_file"]
    deleted: bool
    id: int
    model_path: str | None
    model_path_status: str
    s3_model_path: str | None
    s3_model_path_status: str
    signed_s3_model_path: str | None
    signed_s3_model_path_status: str
    error_message: str | None
    format: str
    sha256: str | None
    experiment_session_id: str
    trial_id: str
    created_at: str
    updated_at: str


def describe(call: Call, row: PipelineFile) -> PipelineFileObject:
    """Return the three stages; upload and signature end together, as clients need (§2.14)."""
    bucket = main_bucket(call)
    is_done = row.status == "success" and row.key is not None
    path = f"s3://{bucket}/{row.key}" if is_done else None
    sign = partial(call.hub.signer.download_url, call.caller, call.base_url)
    signed = sign(bucket, row.key or "") if is_done else None
    return to_object(
        PipelineFileObject,
        row,
        model_path=row.key if is_done else None,
        model_path_status=row.status,
        s3_model_path=path,
        s3_model_path_status=row.status,
        signed_s3_model_path=signed,
        signed_s3_model_path_status=row.status,
    )


def _index(call: Call) -> Page:
    query = rows_of(call, PipelineFile, "organization_id", "experiment_session_id", "trial_id")
    ordered = query.order_by(PipelineFile.id)
    return to_page(call, ordered, lambda row: describe(call, row))


def _show(call: Call) -> PipelineFileObject:
    return describe(call, find(call, PipelineFile, call.params["id"]))


def _create(call: Call) -> PipelineFileObject:
    trial = scored_trial(call, call.params["trial_id"])
    permit_storing(call)
    row = PipelineFile(
        organization_id=trial.organization_id,
        project_id=trial.project_id,
        experiment_session_id=trial.experiment_session_id,
        trial_id=trial.id,
        format=str(call.given("format") or FORMATS[0]),
        status="pending",
    )
    call.session.add(row)
    call.session.flush()
    return describe(call, row)


ROUTES = [
    Route(
        "GET",
        "/pipeline_files",
        _index,
        "List exports",
        takes=(
            Param("organization_id", KEY),
            Param("experiment_session_id", KEY),
            Param("trial_id", KEY),
        ),
        answers=PipelineFileObject,
        is_list=True,
    ),
    Route(
        "POST",
        "/pipeline_files",
        _create,
        "Export a model as a zip that predicts anywhere, or as what other tools load",
        takes=(Param("trial_id", KEY).needed, Param("format", choices=FORMATS)),
        answers=PipelineFileObject,
    ),
    Route("GET", "/pipeline_files/{id}", _show, "Show an export", answers=PipelineFileObject),
]
