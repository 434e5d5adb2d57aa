"""The Dask cluster of a project: there while it is deployed, and no process longer."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from auger_hub.database.engine import Database
from auger_hub.database.tables import Experiment, ExperimentSession, Organization, Project, now
from auger_hub.processes import daemon
from auger_hub.runs.compute import needs_cluster
from auger_hub.search.trials.cluster import STAY_SECONDS, Address
from auger_hub.settings import HubSettings
from tests.hub.client import Client, connect, wait_until

PATIENCE = 120.0


@pytest.fixture
def hub(own_hub: HubSettings) -> Client:
    """A hub without any project."""
    daemon.start(own_hub)
    return connect(own_hub)


@pytest.fixture
def project_id(hub: Client, own_hub: HubSettings) -> int:
    """A deployed project that keeps one worker and may have two."""
    project = hub.post("/projects", name="p")
    sizes = {"worker_type_id": 1, "workers_count": 2, "min_workers_count": 1}
    hub.patch(f"/projects/{project['id']}/deploy", **sizes)
    assert wait_until(own_hub.cluster_path(project["id"]).exists, PATIENCE)
    return int(project["id"])


def compute(settings: HubSettings) -> list[psutil.Process]:
    """Return the process of the clusters, and all below it."""
    process = psutil.Process(int((settings.work_folder / "compute-all.pid").read_text()))
    return [process, *process.children(recursive=True)]


def workers(settings: HubSettings, project_id: int) -> dict[str, int]:
    """Return address and process of each worker of a project."""
    address = Address.read(settings.cluster_path(project_id))
    assert address is not None
    with closing(address.connect()) as client:
        return dict(client.run(os.getpid))


def are_gone(processes: list[psutil.Process]) -> bool:
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A project with a run."""
    with closing(Database(HubSettings(home=tmp_path).database_url)) as database:
        database.migrate()
        mine: dict[str, Any] = {"organization_id": 1, "project_id": 1}
        with database.write() as session:
            for row in (
                Organization(id=1, name="shop", main_bucket="bucket"),
                Project(id=1, organization_id=1, name="p", status="running", workers_count=2),
                Experiment(id="e", name="e", data_path_url="u", **mine),
                ExperimentSession(id="r", experiment_id="e", number=1, starter_user_id=1, **mine),
            ):
                session.add(row)
                session.flush()
        yield database


@pytest.mark.parametrize(
    ("status", "seconds", "least", "is_needed"),
    [
        ("waiting", None, None, False),
        ("started", 50, None, False),
        ("started", 70, None, True),
        ("completed", 70, None, False),
        ("waiting", None, 0, False),
        ("waiting", None, 1, True),
    ],
)
def test_a_cluster_is_for_a_long_run_or_for_workers_that_are_kept(
    database: Database, status: str, seconds: int | None, least: int | None, *, is_needed: bool
) -> None:
    with database.write() as session:
        run = session.get_one(ExperimentSession, "r")
        run.status = status
        run.started_at = None if seconds is None else now() - timedelta(seconds=seconds)
        session.get_one(Project, 1).min_workers_count = least
    with database.read() as session:
        assert list(session.scalars(select(Project.id).where(needs_cluster()))) == [1] * is_needed


def test_a_hub_without_a_deployed_project_has_no_compute(hub: Client, own_hub: HubSettings) -> None:
    hub.post("/projects", name="p")
    assert not list(own_hub.work_folder.glob("c*.*[!k]"))  # its lock was looked at


def test_deploy_starts_a_cluster_and_undeploy_ends_it(
    hub: Client, own_hub: HubSettings, project_id: int
) -> None:
    assert wait_until(lambda: len(workers(own_hub, project_id)) == 1, PATIENCE)
    processes = compute(own_hub)
    hub.patch(f"/projects/{project_id}/undeploy")
    hub.wait("Project", project_id, "undeployed")
    assert not own_hub.cluster_path(project_id).exists()
    assert wait_until(lambda: are_gone(processes), PATIENCE)


def test_only_who_may_read_the_hubs_folder_can_talk_to_a_cluster(
    own_hub: HubSettings, project_id: int
) -> None:
    path = own_hub.cluster_path(project_id)
    address = Address.read(path)
    assert address is not None
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises((OSError, TypeError, RuntimeError)):
        Address(address.url).connect()


def test_nothing_is_left_of_a_stopped_hub(own_hub: HubSettings, project_id: int) -> None:
    processes = compute(own_hub)
    daemon.stop(own_hub)
    assert wait_until(lambda: are_gone(processes), PATIENCE)


def test_nothing_is_left_of_a_killed_hub(own_hub: HubSettings, project_id: int) -> None:
    processes = compute(own_hub)
    kill(own_hub)
    assert wait_until(lambda: are_gone(processes), PATIENCE)


def test_a_new_hub_finds_the_cluster_of_a_killed_one(own_hub: HubSettings, project_id: int) -> None:
    before = compute(own_hub)[0]
    kill(own_hub)
    daemon.start(own_hub)
    connect(own_hub).wait("Project", project_id, "running")
    assert compute(own_hub)[0] == before


@pytest.mark.timeout(600)
@pytest.mark.skipif("AUGER_SOAK" not in os.environ, reason="`make soak` runs it")
def test_a_run_moves_to_the_cluster_and_a_killed_worker_costs_it_no_trial(
    hub: Client, own_hub: HubSettings, project_id: int
) -> None:
    run = hub.add_run(hub.add_file(project_id), max_n_trials=100_000)
    hub.start_run(run["id"])
    pid = busy_worker(own_hub, project_id)
    os.kill(pid, signal.SIGKILL)
    board = "/trials"
    before = len(hub.get(board, experiment_session_id=run["id"], limit=1000))
    assert wait_until(
        lambda: len(hub.get(board, experiment_session_id=run["id"], limit=1000)) >= before + 3,
        PATIENCE,
    )
    found = hub.get(f"/experiment_sessions/{run['id']}")
    assert found["status"] == "started"
    assert found["model_settings"]["error_trials"] == []
    hub.stop_run(run["id"])


def busy_worker(settings: HubSettings, project_id: int) -> int:
    """Return the process of a worker that runs a trial."""
    address = Address.read(settings.cluster_path(project_id))
    assert address is not None
    with closing(address.connect()) as client:
        found: list[int] = []

        def is_busy() -> bool:
            tasks = {where: keys for where, keys in client.processing().items() if keys}
            found[:] = [pid for where, pid in client.run(os.getpid).items() if where in tasks]
            return any("run_trial" in str(keys) for keys in tasks.values()) and bool(found)

        assert wait_until(is_busy, STAY_SECONDS + PATIENCE)
        return found[0]


def kill(settings: HubSettings) -> None:
    running = daemon.find_running(settings)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    assert wait_until(lambda: daemon.find_running(settings) is None)
