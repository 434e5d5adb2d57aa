"""Keep one fitted model loaded in this process, and answer JSON lines."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from auger_hub.fork_server.client import ForkServer, end
from auger_hub.settings import HubSettings

RECORDS_SECONDS = 60.0
"""For a question with its rows in it."""
FILE_SECONDS = 3600.0
_LOAD_SECONDS = 120.0
"""More, for the first question: libraries and model are loaded before."""


class WorkerDied(Exception):
    """The process ended while it was asked."""


class Busy(Exception):
    """Others ask the process, and there is no time to wait for them."""


class ModelWorker:
    """One model in memory; questions are answered one after the other."""

    def __init__(
        self, settings: HubSettings, fork_server: ForkServer, folder: Path, digest: str | None
    ) -> None:
        self.digest = digest
        self.used_at = time.monotonic()
        self._lock = threading.Lock()
        self._has_answered = False
        question, self._stdin = _pipe()
        self._stdout, answer = _pipe()
        with question, answer, settings.log_path.open("ab") as log:
            # it ends by itself when the hub does, because its stdin ends
            self._process = fork_server.start(
                "auger_hub.models.worker",
                str(folder),
                stdin=question,
                stdout=answer,
                stderr=log,
            )

    @property
    def is_loaded(self) -> bool:
        """Whether it has answered before: the next answer takes no longer than it has to."""
        return self._has_answered

    def ask_now(self, question: dict[str, Any], seconds: float, patience: float) -> dict[str, Any]:
        """Do as `ask`; raise Busy when others ask it for longer than `patience`."""
        if not self._lock.acquire(timeout=patience):
            raise Busy
        return self._ask(question, seconds)

    def ask(self, question: dict[str, Any], seconds: float = RECORDS_SECONDS) -> dict[str, Any]:
        """Send a question and wait for its answer; raise WorkerDied when none comes in time.

        A process that takes longer than `seconds` is killed: it may be stopped or stuck, and
        everybody who asks it would wait with it.
        """
        if not self._lock.acquire(timeout=FILE_SECONDS):
            raise WorkerDied
        return self._ask(question, seconds)

    def _ask(self, question: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Ask while the lock is held, and give it back."""
        seconds += 0 if self._has_answered else _LOAD_SECONDS
        watch = threading.Timer(seconds, self._kill)
        watch.daemon = True
        watch.start()
        try:
            line = self._exchange(question)
        finally:
            watch.cancel()
            self._lock.release()
        if not line:
            raise WorkerDied
        self._has_answered = True
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _exchange(self, question: dict[str, Any]) -> bytes:
        try:
            self._stdin.write(json.dumps(question).encode() + b"\n")
            self._stdin.flush()
            return self._stdout.readline()
        except (OSError, ValueError) as error:
            raise WorkerDied from error
        finally:
            self.used_at = time.monotonic()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)

    def is_busy(self) -> bool:
        """Return whether a question is being answered."""
        return self._lock.locked()

    def close(self) -> None:
        """End the process."""
        end(self._process)
        for stream in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):  # bytes that nobody will read any more
                stream.close()


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    """Return both ends of a pipe, the one to read from first."""
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb"), os.fdopen(writing, "wb")
