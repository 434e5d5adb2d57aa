"""Start and find child processes that outlive a killed hub: each holds a lock that tells of it.

A child leads its own process group, so that ending it ends what it started.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from auger_hub.fork_server.client import ForkServer, Running, exists
from auger_hub.settings import HubSettings

MODULE = "auger_hub.processes"
_IMPORTS = (
    "auger_hub.search.trials.preload",
    "auger_hub.search.run",
    "auger_hub.data.profile",
    "auger_hub.data.read",
    "auger_hub.processes.job_process",
)
# A quarter of the time of all, and of no use before a run has ended.
_LATER_IMPORTS = (
    "auger_hub.models.exports.archive",
    "auger_hub.models.package",
    "auger_hub.models.predict",
)
_LOCK_WAIT_SECONDS = 5.0
_POLL_SECONDS = 0.05


def open_fork_server(settings: HubSettings) -> ForkServer:
    """Return what starts this hub's child processes; it imports when work is expected."""
    return ForkServer(
        _IMPORTS,
        _LATER_IMPORTS,
        environment=settings.to_environment(),
        log_path=settings.log_path,
    )


@dataclass(frozen=True)
class Job:
    """One piece of background work: its kind, the row it is for and that row's project.

    `organization_id` is that project's; `is_download` says that it begins with a download, which
    takes as long as somebody else's server likes.
    """

    kind: str
    row_id: str
    project_id: int
    organization_id: int = field(default=0, compare=False)
    is_download: bool = field(default=False, compare=False)

    @property
    def name(self) -> str:
        """Return the name of its lock."""
        return f"{self.kind}-{self.row_id}"


class Child:
    """A running child process: started by this hub, or adopted from one that died."""

    def __init__(self, job: Job, pid: int, lock_path: Path) -> None:
        self.job = job
        self.pid = pid
        self._lock_path = lock_path
        self._process: Running | None = None

    @classmethod
    def start(
        cls,
        job: Job,
        settings: HubSettings,
        fork_server: ForkServer,
        log_path: Path,
        *,
        lease: int | None = None,
    ) -> Child:
        """Start `python -m auger_hub.processes KIND ROW_ID LEASE`, which ends with that lease."""
        log_path.parent.mkdir(parents=True, exist_ok=True)
        command = [MODULE, job.kind, job.row_id, *([] if lease is None else [str(lease)])]
        with log_path.open("ab") as log:
            process = fork_server.start(*command, stdout=log, stderr=log)
        child = cls(job, process.pid, _lock_path(settings, job.name))
        child._process = process
        return child

    @classmethod
    def find(cls, job: Job, settings: HubSettings) -> Child | None:
        """Return the child that still works on this job for a hub that is gone."""
        lock_path = _lock_path(settings, job.name)
        if not is_held(lock_path):
            return None
        try:
            pid = int(lock_path.with_suffix(".pid").read_text())
        except (OSError, ValueError):
            pid = 0
        return cls(job, pid, lock_path)

    def is_alive(self) -> bool:
        """Return whether it still works; what it left behind in its group is ended when not."""
        if self._process is not None:
            if self._process.poll() is None:
                return True
            self.signal(signal.SIGKILL)
            return False
        if not is_held(self._lock_path):
            return False
        if self.pid <= 0 or exists(self.pid):
            return True
        self.signal(signal.SIGKILL)  # only its orphans hold the lock now
        return False

    def signal(self, number: int) -> None:
        """Send a signal to the whole group."""
        if self.pid > 0:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)


def end_all(children: list[Child], seconds: float) -> None:
    """Ask the children to end, then kill those still alive after `seconds`."""
    for child in children:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + seconds
    waiting = [child for child in children if child.is_alive()]
    while waiting and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        waiting = [child for child in waiting if child.is_alive()]
    for child in waiting:
        child.signal(signal.SIGKILL)


@contextmanager
def hold_job(settings: HubSettings, name: str) -> Iterator[None]:
    """Mark this process as the one that does the job; raise Timeout when another one does."""
    path = _lock_path(settings, name)
    lock = FileLock(path, timeout=_LOCK_WAIT_SECONDS)
    pid_path = path.with_suffix(".pid")
    with lock:
        pid_path.write_text(str(os.getpid()))
        try:
            yield
        finally:
            pid_path.unlink(missing_ok=True)


@contextmanager
def own_folder(settings: HubSettings, name: str) -> Iterator[Path]:
    """Yield an empty folder for the files of a job that this process holds.

    It has the name of the job, so that what a killed process leaves in it is found: by the next
    one for the job, or by the sweep.
    """
    path = settings.work_folder / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def is_free(settings: HubSettings, name: str) -> bool:
    """Return whether no living process holds the job of that name."""
    return not is_held(_lock_path(settings, name))


def is_held(path: Path) -> bool:
    """Return whether a living process holds the lock."""
    lock = FileLock(path, timeout=0)
    try:
        with lock:
            return False
    except Timeout:
        return True


def _lock_path(settings: HubSettings, name: str) -> Path:
    return settings.work_folder / f"{name}.lock"
