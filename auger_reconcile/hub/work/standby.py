"""A run process that has imported the learning stack already and waits for its run.

Importing takes longer than the first trials of a small data set. A process is kept ready while a
run is to be expected: for some minutes after a project was started, data came or a run was made.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from sqlalchemy import exists, select

from auger_reconcile.hub.database.engine import Database
from auger_reconcile.hub.database.tables import ExperimentSession, Project, ProjectFile, now
from auger_reconcile.hub.settings import HubSettings
from auger_reconcile.hub.work.process import MODULE, Child, Job

WAIT_FOR_JOB = "-"
"""Stands for the row on the command line of a child that will be told its row on stdin."""
_EXPECTED = timedelta(minutes=3)
_STARTED = ("deploying", "deployed", "running")


class Standby:
    """Keeps at most one process ready."""

    def __init__(self, settings: HubSettings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self, *, is_expected: bool, is_idle: bool) -> None:
        """Have a process ready when a run is expected; start it only while nothing else works."""
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if not is_expected:
            self.close()
        elif self._process is None and is_idle:
            self._process = self._start()

    def take(self, job: Job, log_path: Path) -> Child | None:
        """Give the job to the waiting process; None when there is none."""
        process, self._process = self._process, None
        if process is None or process.stdin is None or process.poll() is not None:
            return None
        try:
            with process.stdin as stdin:
                line = {"row_id": job.row_id, "log": str(log_path)}
                stdin.write(json.dumps(line).encode() + b"\n")
        except OSError:
            return None
        return Child.of_process(job, process, self._settings)

    def close(self) -> None:
        """End the waiting process."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        process.terminate()
        process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._settings.log_path.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", MODULE, "run", WAIT_FOR_JOB],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **self._settings.to_environment()},
            )


def is_run_expected(database: Database) -> bool:
    """Return whether somebody seems to be on the way to a run."""
    recent = now() - _EXPECTED
    signs = (
        exists().where(Project.status.in_(_STARTED), Project.updated_at > recent),
        exists().where(ProjectFile.created_at > recent),
        exists().where(
            ExperimentSession.status == "waiting", ExperimentSession.created_at > recent
        ),
    )
    with database.connect() as connection:
        return any(connection.scalar(select(sign)) for sign in signs)


def wait_for_job() -> str | None:
    """Return the row this child process is told on stdin; None when the hub has no use for it."""
    line = sys.stdin.readline()
    if not line:
        return None
    job = json.loads(line)
    log_path = Path(job["log"])
    log_path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(descriptor, stream.fileno())
    os.close(descriptor)
    return str(job["row_id"])
