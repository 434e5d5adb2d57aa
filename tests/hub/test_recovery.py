"""What happens when processes die: nothing finished is lost, nothing is done twice."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from auger_hub.processes import daemon
from auger_hub.settings import HubSettings
from tests.hub.client import Client, connect, wait_until

pytestmark = pytest.mark.slow


def kill_hub(settings: HubSettings) -> None:
    running = daemon.find_running(settings)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    assert wait_until(lambda: daemon.find_running(settings) is None)


def run_pid(hub: Client, run_id: str) -> int:
    path = hub.home / "work" / f"run-{run_id}.pid"
    assert wait_until(path.exists)
    return int(path.read_text())


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def trial_ids(hub: Client, run_id: str) -> list[str]:
    return [trial["id"] for trial in hub.get("/trials", experiment_session_id=run_id)]


def begin_long_run(hub: Client, **options: Any) -> str:
    project = hub.add_project()
    run = hub.add_run(hub.add_file(project["id"]), **{"max_n_trials": 500, **options})
    hub.start_run(run["id"])
    assert wait_until(lambda: len(trial_ids(hub, run["id"])) >= 2, seconds=40)
    return str(run["id"])


def test_a_run_survives_the_killed_hub_and_is_adopted(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    hub = connect(own_hub)
    run_id = begin_long_run(hub)
    pid = run_pid(hub, run_id)
    kill_hub(own_hub)
    assert is_alive(pid)
    daemon.start(own_hub)
    hub = connect(own_hub)
    before = len(trial_ids(hub, run_id))
    assert wait_until(lambda: len(trial_ids(hub, run_id)) > before, seconds=30)
    assert run_pid(hub, run_id) == pid
    assert hub.stop_run(run_id).status == 200
    assert wait_until(lambda: not is_alive(pid))


@pytest.mark.soak
def test_a_run_killed_with_its_hub_goes_on_with_the_trials_it_had(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    hub = connect(own_hub)
    run_id = begin_long_run(hub)
    pid = run_pid(hub, run_id)
    kill_hub(own_hub)
    os.killpg(pid, signal.SIGKILL)
    daemon.start(own_hub)
    hub = connect(own_hub)
    before = trial_ids(hub, run_id)
    assert len(before) >= 2
    assert wait_until(lambda: len(trial_ids(hub, run_id)) > len(before), seconds=40)
    after = trial_ids(hub, run_id)
    assert set(before) < set(after)
    assert len(after) == len(set(after))
    assert run_pid(hub, run_id) != pid


@pytest.mark.soak
def test_stop_ends_the_run_processes_and_the_next_start_goes_on(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    hub = connect(own_hub)
    run_id = begin_long_run(hub)
    pid = run_pid(hub, run_id)
    daemon.stop(own_hub)
    assert not is_alive(pid)
    daemon.start(own_hub)
    hub = connect(own_hub)
    status = hub.get("/status", object="ExperimentSession", id=run_id)["status"]
    assert status == "started"
    before = len(trial_ids(hub, run_id))
    assert before >= 2
    assert wait_until(lambda: len(trial_ids(hub, run_id)) > before, seconds=40)


def kill_as_often_as_it_starts(hub: Client, run_id: str) -> set[int]:
    """Kill the run's process and every one that follows; return those that were, at its error."""
    killed: set[int] = set()

    def is_closed() -> bool:
        with suppress(FileNotFoundError, ValueError, ProcessLookupError):  # it is just starting
            pid = int((hub.home / "work" / f"run-{run_id}.pid").read_text())
            if pid and pid not in killed:
                os.killpg(pid, signal.SIGKILL)
                killed.add(pid)
        status = hub.get("/status", object="ExperimentSession", id=run_id)["status"]
        return bool(status == "error")

    assert wait_until(is_closed, seconds=90)
    return killed


@pytest.mark.soak
def test_a_run_whose_process_dies_twice_without_a_trial_between_is_closed_as_an_error(
    own_hub: HubSettings,
) -> None:
    daemon.start(own_hub)
    hub = connect(own_hub)
    run_id = begin_long_run(hub)
    assert len(kill_as_often_as_it_starts(hub, run_id)) >= 3  # the first one kept trials
    run = hub.get(f"/experiment_sessions/{run_id}")
    assert run["message"].startswith("the process for this work ended unexpectedly twice")
    assert len(trial_ids(hub, run_id)) >= 2
    assert wait_until(lambda: not list(hub.home.glob("work/run-*")))


def test_a_prediction_asked_before_a_crash_is_answered_after_it(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    hub = connect(own_hub)
    run_id = begin_long_run(hub)
    hub.stop_run(run_id)
    trial_id = trial_ids(hub, run_id)[0]
    hub.post("/pipelines", trial_id=trial_id)
    hub.wait("Pipeline", trial_id, "ready")
    columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    asked = hub.post(
        "/predictions", pipeline_id=trial_id, records=[[5.1, 3.5, 1.4, 0.2]], features=columns
    )
    kill_hub(own_hub)
    daemon.start(own_hub)
    hub = connect(own_hub)
    path = f"/predictions/{asked['id']}"
    assert wait_until(lambda: hub.get(path)["status"] == "done", seconds=120)
    assert hub.get(path)["result"]["data"][0][-1] == "setosa"


def test_a_hub_whose_folder_is_removed_ends_and_leaves_the_next_one_alone(
    own_hub: HubSettings,
) -> None:
    """Else it would sweep away what the new hub in the same place knows and it does not."""
    first, _ = daemon.start(own_hub)
    shutil.rmtree(own_hub.home)
    second, _ = daemon.start(own_hub)
    assert wait_until(lambda: not is_alive(first.pid), seconds=30)
    assert daemon.find_running(own_hub) == second
    assert connect(own_hub).get("/projects") == []
