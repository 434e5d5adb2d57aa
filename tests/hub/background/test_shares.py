"""The runs of a project share its compute."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub.client import Client, wait_until


def run_of(hub: Client, run_id: str) -> dict[str, Any]:
    return dict(hub.get(f"/experiment_sessions/{run_id}"))


def start(hub: Client, file: dict[str, Any]) -> str:
    run = hub.add_run(file, max_n_trials=500)
    hub.start_run(run["id"])
    return str(run["id"])


def has_trials(hub: Client, run_id: str) -> bool:
    return bool(hub.get("/trials", experiment_session_id=run_id))


@pytest.mark.slow
def test_two_runs_of_a_project_go_on_at_the_same_time_and_a_third_one_waits(
    hub: Client, project: dict[str, Any]
) -> None:
    file = hub.add_file(project["id"])
    runs = [start(hub, file) for _ in range(3)]
    for run_id in runs[:2]:
        assert wait_until(lambda run_id=run_id: has_trials(hub, run_id), 60)
    waiting = run_of(hub, runs[2])
    assert waiting["status"] == "preprocess"
    assert waiting["message"] == "waits for a free worker of its project"
    hub.stop_run(runs[0])
    assert wait_until(lambda: has_trials(hub, runs[2]), 60)
    assert run_of(hub, runs[2])["message"] is None
    hub.stop_run(runs[1])
    hub.stop_run(runs[2])
