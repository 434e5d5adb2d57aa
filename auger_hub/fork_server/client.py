"""Start child processes, where possible as forks of one that has imported all they need.

Importing the learning stack takes seconds, and is the same for runs, trials, models and
predictions. While any of these is to be expected, one process has it imported; its forks start
within milliseconds and share its memory. Where there is none (after some idle minutes, or on
Windows) a child is a fresh `python -m` that imports for itself.
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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

IS_ABLE = hasattr(os, "fork") and hasattr(socket, "send_fds")
_ANSWER_SECONDS = 10.0
_AGAIN_SECONDS = 30.0
_EXIT_SECONDS = 1.0
_POLL_SECONDS = 0.02


class Running(Protocol):
    """What the hub needs of a child process; `subprocess.Popen` has it too."""

    @property
    def pid(self) -> int: ...  # noqa: D102 - as of subprocess.Popen

    def poll(self) -> int | None: ...  # noqa: D102 - as of subprocess.Popen


class Forked:
    """A process that the fork server forked; nobody's child here."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = _open_handle(pid)

    def poll(self) -> int | None:
        """Return None while it lives, else 0: only the fork server knows its exit code."""
        if self._handle is None:
            return None if exists(self.pid) else 0
        if self._handle < 0:
            return 0
        if not select.select([self._handle], [], [], 0)[0]:
            return None
        os.close(self._handle)
        self._handle = -1
        return 0


class ForkServer:
    """One process that forks, or none; safe for use from several threads.

    Args:
        imports: modules that its forks need.
        later_imports: modules that can wait until nothing is to be forked.
        environment: what its forks find in theirs, besides ours.
        log_path: where it says what goes wrong; by default where we say it.
    """

    def __init__(
        self,
        imports: Sequence[str] = (),
        later_imports: Sequence[str] = (),
        *,
        environment: Mapping[str, str] | None = None,
        log_path: Path | None = None,
    ) -> None:
        self._imports = json.dumps([[*imports], [*later_imports]])
        self._own_environment = dict(environment or {})
        self._log_path = log_path
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._unread = b""
        self._exit_codes: dict[int, int] = {}
        self._is_ready = False
        self._opened_at = float("-inf")

    def keep(self, *, is_expected: bool) -> None:
        """Have the process while work is expected, and none after.

        One that ended by itself is not started again at once.
        """
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                self._close()
            is_due = time.monotonic() - self._opened_at > _AGAIN_SECONDS
            if self._process is not None and not is_expected:
                self._close()
                self._opened_at = float("-inf")
            elif self._process is None and is_expected and IS_ABLE and is_due:
                self._open()

    def is_starting(self) -> bool:
        """Return whether the process is about to be ready: worth waiting for."""
        with self._lock:
            return self._process is not None and not self._becomes_ready(0)

    def wait(self, seconds: float) -> None:
        """Wait until the process is ready, if there is one, and not longer than so long."""
        with self._lock:
            if self._process is not None:
                self._becomes_ready(seconds)

    def start(
        self,
        module: str,
        *arguments: str,
        stdout: BinaryIO,
        stderr: BinaryIO,
        stdin: BinaryIO | None = None,
    ) -> Running:
        """Start `python -m MODULE ARGUMENTS` in a session of its own; as a fork where possible."""
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

    def exit_code(self, process: Running) -> int | None:
        """Return how a process ended, negative for a signal; None when nobody can tell."""
        if not isinstance(process, Forked):
            return process.poll()
        with self._lock, contextlib.suppress(OSError):
            deadline = time.monotonic() + _EXIT_SECONDS
            while process.pid not in self._exit_codes and time.monotonic() < deadline:
                if self._line is None:
                    break
                if select.select([self._line], [], [], _POLL_SECONDS)[0]:
                    self._note(self._read_line())
        return self._exit_codes.pop(process.pid, None)

    def close(self) -> None:
        """End the process; those that it forked go on."""
        with self._lock:
            self._close()

    def _fork(self, command: list[str], descriptors: list[int]) -> int | None:
        with self._lock:
            if not self._becomes_ready(0) or self._line is None:
                return None
            try:
                socket.send_fds(self._line, [json.dumps(command).encode()], descriptors)
                while not self._note(answer := self._read_line()):
                    pass
                return int(answer[1])
            except (OSError, ValueError, IndexError):
                self._close()
                return None

    def _note(self, words: list[str]) -> bool:
        """Keep the exit code that the process tells now and then; return whether it is another."""
        if words[0] != "ended":
            return True
        self._exit_codes[int(words[1])] = int(words[2])
        return False

    def _becomes_ready(self, seconds: float) -> bool:
        line = self._line
        if line is None or self._is_ready or not select.select([line], [], [], seconds)[0]:
            return self._is_ready
        with contextlib.suppress(OSError):
            self._is_ready = self._read_line() == ["ready"]
        if not self._is_ready:
            self._close()
        return self._is_ready

    def _open(self) -> None:
        self._opened_at = time.monotonic()
        self._line, other = socket.socketpair()
        self._line.settimeout(_ANSWER_SECONDS)
        log = None if self._log_path is None else self._log_path.open("ab")
        with other, log or contextlib.nullcontext():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "auger_hub.fork_server", str(other.fileno()), self._imports],
                stdin=subprocess.DEVNULL,
                stdout=log or subprocess.DEVNULL,
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
        self._process, self._line, self._is_ready = None, None, False
        self._unread = b""

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self._own_environment}

    def _read_line(self) -> list[str]:
        """Return the words of the next line."""
        while b"\n" not in self._unread:
            part = b"" if self._line is None else self._line.recv(4096)
            if not part:
                raise OSError("the fork server is gone")
            self._unread += part
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode().split()


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
