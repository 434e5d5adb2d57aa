"""Kills the hub (-9) at random moments of a running search and looks for anything lost.

    python benchmarks/kill_loop.py [KILLS] [SEED]

After every kill: the database is whole, every trial that was ever shown is still there, unchanged.
At the end the run has completed. Prints one line a kill; the exit code is 1 after any loss.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from auger_reconcile.hub import daemon
from auger_reconcile.hub.settings import HubSettings

IRIS = Path(__file__).parents[1] / "examples" / "iris" / "iris.csv"
OPTIONS = {
    "targetFeature": "species",
    "featureColumns": ["sepal_length", "sepal_width", "petal_length", "petal_width"],
    "categoricalFeatures": ["species"],
    "classification": True,
    "crossValidationFolds": 3,
    "max_total_time_mins": 30,
    "max_eval_time_mins": 1,
    "max_n_trials": 60,
    "use_ensemble": False,
    "scoring": "accuracy",
}


class Hub:
    """A hub in a folder of its own, that may be gone at any moment."""

    def __init__(self, home: Path) -> None:
        self.settings = HubSettings(home=home)
        self.start()

    def start(self) -> None:
        daemon.start(self.settings)
        credentials = json.loads(self.settings.credentials_path.read_text(encoding="utf-8"))
        self.url, self.token = credentials["api_url"], credentials["token"]

    def kill(self) -> None:
        running = daemon.find_running(self.settings)
        if running is not None:
            os.kill(running.pid, signal.SIGKILL)
        while daemon.find_running(self.settings) is not None:
            time.sleep(0.02)

    def call(self, method: str, path: str, **params: Any) -> Any:
        body = {**params, "token": self.token}
        answer = requests.request(method, f"{self.url}/api/v1{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()["data"]

    def wait(self, kind: str, object_id: Any, *statuses: str) -> None:
        while self.call("GET", "/status", object=kind, id=object_id)["status"] not in statuses:
            time.sleep(0.2)


def start_run(hub: Hub) -> str:
    """Return a run that has begun."""
    project_id = hub.call("POST", "/projects", name="killed")["id"]
    hub.call("PATCH", f"/projects/{project_id}/deploy", workers_count=2)
    hub.wait("Project", project_id, "running")
    upload = hub.call("POST", "/project_file_urls", project_id=project_id, file_path="iris.csv")
    with IRIS.open("rb") as file:
        requests.post(upload["url"], data=upload["fields"], files={"file": file}, timeout=60)
    url = f"s3://x/{upload['fields']['key']}"
    file_id = hub.call("POST", "/project_files", name="iris", project_id=project_id, url=url)["id"]
    hub.wait("ProjectFile", file_id, "processed")
    experiment = hub.call("POST", "/experiments", name="e", project_id=project_id, data_path=url)
    settings = {"evaluation_options": OPTIONS}
    run = hub.call(
        "POST",
        "/experiment_sessions",
        experiment_id=experiment["id"],
        model_type="classification",
        model_settings=settings,
    )
    hub.call("PATCH", f"/experiment_sessions/{run['id']}", status="preprocess")
    return str(run["id"])


def shown_trials(hub: Hub, run_id: str) -> dict[str, Any]:
    """Return the board by trial id."""
    trials = hub.call("GET", "/trials", experiment_session_id=run_id, limit=1000)
    return {trial["id"]: trial for trial in trials}


def is_whole(home: Path) -> bool:
    """Ask SQLite."""
    database = sqlite3.connect(home / "hub.db")
    answer = database.execute("PRAGMA integrity_check").fetchone()
    database.close()
    return bool(answer == ("ok",))


def main(kills: int, seed: int) -> int:
    chance = random.Random(seed)
    losses = 0
    with tempfile.TemporaryDirectory(prefix="kill-loop-") as folder:
        hub = Hub(Path(folder) / "hub")
        run_id = start_run(hub)
        seen: dict[str, Any] = {}
        for number in range(1, kills + 1):
            time.sleep(chance.uniform(0.1, 4.0))
            seen |= shown_trials(hub, run_id)
            time.sleep(chance.uniform(0.0, 0.3))
            hub.kill()
            whole = is_whole(hub.settings.home)
            hub.start()
            board = shown_trials(hub, run_id)
            lost = [key for key, trial in seen.items() if board.get(key) != trial]
            losses += len(lost) + (not whole)
            print(
                f"kill {number}: {len(board)} trials, {len(lost)} lost, whole: {whole}", flush=True
            )
        hub.wait("ExperimentSession", run_id, "completed", "error", "interrupted")
        board = shown_trials(hub, run_id)
        run = hub.call("GET", f"/experiment_sessions/{run_id}")
        lost = [key for key, trial in seen.items() if board.get(key) != trial]
        losses += len(lost) + (run["status"] != "completed")
        print(f"the run is {run['status']} with {len(board)} trials, {len(lost)} lost")
        daemon.stop(hub.settings)
    return 1 if losses else 0


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:3]]
    raise SystemExit(main(*[*given, *(10, 1)[len(given) :]]))
