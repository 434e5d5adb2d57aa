"""Run a hub in a folder of its own, driven as a client would; it may be gone at any moment."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from auger_hub.processes import daemon
from auger_hub.settings import HubSettings

IRIS = Path(__file__).parents[1] / "examples" / "iris" / "iris.csv"
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
PATIENCE = 900.0  # seconds


class OwnHub:
    """Started when made; ends only by `stop` or `kill`."""

    def __init__(self, home: Path, database: str = "", workers: int = 1) -> None:
        self.settings = HubSettings(home=home, database=database, workers=workers)
        self.start()

    def start(self) -> None:
        daemon.start(self.settings)
        credentials = json.loads(self.settings.credentials_path.read_text(encoding="utf-8"))
        self.url, self.token = credentials["api_url"], credentials["token"]

    def stop(self) -> None:
        daemon.stop(self.settings)

    @property
    def pid(self) -> int:
        running = daemon.find_running(self.settings)
        assert running is not None, "the hub is gone"
        return running.pid

    def kill(self) -> None:
        """Kill -9, and wait until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        while daemon.find_running(self.settings) is not None:
            time.sleep(0.02)

    def call(self, method: str, path: str, **params: Any) -> Any:
        body = {**params, "token": self.token}
        answer = requests.request(method, f"{self.url}/api/v1{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()["data"]

    def status(self, kind: str, object_id: Any) -> str:
        return str(self.call("GET", "/status", object=kind, id=object_id)["status"])

    def wait(self, kind: str, object_id: Any, *statuses: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while (status := self.status(kind, object_id)) not in statuses:
            assert time.monotonic() < deadline, f"{kind} {object_id} stays {status}"
            time.sleep(0.05)
        return status

    def add_project(self, name: str) -> int:
        """Return a running project."""
        project_id = int(self.call("POST", "/projects", name=name)["id"])
        self.call("PATCH", f"/projects/{project_id}/deploy", workers_count=2)
        self.wait("Project", project_id, "running")
        return project_id

    def add_file(self, project_id: int, path: Path = IRIS) -> str:
        """Return the URL of a processed data set."""
        upload = self.call("POST", "/project_file_urls", project_id=project_id, file_path=path.name)
        with path.open("rb") as file:
            done = requests.post(
                upload["url"], data=upload["fields"], files={"file": file}, timeout=600
            )
        done.raise_for_status()
        url = f"s3://x/{upload['fields']['key']}"
        asked = {"name": path.stem, "project_id": project_id, "url": url}
        file_id = self.call("POST", "/project_files", **asked)["id"]
        self.wait("ProjectFile", file_id, "processed")
        return url

    def add_run(self, project_id: int, url: str, options: Mapping[str, Any]) -> str:
        """Return a run that waits to be started."""
        asked = {"name": f"e-{time.monotonic_ns()}", "project_id": project_id, "data_path": url}
        experiment = self.call("POST", "/experiments", **asked)
        run = self.call(
            "POST",
            "/experiment_sessions",
            experiment_id=experiment["id"],
            model_type="classification",
            model_settings={"evaluation_options": dict(options)},
        )
        return str(run["id"])

    def start_run(self, run_id: str) -> None:
        self.call("PATCH", f"/experiment_sessions/{run_id}", status="preprocess")

    def trials(self, run_id: str) -> dict[str, Any]:
        """Return the board by trial id."""
        found = self.call("GET", "/trials", experiment_session_id=run_id, limit=1000)
        return {trial["id"]: trial for trial in found}


@contextmanager
def own_hub(folder: Path, database: str = "") -> Iterator[OwnHub]:
    """Run a hub and stop it at the end."""
    hub = OwnHub(folder / "hub", database)
    try:
        yield hub
    finally:
        hub.stop()


def iris_options(**changes: Any) -> dict[str, Any]:
    """Return the options of a small search on iris."""
    return {
        "targetFeature": "species",
        "featureColumns": FEATURES,
        "categoricalFeatures": ["species"],
        "classification": True,
        "crossValidationFolds": 3,
        "max_total_time_mins": 30,
        "max_eval_time_mins": 1,
        "max_n_trials": 20,
        "use_ensemble": False,
        "scoring": "accuracy",
        **changes,
    }
