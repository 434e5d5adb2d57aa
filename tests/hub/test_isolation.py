"""Every route, walked by a stranger who knows all ids of somebody else."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import requests

from auger_hub.program.openapi import openapi_document
from tests.hub.client import Client, add_stranger, wait_until

from .test_recordings import World

OPERATIONS = [
    (method.upper(), path.removeprefix("/api/v1"))
    for path, methods in openapi_document()["paths"].items()
    for method in methods
    if path != "/api/v1/tokens"
]
MAKES_OWN = {
    ("POST", "/applies"),
    ("POST", "/controllers"),
    ("POST", "/projects"),
    ("POST", "/hyperparameters"),
    ("POST", "/dataset_manifests"),
    ("POST", "/users"),
    ("PATCH", "/password"),
    ("PUT", "/password"),
}
LISTS = {
    "/organizations": "organizations",
    "/instance_types": "organizations",
    "/users": "users",
}


@pytest.fixture(scope="module")
def stranger(hub: Client) -> Client:
    return add_stranger(hub)


@pytest.fixture(scope="module")
def known(
    hub: Client, iris_project: dict[str, Any], finished_run: dict[str, Any]
) -> dict[str, Any]:
    """Everything of the owner that a stranger may have seen over a shoulder."""
    world = World(hub, iris_project, finished_run)
    manifest = uuid.uuid4().hex
    hub.post("/dataset_manifests", id=manifest, name="m", statistics={})
    resources = ["project_files", "experiments", "endpoint_pipelines", "review_alerts"]
    resources += ["cluster_tasks", "hyperparameters", "pipeline_files", "projects"]
    resources += ["trials", "pipelines", "predictions", "prediction_groups", "organizations"]
    ids = {resource: world.id_for(resource) for resource in resources}
    asked = {"records": [[1]], "features": ["a"]}
    evaluation = hub.post("/evaluations", pipeline_id=ids["pipelines"], **asked)
    return {
        **ids,
        "users": hub.get("/users")[0]["id"],
        "applies": hub.post("/applies", projects=["p"])["id"],
        "evaluations": evaluation["id"],
        "dataset_manifests": manifest,
        "clusters": world.cluster_id,
        "endpoints": world.endpoint_id,
        "experiment_sessions": world.run["id"],
        "review_alert_items": 1,
        "project_id": world.project_id,
        "file": world.file,
    }


def body_of(known: dict[str, Any], resource: str) -> dict[str, Any]:
    return {
        "project_id": known["project_id"],
        "organization_id": known["organizations"],
        "pipeline_id": known["pipelines"],
        "trial_id": known["trials"],
        "trial_ids": [known["trials"]],
        "endpoint_id": known["endpoints"],
        "experiment_id": known["experiments"],
        "experiment_session_id": known["experiment_sessions"],
        "cluster_id": known["clusters"],
        "project_file_id": known["project_files"],
        "id": known.get(resource),
        "name": f"n-{uuid.uuid4().hex}",
        "url": known["file"]["url"],
        "data_path": known["file"]["url"],
        "refit_data_path": known["file"]["url"],
        "file_path": known["file"]["url"].rpartition("/")[2],
        "object": "Project",
        "kind": "model_accuracy",
        "role": "viewer",
        "threshold": 1,
        "sensitivity": 1,
        "expressions": [],
        "actuals": {} if resource == "experiment_sessions" else [],
        "records": [[1]],
        "features": ["a"],
    }


@pytest.mark.parametrize(("method", "path"), [o for o in OPERATIONS if o not in MAKES_OWN])
def test_a_stranger_finds_nothing_under_anothers_ids(
    stranger: Client, known: dict[str, Any], method: str, path: str
) -> None:
    resource = path.split("/")[1]
    found_at = path
    for parent in ("endpoint", "experiment_session", "project"):
        found_at = found_at.replace(f"{{{parent}_id}}", str(known[f"{parent}s"]))
    last = resource if path.count("{") == 1 else "predictions"
    found_at = found_at.replace("{id}", str(known.get(last)))
    body = body_of(known, resource)
    if resource == "status":
        body["id"] = known["project_id"]
    answer = requests.request(
        method,
        f"{stranger.url}/api/v1{found_at}",
        json={**body, "token": stranger.token},
        timeout=30,
    )
    is_list = method == "GET" and "{" not in path and answer.status_code == 200
    if is_list and path in LISTS:
        assert known[LISTS[path]] not in [one["id"] for one in answer.json()["data"]]
    elif is_list:
        assert answer.json()["data"] == []
    else:
        assert answer.status_code == 404, answer.text
        assert [e["error_type"] for e in answer.json()["meta"]["errors"]] == ["not_found"]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nobody_is_answered_without_a_token(hub: Client, method: str, path: str) -> None:
    answer = requests.request(method, f"{hub.url}/api/v1{path}", json={}, timeout=30)
    assert answer.status_code == 401


def test_the_owner_still_has_everything(hub: Client, known: dict[str, Any]) -> None:
    assert hub.get(f"/projects/{known['project_id']}")["deleting"] is False
    assert hub.get(f"/endpoints/{known['endpoints']}")["deleted"] is False
    assert hub.get(f"/trials/{known['trials']}")["deleted"] is False


def test_a_strangers_question_never_reaches_anothers_trial(
    stranger: Client, known: dict[str, Any]
) -> None:
    """The rows of the question are the asker's own; the trial that it names is not."""
    project = stranger.add_project()
    run = stranger.add_run(stranger.add_file(project["id"]), max_n_trials=1, use_ensemble=False)
    stranger.start_run(run["id"])
    stranger.wait("ExperimentSession", run["id"], "completed")
    asked = stranger.post(
        "/trial_evaluations", experiment_session_id=run["id"], trial_ids=[known["trials"]]
    )
    path = f"/trial_evaluations/{asked['id']}"
    assert wait_until(lambda: stranger.get(path)["status"] != "waiting", 60)
    (result,) = stranger.get(path)["results"]
    assert result["error"] == "there is no such trial on a board of this hub"
    assert (result["score"], result["scores"]) == (None, {})
