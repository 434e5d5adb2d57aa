"""Whoever starts a hub in the foreground can end it by the process that was started."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

SERVE = "from auger_reconcile.api.hubs.local_hub import LocalHub; LocalHub().serve(['--json'])"
AS_PROCESS_1 = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """The processes that a test has started; what is left of them is killed."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def serve(folder: Path, *before: str) -> tuple[subprocess.Popen[str], int]:
    """Return the process that was started, and the port that it serves."""
    environ = {**os.environ, "AUGER_HUB_HOME": str(folder / "hub")}
    process = subprocess.Popen(
        [*before, sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True, env=environ
    )
    assert process.stdout is not None
    return process, int(json.loads(process.stdout.readline())["url"].rpartition(":")[2])


def is_served(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.skipif(os.name != "posix", reason="a process cannot become another here")
@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        *(pytest.param(one, marks=pytest.mark.slow) for one in (signal.SIGHUP, signal.SIGINT)),
    ],
)
def test_a_signal_to_the_started_process_ends_the_hub_in_order(
    tmp_path: Path, started: list[subprocess.Popen[str]], number: signal.Signals
) -> None:
    process, port = serve(tmp_path)
    started.append(process)
    assert is_served(port)
    process.send_signal(number)
    process.wait(20)
    assert not is_served(port)
    assert not (tmp_path / "hub" / "hub.json").exists()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("unshare"), reason="no way to be process 1")
def test_a_hub_that_is_process_1_ends_at_sigterm(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    if subprocess.run([*AS_PROCESS_1, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not make a namespace of processes")
    process, port = serve(tmp_path, *AS_PROCESS_1)
    started.append(process)
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(child), signal.SIGTERM)
    deadline = time.monotonic() + 20
    while is_served(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_served(port)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a process cannot become another here")
def test_a_hub_under_nohup_goes_on_when_the_terminal_is_gone(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    process, port = serve(tmp_path, "nohup")
    started.append(process)
    process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert is_served(port)
