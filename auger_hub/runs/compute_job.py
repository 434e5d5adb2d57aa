"""Child process: run a Dask cluster for each deployed project that needs one, on this machine.

A scheduler is here while the project keeps workers, or has a run that goes on for longer; it starts
workers as they are needed (`adapt`). The
schedulers speak TLS with a certificate made for this process: whoever may talk to a scheduler may
run code, and other users of the machine must not.

When the hub is gone, a cluster stays for as long as a run uses it; a new hub finds this process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dask
from distributed import LocalCluster
from distributed.security import Security
from filelock import Timeout
from sqlalchemy import select

from auger_hub.database.engine import Database
from auger_hub.database.tables import Project
from auger_hub.private_file import write_private_json
from auger_hub.processes.child_process import hold_job
from auger_hub.processes.daemon import is_serving
from auger_hub.processes.job_process import NICENESS
from auger_hub.runs.compute import DEPLOYED, JOB, clusters_in, memory_of, needs_cluster
from auger_hub.settings import LOOPBACK, HubSettings

_POLL_SECONDS = 0.5
_HUB_POLL_SECONDS = 1.0
_ORPHAN_SECONDS = 5.0
_ANYWHERE = f"{LOOPBACK}:0"
_CONFIG = {
    # Trials are long and unlike each other: with Dask's half second, clusters grow too slowly.
    "distributed.scheduler.unknown-task-duration": "60s",
    # The run itself tries a trial again whose worker died, once.
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.daemon": False,  # they own the processes of trials
    "distributed.adaptive.wait-count": 10,  # seconds without work
    # Idle schedulers are many here: they need not watch themselves fifty times a second.
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.limit": "1m",
    "distributed.admin.system-monitor.interval": "10s",
    # Nor need workers look a hundred times a second what they are doing: trials do it elsewhere,
    # in processes that have limits of their own.
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.scheduler.active-memory-manager.start": False,
}
_log = logging.getLogger("auger.hub.compute")


@dataclass(frozen=True)
class Size:
    """What a project asks of its cluster."""

    least: int
    most: int
    memory_mb: int

    @classmethod
    def of(cls, project: Project) -> Size:
        """Return the size; no more workers than this machine has cores."""
        most = max(1, min(project.workers_count, os.cpu_count() or 1))
        return cls(
            min(project.min_workers_count or 0, most), most, memory_of(project.worker_type_id)
        )


class Clusters:
    """The clusters that run now."""

    def __init__(self, settings: HubSettings) -> None:
        self._settings = settings
        self._security: Any = Security.temporary()  # type: ignore[no-untyped-call]
        self._clusters: dict[int, tuple[Size, Any]] = {}

    async def follow(self, wanted: Mapping[int, Size]) -> None:
        """Start, resize and end clusters, until each project has what it asks for."""
        ended = []
        for project_id, (size, cluster) in list(self._clusters.items()):
            asked = wanted.get(project_id)
            if asked is None or asked.memory_mb != size.memory_mb:
                ended.append(self._end(project_id))
            elif asked != size:
                cluster.adapt(minimum=asked.least, maximum=asked.most)
                self._clusters[project_id] = asked, cluster
        await asyncio.gather(*ended)
        for project_id in wanted.keys() - self._clusters.keys():
            await self._start(project_id, wanted[project_id])

    def in_use(self) -> set[int]:
        """Return the projects with a run that is connected."""
        return {
            project_id
            for project_id, (_, cluster) in self._clusters.items()
            if cluster.scheduler.clients.keys() - {"fire-and-forget"}
        }

    async def _start(self, project_id: int, size: Size) -> None:
        cluster: Any = await LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=0,
            threads_per_worker=1,
            host=LOOPBACK,
            protocol="tls",
            security=self._security,
            memory_limit=size.memory_mb * 1024**2,
            dashboard_address=_ANYWHERE,
            worker_dashboard_address=_ANYWHERE,
            local_directory=str(self._settings.work_folder),
            silence_logs=logging.ERROR,
            asynchronous=True,
        )
        cluster.adapt(minimum=size.least, maximum=size.most)
        self._clusters[project_id] = size, cluster
        note = {
            "url": cluster.scheduler_address,
            "certificate": self._security.tls_client_cert,
            "key": self._security.tls_client_key,
        }
        write_private_json(self._settings.cluster_path(project_id), note)
        _log.info("the cluster of project %d runs: %s", project_id, size)

    async def _end(self, project_id: int) -> None:
        _, cluster = self._clusters.pop(project_id)
        await cluster.close()
        self._settings.cluster_path(project_id).unlink(missing_ok=True)
        _log.info("the cluster of project %d has ended", project_id)


async def _serve(settings: HubSettings) -> None:
    """Follow the database until told to end, or until neither hub nor run needs a cluster."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    database, clusters = Database(settings.database_url), Clusters(settings)
    hub = _HubWatch(settings)
    while not ended.is_set():
        wanted = _wanted(database)
        if hub.is_gone():
            used = clusters.in_use()
            wanted = {key: size for key, size in wanted.items() if key in used}
            if not wanted:
                break
        await clusters.follow(wanted)
        await asyncio.wait([asyncio.ensure_future(ended.wait())], timeout=_POLL_SECONDS)
    await clusters.follow({})


class _HubWatch:
    """Knows whether the hub has been gone for so long that it is not just starting again."""

    def __init__(self, settings: HubSettings) -> None:
        self._settings = settings
        self._seen_at = self._looked_at = time.monotonic()

    def is_gone(self) -> bool:
        present = time.monotonic()
        if present - self._looked_at > _HUB_POLL_SECONDS:
            self._looked_at = present
            if is_serving(self._settings):
                self._seen_at = present
        return present - self._seen_at > _ORPHAN_SECONDS


def _wanted(database: Database) -> dict[int, Size]:
    is_there = Project.status.in_(DEPLOYED), Project.deleting.is_(False)
    query = select(Project).where(*is_there, needs_cluster())
    with database.read() as session:
        return {project.id: Size.of(project) for project in session.scalars(query)}


def main() -> int:
    """Hold the clusters of this hub; return the exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    logging.getLogger("distributed").setLevel(logging.ERROR)
    os.nice(NICENESS)
    settings = HubSettings.from_environment()
    try:
        with hold_job(settings, JOB.name):
            for project_id in clusters_in(settings):  # of one that was killed
                settings.cluster_path(project_id).unlink(missing_ok=True)
            with dask.config.set(_CONFIG):
                asyncio.run(_serve(settings))
    except Timeout:
        return 0  # another process does it
    return 0
