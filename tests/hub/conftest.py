"""A real hub in a temporary home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auger_hub.processes import daemon
from auger_hub.settings import HubSettings
from tests.hub.client import Client, connect
from tests.hub.shared import start_shared_hub


@pytest.fixture(scope="session")
def hub(hub_lane: None) -> Client:
    """One hub that all tests share; each makes its own project."""
    return connect(start_shared_hub())


@pytest.fixture
def own_hub(hub_lane: None, slow_lane: None, tmp_path: Path) -> Iterator[HubSettings]:
    """The settings of a hub that the test starts and ends as it likes."""
    settings = HubSettings(home=tmp_path / "hub")
    yield settings
    daemon.stop(settings)


@pytest.fixture
def project(hub: Client) -> dict[str, Any]:
    """A running project of its own."""
    return hub.add_project()


@pytest.fixture(scope="session")
def iris_project(hub: Client) -> dict[str, Any]:
    """A project whose data set `iris` is processed, for tests that only read it."""
    project = hub.add_project()
    return {"project": project, "file": hub.add_file(project["id"])}


@pytest.fixture(scope="session")
def finished_run(hub: Client, iris_project: dict[str, Any]) -> dict[str, Any]:
    """A completed run on iris with its board, for tests that only read it."""
    run = hub.add_run(iris_project["file"])
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "completed")
    return {
        "run": hub.get(f"/experiment_sessions/{run['id']}"),
        "trials": hub.get("/trials", experiment_session_id=run["id"]),
    }
