"""Measure a controller that keeps a thousand projects of one repository, of which none changes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from benchmarks.figure import Figure, Section
from benchmarks.own_hub import PATIENCE, OwnHub, own_hub

PROJECTS = 1_000
MINUTE = 60.0
MOST_SECONDS, MOST_MEMORY, MOST_WAIT = 5.0, 300.0, 10.0
_TICKS = os.sysconf("SC_CLK_TCK")
_AUGER = (sys.executable, "-m", "auger_reconcile")
_IDENTITY = ("-c", "user.name=ops", "-c", "user.email=ops@example.com")


def measure() -> Section:
    """Measure a minute without news, and the time from a commit to its project on the hub."""
    with tempfile.TemporaryDirectory() as folder, own_hub(Path(folder)) as hub:
        repository = Path(folder) / "repository"
        repository.mkdir()
        _git(repository, "init", "--quiet", "--initial-branch=main")
        _commit(repository, PROJECTS)
        with _controller(Path(folder), hub) as (process, url):
            _wait_for(lambda: _is_in_sync(url))
            requests_before, cpu = _requests(hub), _cpu(process.pid)
            time.sleep(MINUTE)
            cpu, asked = _cpu(process.pid) - cpu, _requests(hub) - requests_before
            memory = _memory(process.pid)
            _commit(repository, PROJECTS + 1)
            began = time.monotonic()
            _wait_for(lambda: _has_project(hub, f"p{PROJECTS}"))
            seconds = time.monotonic() - began
    what = f"{PROJECTS:,} projects, none changed"
    return Section(
        name="controller_many",
        title="Controller",
        figures=[
            Figure(f"{what}: a minute", f"{cpu:.2f} s", "", cpu, MOST_SECONDS),
            Figure(f"{what}: memory", f"{memory:.0f} MB", "", memory, MOST_MEMORY),
            Figure(f"{what}: requests to the hub in a minute", f"{asked:.0f}"),
            Figure(
                "a commit adds a project: on the hub", f"{seconds:.1f} s", "", seconds, MOST_WAIT
            ),
        ],
        notes=[
            "One file of one repository declares them all; `interval: 1m`, the other spans as by",
            "default: a look a minute, the branch asked for commits every 5 seconds, the hub for",
            "alerts every 30. The time is of the controller and of what it starts (`git`).",
        ],
    )


@contextmanager
def _controller(folder: Path, hub: OwnHub) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run a controller of the repository in the folder; yield it, and where it tells how it is."""
    with tempfile.TemporaryFile() as log:
        port = _free_port()
        settings = {
            "home": str(folder / "home"),
            "interval": "1m",
            "listen": f"127.0.0.1:{port}",
            "repositories": [{"url": str(folder / "repository"), "allow": ["create", "start"]}],
        }
        (folder / "controller.yaml").write_text(json.dumps(settings), encoding="utf-8")
        credentials = {"AUGER_CREDENTIALS": hub.settings.credentials_path.read_text()}
        process = subprocess.Popen(
            [*_AUGER, "controller", "run"],
            cwd=folder,
            env={**os.environ, **credentials},
            stdout=log,
            stderr=log,
        )
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _commit(repository: Path, projects: int) -> None:
    documents = "\n---\n".join(f"name: p{number}" for number in range(projects))
    (repository / "auger.yaml").write_text(documents + "\n", encoding="utf-8")
    _git(repository, "add", "auger.yaml")
    _git(repository, *_IDENTITY, "commit", "--quiet", "-m", f"{projects} projects")


def _git(repository: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=repository, check=True)


def _wait_for(is_there: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_there():
        assert time.monotonic() < deadline, "the controller does not get there"
        time.sleep(0.1)


def _is_in_sync(url: str) -> bool:
    try:
        told = requests.get(f"{url}/status", timeout=60).json()
    except requests.ConnectionError:  # it is starting
        return False
    return bool(told["targets"]) and all(one["condition"] == "in sync" for one in told["targets"])


def _has_project(hub: OwnHub, name: str) -> bool:
    return bool(hub.call("GET", "/projects", name=name))


def _requests(hub: OwnHub) -> float:
    """Return how many requests the hub has answered."""
    page = requests.get(f"{hub.url}/metrics", timeout=60)
    name = "auger_hub_requests_total{"
    counts = [line for line in page.text.splitlines() if line.startswith(name)]
    return sum(float(line.rpartition(" ")[2]) for line in counts)


def _cpu(pid: int) -> float:
    """Return the processor seconds of a process and of the ended ones that it started."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def _memory(pid: int) -> float:
    """Return the most memory that a process had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def _free_port() -> int:
    import socket  # noqa: PLC0415 - for this alone

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
