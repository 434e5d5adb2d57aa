"""A real hub in a temporary home."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from auger_hub.database.engine import Database
from auger_hub.processes import daemon
from auger_hub.settings import HubSettings
from tests.hub.client import Client, connect
from tests.hub.shared import start_shared_hub


@pytest.fixture(scope="session", autouse=True)
def made_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let new databases in files begin as a copy of one whose tables the migrations made.

    A hundred tests begin with an empty database; to make its tables takes a quarter of a second.
    """
    made = tmp_path_factory.mktemp("tables") / "hub.db"
    with closing(Database(f"sqlite:///{made}")) as database:
        database.migrate()
    migrate = Database.migrate

    def copy_and_migrate(database: Database) -> None:
        file = Path(database.engine.url.database or "")  # `file:...` is one in memory
        if database.is_sqlite and file.is_absolute() and file.parent.exists() and not file.exists():
            shutil.copyfile(made, file)
        migrate(database)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "migrate", copy_and_migrate)
        yield


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
