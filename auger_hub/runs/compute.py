"""Watch the process that holds the Dask clusters of deployed projects, for the supervisor.

One process for all of them: a scheduler more costs a few megabytes there, and 60 as a process of
its own. A project has a cluster while it keeps workers, or a run of it goes on for longer: most
runs end before workers would be ready. It follows the database by itself; here it is only started,
watched and ended.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, exists, or_, select

from auger_hub.database.engine import Database
from auger_hub.database.tables import ExperimentSession, Project, now
from auger_hub.fork_server.client import ForkServer
from auger_hub.processes.child_process import Child, Job, end_all
from auger_hub.settings import HubSettings

JOB = Job("compute", "all", 0)
DEPLOYED = ("deploying", "deployed", "running")
_LONG = timedelta(seconds=60)
"""After which a run may want a cluster: it moves to one after two minutes."""
_PAUSE_SECONDS = 10.0
_END_SECONDS = 5.0
_log = logging.getLogger("auger.hub.work")
_STANDARD_MB = 4096
_HIGH_MB = 16384  # worker types 2 and 3 are both called high_memory (wire contract §2.4)


class Compute:
    """Keeps the process running while a deployed project needs a cluster, and only then."""

    def __init__(self, settings: HubSettings, database: Database, log_path: Path) -> None:
        self._settings, self._database, self._log_path = settings, database, log_path
        # Its process is never opened: a cluster needs other libraries.
        self._fork_server = ForkServer(environment=settings.to_environment())
        self._child: Child | None = None
        self._next_start = 0.0
        self._is_adopted = False

    def keep(self) -> None:
        """Start or end the process as the projects need it; one that died is started again."""
        if self._settings.scheduler:
            return
        if not self._is_adopted:
            self._is_adopted = True
            self._child = Child.find(JOB, self._settings)
        if self._child is not None and not self._child.is_alive():
            self._child = None
        is_wanted = self._is_wanted()
        if self._child is None and is_wanted and time.monotonic() >= self._next_start:
            self._next_start = time.monotonic() + _PAUSE_SECONDS
            self._child = Child.start(JOB, self._settings, self._fork_server, self._log_path)
        elif self._child is not None and not is_wanted:
            self._child.signal(signal.SIGTERM)

    def projects(self) -> set[int]:
        """Return the projects whose cluster is there."""
        if self._child is None:
            return set()
        return clusters_in(self._settings)

    def stop(self) -> None:
        """End the process and all clusters."""
        if self._child is not None:
            end_all([self._child], _END_SECONDS)
            self._child = None

    def _is_wanted(self) -> bool:
        sign = exists().where(Project.status.in_((*DEPLOYED, "undeploying")), needs_cluster())
        with self._database.connect() as connection:
            return bool(connection.scalar(select(sign)))


def needs_cluster() -> ColumnElement[bool]:
    """Return what is true of a project that keeps workers, or has a run that goes on for longer."""
    has_long_run = exists().where(
        ExperimentSession.project_id == Project.id,
        ExperimentSession.status == "started",
        ExperimentSession.started_at < now() - _LONG,
    )
    return or_(Project.min_workers_count > 0, has_long_run)


def clusters_in(settings: HubSettings) -> set[int]:
    """Return the projects whose cluster has noted where it is."""
    pattern = settings.cluster_path(0).name.replace("0", "*")
    stems = (path.stem.rpartition("-")[2] for path in settings.work_folder.glob(pattern))
    return {int(stem) for stem in stems if stem.isdigit()}


def memory_of(worker_type_id: int) -> int:
    """Return the megabytes of one worker: no more than this machine has."""
    wanted = _STANDARD_MB if worker_type_id == 1 else _HIGH_MB
    try:
        installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2
    except (ValueError, OSError, AttributeError):
        return wanted
    return min(wanted, installed)
