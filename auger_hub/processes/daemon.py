"""Start a hub when it is needed, exactly one, and stop it; imports nothing of the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from filelock import FileLock, Timeout

from auger_hub.private_file import read_json
from auger_hub.settings import FILE, HubSettings
from auger_hub.store.disk import look_at_disk

_START_SECONDS = 120.0  # a busy machine takes long to import a server; one that ended ends the wait
_STOP_SECONDS = 40.0
_POLL_SECONDS = 0.02
_LONG_LOG_BYTES = 20 * 1024**2


class HubFailed(Exception):
    """The hub did not start or stop; the text says why."""


@dataclass(frozen=True)
class RunningHub:
    """Where a running hub is."""

    url: str
    pid: int
    version: str
    started_at: str

    @property
    def uptime_seconds(self) -> float:
        """Seconds since it started."""
        started_at = datetime.fromisoformat(self.started_at)
        return (datetime.now(timezone.utc) - started_at).total_seconds()


def serving_lock(settings: HubSettings) -> FileLock:
    """Return the lock a serving process holds for its life."""
    return FileLock(settings.lock_path, timeout=2)


def find_running(settings: HubSettings) -> RunningHub | None:
    """Return the hub of this home folder, or None; a stale hub.json never lies."""
    if not settings.home.is_dir() or not is_serving(settings):
        return None
    state = read_json(settings.state_path)
    try:
        return RunningHub(**state)
    except TypeError:
        return None  # it is just starting, or just ending


def start(settings: HubSettings, *, is_new: bool = False) -> tuple[RunningHub, bool]:
    """Return the running hub, started when there was none, and whether this call started it.

    `is_new` is what `serve` takes by `--new`.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.home.chmod(0o700)
    with _starting_lock(settings):
        running = find_running(settings)
        if running is not None and is_healthy(running.url):
            return running, False
        _set_long_log_aside(settings.log_path)
        said_before = settings.log_path.stat().st_size if settings.log_path.exists() else 0
        process = None if is_serving(settings) else _spawn(settings, is_new=is_new)
        running = _wait_until_healthy(settings, process)
        if running is None:
            raise HubFailed(f"the hub did not start: {_find_reason(settings, said_before)}")
        return running, process is not None


@contextmanager
def _starting_lock(settings: HubSettings) -> Iterator[None]:
    try:
        with FileLock(settings.home / "start.lock", timeout=_START_SECONDS):
            yield
    except Timeout as error:
        raise HubFailed("another process has been starting the hub for too long") from error


def stop(settings: HubSettings) -> bool:
    """End the running hub and its children; False when none runs."""
    running = find_running(settings)
    if running is None:
        return False
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while is_serving(settings):
        if time.monotonic() > deadline:
            raise HubFailed(f"process {running.pid} did not end within {_STOP_SECONDS:.0f} s")
        time.sleep(_POLL_SECONDS)
    return True


def is_healthy(url: str) -> bool:
    """Ask the health check."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as response:  # noqa: S310 - our own
            return bool(response.status == 200)
    except OSError:
        return False


def is_serving(settings: HubSettings) -> bool:
    """Return whether a process serves this home, or is about to."""
    try:
        with serving_lock(settings).acquire(timeout=0):
            return False
    except Timeout:
        return True


def _spawn(settings: HubSettings, *, is_new: bool) -> subprocess.Popen[bytes]:
    """Start `serve` in a session of its own, speaking to nothing but its log."""
    command = [sys.executable, "-m", "auger_hub", "serve", "--host", settings.host]
    if settings.port:
        command += ["--port", str(settings.port)]
    if is_new:
        command.append("--new")
    with settings.log_path.open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=settings.home,
            # it has no output that anybody reads: the log is kept in bounds by itself
            env={**os.environ, **settings.to_environment(), "AUGER_HUB_LOG": FILE},
        )


def _wait_until_healthy(
    settings: HubSettings, process: subprocess.Popen[bytes] | None
) -> RunningHub | None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        running = find_running(settings)
        is_ours = process is None or (running is not None and running.pid == process.pid)
        if running is not None and is_ours and is_healthy(running.url):
            if process is not None:
                process.returncode = 0  # it lives on without us; nobody waits for it
            return running
        if process is not None and process.poll() is not None:
            if not is_serving(settings):
                break
            process = None  # another one came first: that is the hub
        time.sleep(_POLL_SECONDS)
    return None


def _set_long_log_aside(path: Path) -> None:
    if path.exists() and path.stat().st_size > _LONG_LOG_BYTES:
        path.replace(path.with_suffix(".log.old"))


def _find_reason(settings: HubSettings, said_before: int) -> str:
    """Return the last line of what this start has put into the log, or why it could not."""
    lines: list[str] = []
    with suppress(OSError), settings.log_path.open("rb") as file:
        file.seek(said_before)
        lines = file.read().decode(errors="replace").strip().splitlines()
    if lines:
        return lines[-1].removeprefix("error: ")
    if look_at_disk(settings).is_full:
        return f"the disk of {settings.home} is full or failing, nothing was changed"
    return "it left no word in its log"
