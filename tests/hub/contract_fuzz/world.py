"""Objects of every kind on a hub, and their ids by the names that requests give them."""

from __future__ import annotations

import uuid
from typing import Any

from tests.hub.client import Client

SPARE = 15
"""Objects of each kind that may be deleted."""
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
FLOWER = [5.1, 3.5, 1.4, 0.2]


def make_world(hub: Client, stranger: Client) -> dict[str, Any]:
    """Return `{token, objects, disposable, members, foreign, names}`.

    They are ids by resource and values by member; the same of another organization; and names
    there, which no answer may hold.
    """
    objects, file, _ = _make_objects(hub, "iris")
    theirs, other, names = _make_objects(stranger, f"foreign-{uuid.uuid4().hex}")
    return {
        "token": hub.token,
        "objects": objects,
        "disposable": _disposable(hub, objects, file),
        "members": _members(objects, file),
        "foreign": {"objects": theirs, "members": _members(theirs, other)},
        "names": names,
    }


def count_objects(stranger: Client, world: dict[str, Any]) -> int:
    """Return how many objects of the other organization are still there."""
    theirs = world["foreign"]["objects"]
    found = [
        stranger.call("GET", f"/{resource}/{one}").status == 200
        for resource, ids in theirs.items()
        for one in ids
    ]
    return sum(found)


def _make_objects(hub: Client, name: str) -> tuple[dict[str, list[Any]], dict[str, Any], list[str]]:
    """Return ids by resource, the data set, and the names of what was made."""
    project = hub.add_project()
    file = hub.add_file(project["id"], name=name)
    run = hub.add_run(file, max_n_trials=2)
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "completed")
    run = hub.get(f"/experiment_sessions/{run['id']}")
    trial = hub.get("/trials", experiment_session_id=run["id"])[0]
    pipeline = hub.post("/pipelines", trial_id=trial["id"])
    hub.wait("Pipeline", pipeline["id"], "ready")
    objects = {
        "projects": [project["id"]],
        "project_files": [file["id"]],
        "experiments": [run["experiment_id"]],
        "experiment_sessions": [run["id"], hub.add_run(file)["id"]],
        "trials": [trial["id"]],
        "pipelines": [pipeline["id"]],
        "hyperparameters": [trial["hyperparameter"]["id"]],
        "organizations": [project["organization_id"]],
        **_around(hub, project["id"], pipeline["id"], name),
    }
    return objects, file, [name]


def _around(hub: Client, project_id: int, pipeline_id: str, name: str) -> dict[str, list[Any]]:
    """Make what hangs on a deployed model."""
    endpoint = hub.post("/endpoints", pipeline_id=pipeline_id, name=f"{name}-watched")
    alert = {"kind": "model_accuracy", "threshold": 0.9, "sensitivity": 72}
    asked = {"records": [FLOWER], "features": FEATURES}
    prediction = hub.post("/predictions", pipeline_id=pipeline_id, **asked)
    task = hub.post("/cluster_tasks", name="list_project_files", project_id=project_id)
    manifest = hub.post("/dataset_manifests", id=uuid.uuid4().hex, name=name, statistics={})
    return {
        "endpoints": [endpoint["id"]],
        "endpoint_pipelines": [
            hub.get(f"/endpoints/{endpoint['id']}")["endpoint_pipelines"][0]["id"]
        ],
        "review_alerts": [hub.post("/review_alerts", endpoint_id=endpoint["id"], **alert)["id"]],
        "predictions": [prediction["id"]],
        "prediction_groups": [prediction["id"]],
        "evaluations": [hub.post("/evaluations", pipeline_id=pipeline_id, **asked)["id"]],
        "cluster_tasks": [task["id"]],
        "dataset_manifests": [manifest["id"]],
        "pipeline_files": [hub.post("/pipeline_files", trial_id=pipeline_id)["id"]],
    }


def _disposable(
    hub: Client, objects: dict[str, list[Any]], file: dict[str, Any]
) -> dict[str, list[Any]]:
    project_id, pipeline_id = objects["projects"][0], objects["pipelines"][0]
    endpoints = [
        hub.post("/endpoints", pipeline_id=pipeline_id, name=f"spare-{number}")
        for number in range(SPARE)
    ]
    alert = {"kind": "model_accuracy", "threshold": 0.9, "sensitivity": 72}
    numbers = range(SPARE)
    return {
        "projects": [hub.post("/projects", name=f"spare-{number}")["id"] for number in numbers],
        "experiments": [
            hub.post(
                "/experiments", name=f"spare-{n}", project_id=project_id, data_path=file["url"]
            )["id"]
            for n in numbers
        ],
        "project_files": [hub.add_file(project_id, name=f"spare-{n}")["id"] for n in range(3)],
        "endpoints": [endpoint["id"] for endpoint in endpoints],
        "endpoint_pipelines": [
            hub.get(f"/endpoints/{endpoint['id']}")["endpoint_pipelines"][0]["id"]
            for endpoint in endpoints[:5]
        ],
        "review_alerts": [
            hub.post("/review_alerts", endpoint_id=objects["endpoints"][0], **alert)["id"]
            for _ in numbers
        ],
    }


def _members(objects: dict[str, list[Any]], file: dict[str, Any]) -> dict[str, list[Any]]:
    """Return good values by the name of a member, wherever it is sent."""
    return {
        "project_id": objects["projects"],
        "organization_id": objects["organizations"],
        "experiment_id": objects["experiments"],
        "experiment_session_id": objects["experiment_sessions"],
        "trial_id": objects["trials"],
        "pipeline_id": objects["pipelines"],
        "endpoint_id": objects["endpoints"],
        "project_file_id": objects["project_files"],
        "data_path": [file["url"]],
        "refit_data_path": [file["url"]],
        "file_url": [file["url"], None],
        "actuals_path": [file["url"], None],
        "features": [FEATURES],
        "records": [[FLOWER], [FLOWER, FLOWER], None],
    }
