"""Two hub processes on one database and one store: one leads, both answer, and either may die."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from auger_hub.processes import daemon
from auger_hub.settings import HubSettings
from tests.hub.client import OPTIONS, Client, connect, wait_until
from tests.hub.routes.test_models import answered

ROW = {"features": OPTIONS["featureColumns"], "records": [[5.1, 3.5, 1.4, 0.2]]}


class Pair:
    """Two hubs with folders of their own, `a` and `b`, which a test starts and ends as it likes."""

    def __init__(self, folder: Path, database: str) -> None:
        self._folder = folder
        self._shared = HubSettings(
            home=folder, database=database, storage=str(folder / "store"), metrics="open"
        )

    def settings(self, name: str) -> HubSettings:
        return replace(self._shared, home=self._folder / name)

    def start(self, name: str, role: str = "all") -> Client:
        settings = replace(self.settings(name), role=role)
        daemon.start(settings)
        return connect(settings)

    def pid(self, name: str) -> int:
        running = daemon.find_running(self.settings(name))
        assert running is not None
        return running.pid

    def signal(self, name: str, number: int) -> None:
        os.kill(self.pid(name), number)

    def end(self) -> None:
        for name in ("a", "b"):
            with suppress(AssertionError, ProcessLookupError):
                self.signal(name, signal.SIGCONT)
            daemon.stop(self.settings(name))


@pytest.fixture
def pair(hub_lane: None, slow_lane: None, tmp_path: Path) -> Iterator[Pair]:
    pair = Pair(tmp_path, f"sqlite:///{tmp_path / 'rows.db'}")
    yield pair
    pair.end()


def leads(hub: Client) -> bool:
    told = requests.get(f"{hub.url}/metrics", timeout=30).text
    return "\nauger_hub_leads 1.0\n" in told


def board(hub: Client, run_id: str) -> list[str]:
    trials = hub.get("/trials", experiment_session_id=run_id, limit=1000)
    return [one["hyperparameter"]["algorithm_name"] for one in trials]


def begin(hub: Client, trials: int) -> str:
    """Return a run that has begun and has a trial or two."""
    run = hub.add_run(hub.add_file(hub.add_project()["id"]), max_n_trials=trials)
    hub.start_run(run["id"])
    assert wait_until(lambda: len(board(hub, run["id"])) >= 2, seconds=60)
    return str(run["id"])


def assert_run_once(hub: Client, run_id: str, trials: int) -> None:
    hub.wait("ExperimentSession", run_id, "completed", seconds=180)
    made = board(hub, run_id)
    assert len(made) == trials + 1  # and the baseline
    assert len([name for name in made if "Dummy" in name]) == 1


def follow(hub: Client) -> None:
    """Wait until this hub leads, which it does within ten seconds."""
    assert wait_until(lambda: leads(hub), seconds=10)


def test_both_answer_and_one_leads(pair: Pair) -> None:
    first, second = pair.start("a"), pair.start("b")
    assert (leads(first), leads(second)) == (True, False)
    project = second.add_project()  # which the first moves on
    assert first.get(f"/projects/{project['id']}")["status"] == "running"
    for hub in (first, second):
        assert requests.get(f"{hub.url}/ready", timeout=30).status_code == 200
    daemon.stop(pair.settings("a"))
    assert wait_until(lambda: leads(second), seconds=3)
    third = pair.start("a")
    assert (leads(third), leads(second)) == (False, True)


def test_a_run_whose_hub_is_killed_ends_once(pair: Pair) -> None:
    first, second = pair.start("a"), pair.start("b")
    run_id = begin(first, 30)
    pair.signal("a", signal.SIGKILL)
    follow(second)
    again = pair.start("a")
    assert_run_once(second, run_id, 30)
    assert board(again, run_id) == board(second, run_id)
    assert not list((pair.settings("a").home / "work").glob("run-*.pid"))


def test_a_hub_that_slept_finds_that_another_leads(pair: Pair) -> None:
    first, second = pair.start("a"), pair.start("b")
    run_id = begin(first, 30)
    child = int((pair.settings("a").home / "work" / f"run-{run_id}.pid").read_text())
    pair.signal("a", signal.SIGSTOP)
    os.killpg(child, signal.SIGSTOP)
    follow(second)
    os.killpg(child, signal.SIGCONT)
    pair.signal("a", signal.SIGCONT)
    assert_run_once(second, run_id, 30)
    assert (leads(first), leads(second)) == (False, True)
    assert "has lost its lease" in pair.settings("a").log_path.read_text()


def test_either_answers_for_a_model_wherever_it_was_fitted(pair: Pair) -> None:
    first, second = pair.start("a"), pair.start("b")
    run_id = begin(first, 2)
    first.wait("ExperimentSession", run_id, "completed")
    model = first.get("/trials", experiment_session_id=run_id)[0]["id"]
    second.post("/pipelines", trial_id=model)
    second.wait("Pipeline", model, "ready")
    told = [ask(hub, model) for hub in (first, second)]
    assert told[0] == told[1] != []
    at_once = second.post("/predictions", pipeline_id=model, wait=True, **ROW)
    assert at_once["result"]["data"] == told[1]
    project = second.get(f"/trials/{model}")["project_id"]
    log = pair.settings("a").home / "logs" / f"project-{project}.log"
    log.write_text("what a trial said\n")
    lines = [one["data"] for one in first.get("/pod_logs", project_id=project)]
    assert lines == ["what a trial said\n"]
    assert wait_until(lambda: len(second.get("/pod_logs", project_id=project)) == 1)
    pair.signal("a", signal.SIGKILL)
    shutil.rmtree(pair.settings("a").home)
    follow(second)
    assert ask(second, model) == told[0]
    assert ask(pair.start("a"), model) == told[0]


def ask(hub: Client, model: str) -> Any:
    answer = answered(hub, hub.post("/predictions", pipeline_id=model, **ROW))
    assert answer["status"] == "done", answer["error_message"]
    return answer["result"]["data"]


def test_guesses_of_a_password_count_at_both(pair: Pair) -> None:
    hubs = [pair.start("a"), pair.start("b")]

    def guess(number: int) -> int:
        sent = {"email": "local", "password": "wrong"}
        url = f"{hubs[number % 2].url}/api/v1/tokens"
        return requests.post(url, json=sent, timeout=30).status_code

    assert [guess(number) for number in range(12)] == [401] * 10 + [429] * 2


def test_a_hub_for_work_alone_answers_nobody(pair: Pair) -> None:
    worker, web = pair.start("a", "work"), pair.start("b", "web")
    assert requests.get(f"{worker.url}/ready", timeout=30).status_code == 200
    assert requests.get(f"{worker.url}/api/v1/projects", timeout=30).status_code == 404
    web.add_project()
    assert (leads(worker), leads(web)) == (True, False)
