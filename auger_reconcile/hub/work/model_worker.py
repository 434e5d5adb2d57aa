"""A process that keeps one fitted model loaded and answers JSON lines."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from auger_reconcile.hub.settings import HubSettings


class WorkerDied(Exception):
    """The process ended while it was asked."""


class ModelWorker:
    """One model in memory; questions are answered one after the other."""

    def __init__(self, settings: HubSettings, pipeline_id: str) -> None:
        self.used_at = time.monotonic()
        self._lock = threading.Lock()
        self._process = _start(settings, settings.models_folder / pipeline_id)

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Send a question and wait for its answer; raise WorkerDied when none comes."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with self._lock:
            try:
                stdin.write(json.dumps(question).encode() + b"\n")
                stdin.flush()
                line = stdout.readline()
            except (OSError, ValueError) as error:
                raise WorkerDied from error
            finally:
                self.used_at = time.monotonic()
        if not line:
            raise WorkerDied
        answer: dict[str, Any] = json.loads(line)
        return answer

    def is_busy(self) -> bool:
        """Return whether a question is being answered."""
        return self._lock.locked()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue  # bytes that nobody will read any more


def _start(settings: HubSettings, folder: Path) -> subprocess.Popen[bytes]:
    """Start the worker; it ends by itself when the hub does, because its stdin ends."""
    with settings.log_path.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "auger_reconcile.hub.models.worker", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
