"""Every recorded answer of the cloud as what the hub has to answer: same members, same types."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.hub.client import OPTIONS, Client

RECORDED = {
    f"{path.stem}/{case}": exchanges[0]
    for path in sorted((Path(__file__).parents[1] / "contract" / "recordings").glob("*.json"))
    for case, exchanges in json.loads(path.read_text(encoding="utf-8")).items()
}
NOT_SERVED = {
    "cluster_tasks/update_valid": "the hub's workers do not report over HTTP",
    "trials/update_one_valid": "the hub's workers do not report over HTTP",
    "trials/update_valid": "the hub's workers do not report over HTTP",
    "experiment_sessions/update_valid": "the hub's workers do not report over HTTP",
    "pipelines/update_valid": "the hub's workers do not report over HTTP",
    "experiments/create_valid": "the form of 2018, whose token named the project",
    "organizations/create_valid": "`auger hub user add --organization` makes them",
    "organizations/update_valid": "about accounts of the cloud's provider",
    "organizations/delete_valid": "an organization lives as long as its hub",
    "general_errors/server_unavailable": "the page of a load balancer",
    "predictions/create_invalid_with_nans": "the development mode of the cloud's own framework",
}
# Members that the cloud dropped before 2020, or that describe the cloud's own machines.
GONE = {
    "project": {
        "url",
        "state_machine",
        "services_status",
        "jobs_status",
        "default_worker_nodes_count",
        "default_workers_per_node_count",
        "default_instance_type",
    },
    "organization": {"state_machine", "is_demo", "is_jupyter_enabled"},
    "experiment": {"search_space", "search_space_status", "dataset_manifest"},
    "experiment_session": {"notebook_uid"},
    "trial": {"metrics", "metrics_status", "evaluation_type", "project_run_id"},
    "pipeline": set(),
}
RECORDS = {"records": [[5.1, 3.5, 1.4, 0.2]], "features": OPTIONS["featureColumns"]}


@pytest.fixture(scope="module")
def world(hub: Client, iris_project: dict[str, Any], finished_run: dict[str, Any]) -> World:
    return World(hub, iris_project, finished_run)


class World:
    """One object of every kind to ask about, and new ones to delete."""

    def __init__(self, hub: Client, project: dict[str, Any], finished: dict[str, Any]) -> None:
        self.hub = hub
        self.run = finished["run"]
        self.file = project["file"]
        self.project_id = self.file["project_id"]
        self.trial_id = finished["trials"][-1]["id"]
        hub.post("/pipelines", trial_id=self.trial_id)
        hub.wait("Pipeline", self.trial_id, "ready")
        self.endpoint_id = hub.post("/endpoints", pipeline_id=self.trial_id, name="e")["id"]
        self.prediction_id = hub.post(f"/endpoints/{self.endpoint_id}/predictions", **RECORDS)["id"]
        cluster_project = hub.post("/projects", name=f"c-{uuid.uuid4().hex[:8]}")["id"]
        self.cluster_id = hub.post("/clusters", project_id=cluster_project)["id"]
        hub.wait("Cluster", self.cluster_id, "running")
        self.makers = {
            "projects": lambda: hub.post("/projects", name=f"p-{uuid.uuid4().hex[:8]}")["id"],
            "project_files": self._add_file,
            "experiments": self._add_experiment,
            "endpoints": lambda: hub.post("/endpoints", pipeline_id=self.trial_id)["id"],
            "endpoint_pipelines": self._add_endpoint_pipeline,
            "review_alerts": self._add_alert,
            "cluster_tasks": self._add_task,
            "hyperparameters": self._add_hyperparameter,
            "pipeline_files": lambda: hub.post("/pipeline_files", trial_id=self.trial_id)["id"],
            "experiment_sessions": lambda: hub.add_run(self.file)["id"],
        }

    def id_for(self, resource: str) -> Any:
        """Return the id of an object of that kind."""
        known = {
            "trials": self.trial_id,
            "pipelines": self.trial_id,
            "predictions": self.prediction_id,
            "prediction_groups": self.prediction_id,
            "organizations": self.hub.get("/organizations")[0]["id"],
        }
        return known[resource] if resource in known else self.makers[resource]()

    def fitted(self, resource: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return a recorded body with the ids of this world."""
        own = {
            "project_id": self.project_id,
            "organization_id": self.hub.get("/organizations")[0]["id"],
            "pipeline_id": self.trial_id,
            "trial_id": self.trial_id,
            "endpoint_id": self.endpoint_id,
            "experiment_id": self.run["experiment_id"],
            "experiment_session_id": self.run["id"],
            "cluster_id": self.cluster_id,
            "refit_data_path": self.file["url"],
            "data_path": self.file["url"],
            "dataset_manifest_id": None,
            "prediction_group_id": None,
        }
        fitted = {name: own.get(name, value) for name, value in body.items() if "token" not in name}
        if "name" in fitted and resource not in ("endpoints", "cluster_tasks"):
            fitted["name"] = f"n-{uuid.uuid4().hex[:8]}"
        if resource == "trials" and "id" in fitted:
            fitted["id"] = self.trial_id
        if resource == "status" and fitted.get("object") == "Project":
            fitted["id"] = self.project_id
        if resource == "experiments":
            fitted["data_path"] = self.file["url"]
        if resource == "cluster_tasks":
            fitted["project_id"] = self.project_id
        if resource == "project_files" and "url" in fitted:
            fitted["url"] = f"http://127.0.0.1:9/{uuid.uuid4().hex}.csv"
        if resource == "project_file_urls" and fitted.get("limit"):
            fitted["file_path"] = self.file["url"].rpartition("/")[2]
        if "records" in fitted and len({len(row) for row in fitted["records"]}) == 1:
            fitted |= RECORDS
        return fitted

    def _add_file(self) -> Any:
        url = f"http://127.0.0.1:9/{uuid.uuid4().hex}.csv"
        name = uuid.uuid4().hex
        return self.hub.post("/project_files", name=name, project_id=self.project_id, url=url)["id"]

    def _add_experiment(self) -> Any:
        name, url = uuid.uuid4().hex, self.file["url"]
        made = self.hub.post("/experiments", name=name, project_id=self.project_id, data_path=url)
        return made["id"]

    def _add_endpoint_pipeline(self) -> Any:
        body = {"endpoint_id": self.endpoint_id, "pipeline_id": self.trial_id, "active": True}
        return self.hub.post("/endpoint_pipelines", **body)["id"]

    def _add_alert(self) -> Any:
        kind = {"kind": "model_accuracy", "threshold": 0.5, "sensitivity": 72}
        return self.hub.post("/review_alerts", endpoint_id=self.endpoint_id, **kind)["id"]

    def _add_task(self) -> Any:
        return self.hub.post("/cluster_tasks", name="x", project_id=self.project_id)["id"]

    def _add_hyperparameter(self) -> Any:
        body = {"algorithm_name": "SVM", "algorithm_params": {"x": 1}}
        return self.hub.post("/hyperparameters", **body)["id"]


