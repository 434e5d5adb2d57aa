"""Several processes that answer at one port: any may die, and all end with the hub."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import requests

from auger_hub.processes import daemon
from auger_hub.settings import HubSettings
from tests.hub.client import Client, connect, try_hub, wait_until
from tests.hub.test_two_hubs import assert_run_once, begin


@pytest.fixture
def settings(hub_lane: None, slow_lane: None, tmp_path: Path) -> Iterator[HubSettings]:
    settings = HubSettings(home=tmp_path / "hub", workers=2, metrics="open")
    daemon.start(settings)
    yield settings
    daemon.stop(settings)


def workers_of(settings: HubSettings) -> list[psutil.Process]:
    running = daemon.find_running(settings)
    assert running is not None
    return psutil.Process(running.pid).children()


def count_listeners(settings: HubSettings) -> int:
    return sum(
        any(one.status == psutil.CONN_LISTEN for one in worker.net_connections("tcp"))
        for worker in workers_of(settings)
    )


def measure(hub: Client, name: str) -> float:
    told = requests.get(f"{hub.url}/metrics", timeout=30).text
    return sum(float(line.split()[-1]) for line in told.splitlines() if line.startswith(name))


def test_any_worker_may_die_within_a_run(settings: HubSettings) -> None:
    hub = connect(settings)
    run_id = begin(hub, 6)
    for worker in workers_of(settings):
        assert wait_until(lambda: count_listeners(settings) == 2, 60)
        worker.kill()
        worker.wait(60)
        for _ in range(5):
            assert requests.get(f"{hub.url}/health", timeout=60).status_code == 200
    assert_run_once(hub, run_id, 6)
    assert "has ended by itself (-9), and is started again" in settings.log_path.read_text()


def test_what_workers_count_is_added_up(settings: HubSettings) -> None:
    hub = connect(settings)
    for _ in range(20):
        assert requests.get(f"{hub.url}/api/v1/nothing", timeout=30).status_code == 404
    counted = 'auger_hub_requests_total{method="GET",route="/api/{path:path}"'
    assert measure(hub, counted) == 20
    assert {measure(hub, "auger_hub_leads ") for _ in range(8)} == {1}


def test_the_end_of_the_hub_is_that_of_its_workers(settings: HubSettings) -> None:
    workers = workers_of(settings)
    daemon.stop(settings)
    assert [worker for worker in workers if worker.is_running()] == []
    assert not settings.state_path.exists()


def test_workers_of_a_killed_hub_end_and_leave_their_port_to_the_next(
    settings: HubSettings,
) -> None:
    hub, workers = connect(settings), workers_of(settings)
    running = daemon.find_running(settings)
    assert running is not None
    parent = psutil.Process(running.pid)
    parent.kill()
    wait_until(lambda: not parent.is_running())
    again, is_new = daemon.start(replace(settings, port=int(hub.url.rpartition(":")[2])))
    assert (again.url, is_new) == (hub.url, True)
    assert wait_until(lambda: not any(worker.is_running() for worker in workers))


@pytest.mark.parametrize(
    "arguments", [("--workers", "0"), ("--workers", "-1"), ("--workers", "2", "--role", "work")]
)
def test_what_cannot_be_is_told(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = try_hub(tmp_path / "hub", "serve", *arguments)
    assert done.returncode == 1
    assert "workers: one or more, and of role work just one" in done.stderr
