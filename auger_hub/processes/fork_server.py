"""Starts the hub's child processes, and keeps one that has imported all they need and forks them.

Importing the learning stack takes seconds, and is the same for runs, models and predictions. While
any of these is to be expected, one process has it imported; its forks start within milliseconds
and share its memory. Where there is none (after some idle minutes, or on Windows) a child is a
fresh `python -m` that imports for itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

import sqlalchemy

from auger_hub.database.engine import Database
from auger_hub.database.tables import ExperimentSession, Project, ProjectFile, now
from auger_hub.settings import HubSettings

IS_ABLE = hasattr(os, "fork") and hasattr(socket, "send_fds")
_EXPECTED = timedelta(minutes=3)
_STARTED = ("deploying", "deployed", "running")
_ANSWER_SECONDS = 10.0
_AGAIN_SECONDS = 30.0
_POLL_SECONDS = 0.02


class Running(Protocol):
    """What the hub needs of a child process; `subprocess.Popen` has it too."""

    @property
    def pid(self) -> int: ...  # noqa: D102 - as of subprocess.Popen

    def poll(self) -> int | None: ...  # noqa: D102 - as of subprocess.Popen


class Forked:
    """A process that the nursery forked; nobody's child here, so it leaves no exit code."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = _open_handle(pid)

    def poll(self) -> int | None:
        """Return None while it lives, else 0."""
        if self._handle is None:
            return None if exists(self.pid) else 0
        if self._handle < 0:
            return 0
        if not select.select([self._handle], [], [], 0)[0]:
            return None
        os.close(self._handle)
        self._handle = -1
        return 0


class Nursery:
    """One warm process, or none; safe for use from several threads."""

    def __init__(self, settings: HubSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._is_warm = False
        self._opened_at = float("-inf")

    def keep(self, *, is_expected: bool) -> None:
        """Have a warm process while work is expected, and none after."""
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                self._close()
            is_due = time.monotonic() - self._opened_at > _AGAIN_SECONDS
            if not is_expected:
                self._close()
            elif IS_ABLE and self._process is None and is_due:
                self._open()

    def is_warming_up(self) -> bool:
        """Return whether a process is about to be ready: worth waiting for."""
        with self._lock:
            return self._process is not None and not self._becomes_warm()

    def start(
        self,
        module: str,
        *arguments: str,
        stdout: BinaryIO,
        stderr: BinaryIO,
        stdin: BinaryIO | None = None,
    ) -> Running:
        """Start `python -m MODULE ARGUMENTS` in a session of its own; fork it where one is warm."""
        with Path(os.devnull).open("rb") as nothing:
            streams = (stdin or nothing, stdout, stderr)
            pid = self._fork([module, *arguments], [stream.fileno() for stream in streams])
            if pid is not None:
                return Forked(pid)
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=streams[0],
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                env=self._environment(),
            )

    def close(self) -> None:
        """End the warm process; those that it forked go on."""
        with self._lock:
            self._close()

    def _fork(self, command: list[str], descriptors: list[int]) -> int | None:
        with self._lock:
            if not self._becomes_warm() or self._line is None:
                return None
            try:
                socket.send_fds(self._line, [json.dumps(command).encode()], descriptors)
                return int(_read_line(self._line))
            except (OSError, ValueError):
                self._close()
                return None

    def _becomes_warm(self) -> bool:
        if self._line is None or self._is_warm or not select.select([self._line], [], [], 0)[0]:
            return self._is_warm
        with contextlib.suppress(OSError):
            self._is_warm = _read_line(self._line) == "ready"
        if not self._is_warm:
            self._close()
        return self._is_warm

    def _open(self) -> None:
        self._opened_at = time.monotonic()
        self._line, other = socket.socketpair()
        self._line.settimeout(_ANSWER_SECONDS)
        with other, self._settings.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "auger_hub.processes.fork_server_main", str(other.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[other.fileno()],
                start_new_session=True,
                env=self._environment(),
            )

    def _close(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process, self._line, self._is_warm = None, None, False

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self._settings.to_environment()}


def is_work_expected(database: Database) -> bool:
    """Return whether somebody seems to be on the way to a run."""
    recent = now() - _EXPECTED
    signs = (
        sqlalchemy.exists().where(Project.status.in_(_STARTED), Project.updated_at > recent),
        sqlalchemy.exists().where(ProjectFile.created_at > recent),
        sqlalchemy.exists().where(ExperimentSession.created_at > recent),
    )
    with database.connect() as connection:
        return any(connection.scalar(sqlalchemy.select(sign)) for sign in signs)


def end(process: Running) -> None:
    """Kill a process and wait until it is gone."""
    while process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)


def _open_handle(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process ends; -1 when it has ended."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return -1
    except OSError:
        return None


def exists(pid: int) -> bool:
    """Return whether there is a process; one that belongs to somebody else counts."""
    try:
        with contextlib.suppress(PermissionError):
            os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _read_line(line: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\n"):
        part = line.recv(64)
        if not part:
            raise OSError("the nursery is gone")
        answer += part
    return answer.decode().strip()