def ask(world: World, case: str) -> requests.Response:
    """Send a recorded request with the ids of this world."""
    recorded = RECORDED[case]
    resource, *rest = recorded["path"].removeprefix("/api/v1/").split("/")
    is_missing = case.endswith("_not_existing")
    if rest:
        owner = world.endpoint_id if len(rest) > 1 and resource == "endpoints" else None
        rest[0] = "0" if is_missing else str(owner or world.id_for(resource))
    if len(rest) == 3:
        rest[2] = world.prediction_id
    body = recorded["request"]
    if isinstance(body, str):
        data: Any = body.encode()
    elif case.startswith(("auth/", "tokens/")):
        data = json.dumps({**body, "email": "local", "password": "x"})
    else:
        data = json.dumps({**world.fitted(resource, body), "token": world.hub.token})
    url = "/".join([f"{world.hub.url}/api/v1/{resource}", *rest])
    return requests.request(recorded["method"], url, data=data, timeout=30)


SERVED = sorted(RECORDED.keys() - NOT_SERVED.keys())
SUCCESSES = [
    case
    for case in SERVED
    if RECORDED[case]["status"] in (200, 201)
    and not case.startswith(("review_alert_items/", "projects/get_logs", "tokens/"))
    and isinstance(RECORDED[case]["request"], dict)
]
REFUSALS = [case for case in SERVED if RECORDED[case]["status"] >= 400]


@pytest.mark.parametrize("case", SUCCESSES)
def test_the_answer_has_the_recorded_members_and_types(world: World, case: str) -> None:
    answer = ask(world, case)
    assert answer.status_code == 200, answer.text
    assert differences(RECORDED[case]["response"]["data"], answer.json()["data"]) == []


@pytest.mark.parametrize("case", SUCCESSES)
def test_lists_are_paged_as_recorded(world: World, case: str) -> None:
    recorded = RECORDED[case]["response"]["meta"].get("pagination")
    is_list = isinstance(RECORDED[case]["response"]["data"], list) and recorded is not None
    found = ask(world, case).json()["meta"].get("pagination")
    assert (sorted(found) if found else None) == (sorted(recorded) if is_list else None)


@pytest.mark.parametrize("case", REFUSALS)
def test_a_recorded_refusal_is_said_in_the_same_words(world: World, case: str) -> None:
    recorded = RECORDED[case]
    answer = ask(world, case)
    assert answer.status_code == recorded["status"]
    if not isinstance(recorded["response"], dict):
        assert answer.text == ""
        return
    errors = recorded["response"]["meta"]["errors"]
    assert answer.json()["meta"]["errors"] == errors


def test_the_logs_of_a_project_are_plain_text(world: World) -> None:
    answer = ask(world, "projects/get_logs")
    assert answer.headers["content-type"].startswith("text/plain")


def differences(recorded: Any, found: Any, place: str = "data") -> list[str]:
    """Return where an answer lacks a recorded member or has another type."""
    if recorded is None or found is None:
        return []  # null was recorded, or is what this hub has to say
    if isinstance(recorded, dict) and isinstance(found, dict):
        return _of_members(recorded, found, place)
    if isinstance(recorded, list) and isinstance(found, list):
        return differences(recorded[0], found[0], f"{place}[0]") if recorded and found else []
    is_number = isinstance(recorded, int | float) and isinstance(found, int | float)
    is_id = place.rpartition(".")[2] in ("id", "prediction_id") and isinstance(found, int | str)
    is_same = is_number or is_id or type(recorded) is type(found)
    return [] if is_same else [f"{place}: {type(found).__name__}, not {type(recorded).__name__}"]


FREE_FORM = {
    *("args", "result", "algorithm_params", "raw_data", "model_settings", "statistics"),
    *("pipelines", "dataset_statistics", "slave_data", "pods_data", "deploy_progress"),
    *("components", "fields"),
}


def _of_members(recorded: dict[str, Any], found: dict[str, Any], place: str) -> list[str]:
    gone = GONE.get(str(found.get("object")), set())
    wanted = {name: value for name, value in recorded.items() if name not in gone}
    missing = [f"{place}.{name} is missing" for name in wanted if name not in found]
    nested = [
        difference
        for name, value in wanted.items()
        if name in found and name not in FREE_FORM
        for difference in differences(value, found[name], f"{place}.{name}")
    ]
    return [*missing, *nested]
