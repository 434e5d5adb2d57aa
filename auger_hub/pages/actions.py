"""Do what the buttons of the pages are for: each is the request that a client sends."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from auger_hub.database.tables import (
    ExperimentSession,
    Pipeline,
    PipelineFile,
    Project,
    ProjectFile,
    Trial,
)
from auger_hub.http.carry_out import carry_out
from auger_hub.http.contract import Call, Fields, InvalidParams, Route
from auger_hub.http.params import check
from auger_hub.http.permission import permit_route
from auger_hub.pages.view import View
from auger_hub.routes.datasets import project_file_urls, project_files
from auger_hub.routes.experiments import experiment_sessions, experiments
from auger_hub.routes.models import pipeline_files, pipelines
from auger_hub.routes.query import find, rows_of
from auger_hub.runs.run_row import options_of

EXPORTS = {
    "zip": "Zip that needs Python alone",
    "joblib": "Pipeline of scikit-learn (joblib)",
    "mlflow": "Model folder of MLflow",
    "onnx": "ONNX, where it is exact",
}

CLASSES = "classification"
_CLASSES = 10  # values of a number that are taken for classes
_MOST_MINUTES = 1440


def send(call: Call, routes: list[Route], method: str, path: str, **params: Any) -> Any:
    """Answer as the API does to a client of the same user, its checks included."""
    route = next(one for one in routes if (one.method, one.path) == (method, path))
    permit_route(call.hub, route, call.caller)
    if complaints := check(route.params, params):
        raise InvalidParams(*complaints)
    return carry_out(route, replace(call, params=params))


def start_again(call: Call) -> str:
    """Start another run with the settings of one (wire contract §2.11)."""
    run = find(call, ExperimentSession, call.params["id"])
    sessions = experiment_sessions.ROUTES
    made = send(
        call,
        sessions,
        "POST",
        "/experiment_sessions",
        experiment_id=run.experiment_id,
        model_type=run.model_type,
        model_settings={"evaluation_options": asked_of(run)},
        dataset_statistics=run.dataset_statistics,
    )
    path = "/experiment_sessions/{id}"
    send(call, sessions, "PATCH", path, id=made["id"], status="preprocess")
    return f"/experiments/{run.experiment_id}?run={made['id']}"


def asked_of(run: ExperimentSession) -> Fields:
    """Return the settings of a run without what its search has made of them."""
    own = ("data_path", "scoreNames", "dataset_nrows", "dataset_ncols", "usedFolds")
    return {name: value for name, value in options_of(run).items() if name not in own}


def start_first(call: Call) -> str:
    """Make an experiment that predicts a column of a data set, and start its first run (§2.10)."""
    data = find(call, ProjectFile, call.params["id"])
    form = call.params["form"]
    columns = (data.statistics or {}).get("stat_data") or []
    names = [str(column["column_name"]) for column in columns]
    target = form.get("target", "")
    if target not in names:
        raise InvalidParams(("target", f"{data.name} has no column `{target}`: choose one of it"))
    made = send(
        call,
        experiments.ROUTES,
        "POST",
        "/experiments",
        name=f"{data.name.partition('.')[0]}-{target}-{secrets.token_hex(2)}",
        project_id=data.project_id,
        data_path=data.url,
    )
    kind = kind_of(next(one for one in columns if one["column_name"] == target))
    options = {
        "targetFeature": target,
        "featureColumns": [name for name in names if name != target],
        "classification": kind == "classification",
        "max_total_time_mins": _minutes(form.get("minutes", "")),
    }
    sessions = experiment_sessions.ROUTES
    run = send(
        call,
        sessions,
        "POST",
        "/experiment_sessions",
        experiment_id=made["id"],
        model_type=kind,
        model_settings={"evaluation_options": options},
        dataset_statistics=data.statistics,
    )
    path = "/experiment_sessions/{id}"
    send(call, sessions, "PATCH", path, id=run["id"], status="preprocess")
    return f"/experiments/{made['id']}"


def kind_of(column: Fields) -> str:
    """Return what predicting a column is: numbers of many values are values, all else classes."""
    is_value = column.get("orig_datatype") in ("double", "integer")
    return "regression" if is_value and (column.get("unique_values") or 0) > _CLASSES else CLASSES


def _minutes(text: str) -> float:
    try:
        minutes = float(text.replace(",", "."))
    except ValueError:
        minutes = 0.0
    if not 0 < minutes <= _MOST_MINUTES:
        told = f"minutes are a number from 1 to {_MOST_MINUTES}, not `{text}`"
        raise InvalidParams(("minutes", told))
    return minutes


def stop_run(call: Call) -> str:
    """Stop a run; what it has finished is kept."""
    run = find(call, ExperimentSession, call.params["id"])
    routes, path = experiment_sessions.ROUTES, "/experiment_sessions/{id}"
    send(call, routes, "PATCH", path, id=run.id, status="interrupted")
    return f"/experiments/{run.experiment_id}?run={run.id}"


def deploy_trial(call: Call) -> str:
    """Deploy a trial (§2.13)."""
    made = send(call, pipelines.ROUTES, "POST", "/pipelines", trial_id=call.params["id"])
    return f"/models/{made['id']}"


def undeploy_model(call: Call) -> str:
    """Take a model off the hub; the form has a box for the consent."""
    row = find(call, Pipeline, call.params["id"])
    if call.params["form"].get("sure") != "yes":
        raise InvalidParams(("sure", "undeploying stops its predictions: tick the box first"))
    path = "/pipelines/{id}"
    send(call, pipelines.ROUTES, "PATCH", path, id=row.id, status="undeploying")
    return f"/models/{row.id}"


def export_trial(call: Call) -> str:
    """Export a trial in a format (§2.14)."""
    trial = find(call, Trial, call.params["id"])
    form = call.params["form"].get("format", "zip")
    routes = pipeline_files.ROUTES
    send(call, routes, "POST", "/pipeline_files", trial_id=trial.id, format=form)
    return f"/trials/{trial.id}#downloads"


def exports_of(call: Call, trial_id: str) -> list[Fields]:
    """Return the newest export of a trial in each format, with its link when it is there."""
    query = rows_of(call, PipelineFile).where(PipelineFile.trial_id == trial_id)
    newest = {row.format: row for row in call.session.scalars(query.order_by(PipelineFile.id))}
    return [
        {
            "about": about,
            "format": form,
            "status": newest[form].status if form in newest else None,
            "error": newest[form].error_message if form in newest else None,
            "url": pipeline_files.describe(call, newest[form])["signed_s3_model_path"]
            if form in newest
            else None,
        }
        for form, about in EXPORTS.items()
    ]


def add_data(call: Call) -> str:
    """Make a web address a data set (§2.10)."""
    project_id, form = call.params["id"], call.params["form"]
    given = {"name": form.get("name", "").strip(), "url": form.get("url", "").strip()}
    made = send(
        call,
        project_files.ROUTES,
        "POST",
        "/project_files",
        project_id=project_id,
        **{name: value for name, value in given.items() if value},
    )
    return f"/datasets/{made['id']}"


def show_upload(call: Call) -> View:
    """Show the signed form of an upload (§2.9), which the script of the page fills and sends."""
    project = find(call, Project, call.params["id"])
    name = call.params["form"].get("name", "").rpartition("/")[2]
    path = f"workspace/projects/{project.name}/files/{secrets.token_hex(4)}-{name}"
    made = send(
        call,
        project_file_urls.ROUTES,
        "POST",
        "/project_file_urls",
        project_id=project.id,
        file_path=path,
    )
    address = urlsplit(made["url"]).path
    stored = f"s3://{address.strip('/')}/{made['fields']['key']}"
    return View("upload.html", {"url": address, "fields": made["fields"], "stored": stored})
