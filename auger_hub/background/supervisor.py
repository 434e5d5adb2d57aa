"""Supervise background work: look at what the database says is unfinished and get it done.

Of all processes on one database one leads; the others answer their own predictions, keep their
disks in order and wait (`membership`).

There is no queue that could be lost: after a crash the next supervisor reads the same rows, adopts
the child processes that are still alive and starts the others again.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from auger_hub.background.alert_actions import act_on_alerts
from auger_hub.background.housekeeping import Housekeeping
from auger_hub.background.membership import Membership
from auger_hub.background.model_care import ModelCare
from auger_hub.background.project_lifecycle import advance_projects, retire_pipelines, stop_idle
from auger_hub.background.removal import Removal
from auger_hub.background.shared_logs import SharedLogs
from auger_hub.background.shares import may_start, share
from auger_hub.background.sweep import sweep_models, sweep_work
from auger_hub.database.engine import Database, NotLeading
from auger_hub.processes.child_process import Child, Job, end_all, open_fork_server
from auger_hub.processes.job_queue import close_job, count_trials, find_jobs, is_work_expected
from auger_hub.processes.logs import log_path, read_log, sweep_logs
from auger_hub.processes.turns import in_turn, may_begin
from auger_hub.review.observations import Unkept
from auger_hub.review.watch import Watch
from auger_hub.runs.compute import Compute
from auger_hub.serving.predictions import Predictions
from auger_hub.settings import HubSettings
from auger_hub.store.disk import look_at_disk
from auger_hub.store.local import Storage
from auger_hub.store.models import ModelStore
from auger_hub.store.source_logins import sweep_logins
from auger_hub.store.trash import empty_trash
from auger_hub.telemetry.metrics import JOB_FAILURES

_log = logging.getLogger("auger.hub.work")
_MOVING_SECONDS = 0.05
_WORKING_SECONDS = 0.25
_IDLE_SECONDS = 5.0
_ATTEMPTS = 2
_END_SECONDS = 8.0
_UNWANTED_SECONDS = 20.0
_SHORT_JOBS = 3
_STOP_SECONDS = 5.0
_LEARNING = ("run", "package", "export", "score", "evaluate", "explain", "refer")
_UNHURRIED = ("explain", "refer")  # nothing waits for them: they run while no trial does


@dataclass(frozen=True)
class Work:
    """How much there is to do: pieces of work by kind, and models that are loaded."""

    running: Counter[str]
    waiting: Counter[str]
    models: int


class Supervisor:
    """One thread that owns all child processes of the hub."""

    def __init__(self, settings: HubSettings, database: Database, storage: Storage) -> None:
        self._settings = settings
        self._database = database
        self._storage = storage
        self._fork_server = open_fork_server(settings)
        self.membership = Membership(settings, database, self.wake)
        self._led = led = database.fenced(self.membership.number)
        self.predictions = self._predictions = Predictions(
            settings, database, storage, self._fork_server
        )
        self._predictions.member = self.membership.id
        self._removal = Removal(led, storage)
        self._logs = SharedLogs(settings, led)
        self._models = ModelStore(settings, storage)
        self._model_care = ModelCare(settings, database, storage, led=led)
        self.unkept = Unkept()
        self._watch = Watch(led, self._models, self.unkept)
        self._compute = Compute(settings, database, log_path(settings, 0))
        self._children: dict[Job, Child] = {}
        self._shared: dict[int, frozenset[str]] = {}
        self._attempts: dict[Job, int] = {}
        self._trials_before: dict[Job, int] = {}
        self._unwanted_since: dict[Job, float] = {}
        self._wake = threading.Event()
        self._stopping = False
        self._idle_looked_at = 0.0
        self._looked_at = time.monotonic()
        self._jobs: list[Job] = []
        self._housekeeping = Housekeeping(settings, led, storage)
        self._home: int | None = None
        self._thread = threading.Thread(target=self._loop, name="supervisor", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._home = _identify(self._settings.lock_path)
        self.membership.start()
        self._thread.start()

    def wake(self) -> None:
        """Say that something may have changed."""
        self._wake.set()
        self.membership.tell()

    def quiet_seconds(self) -> float:
        """Return how long ago it last looked at everything without a failure."""
        return time.monotonic() - self._looked_at

    def work(self) -> Work:
        """Return how much is being worked on, and how much waits."""
        children, jobs = list(self._children), self._jobs
        waiting = Counter(job.kind for job in jobs if job not in children)
        running = Counter(job.kind for job in children)
        return Work(running, waiting, self._predictions.loaded_models())

    def stop(self) -> None:
        """End all children; unfinished work goes on when the hub starts again."""
        self._stopping = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)  # a disk or database that hangs must not hold the end
        self._fork_server.close()
        self._removal.stop()
        self._model_care.stop()
        self._predictions.stop()
        self._move_unkept()
        end_all(list(self._children.values()), _END_SECONDS)
        self._compute.stop()  # after the runs: they must not see their workers end
        self.membership.stop()  # who leads next must not start what still runs here

    def _move_unkept(self) -> None:
        try:
            self.unkept.move(self._database)
        except SQLAlchemyError:  # the database is away, and the hub ends nevertheless
            _log.exception("answers that are not kept could not be counted")

    def project_log(self, project_id: int) -> str:
        """Return what the children of a project said lately, here or where the hub is led."""
        own = read_log(log_path(self._settings, project_id))
        if self.membership.is_leading():
            return own or self._logs.read(project_id)
        return self._logs.read(project_id) or own

    def _loop(self) -> None:
        pause = 0.0
        while not self._stopping:
            self._wake.wait(pause)
            self._wake.clear()
            try:
                pause = 0.0 if self._stopping else self._step()
                self._looked_at = time.monotonic()
            except NotLeading:
                pause = _WORKING_SECONDS
            except Exception:  # noqa: BLE001 - work goes on; what is wrong is in the log
                _log.exception("background work failed")
                pause = _WORKING_SECONDS

    def _step(self) -> float:
        """Look at everything once; return after how many seconds to look again."""
        if _identify(self._settings.lock_path) != self._home:
            _log.error("the folder of this hub was removed or replaced: the hub ends")
            self._stopping = True  # what lies there now is not this hub's to sweep
            os.kill(os.getpid(), signal.SIGTERM)
            return 0.0
        is_due = time.monotonic() - self._idle_looked_at > _IDLE_SECONDS
        if self.membership.is_leading():
            pause = self._lead(is_due=is_due)
        else:
            pause = self._stand_by(is_due=is_due)
        self._predictions.take_up(leads=self.membership.is_leading())
        return pause

    def _stand_by(self, *, is_due: bool) -> float:
        """Do what is of this process alone, and of its disk."""
        if self.membership.number() is None:  # else the database may be away for a moment
            self._fork_server.keep(is_expected=False)
            end_all(list(self._children.values()), _END_SECONDS)
            self._children, self._attempts, self._jobs = {}, {}, []
            self._compute.stop()
        if is_due:
            self._idle_looked_at = time.monotonic()
            self.unkept.move(self._database)
            self._sweep(set(), leads=False)
        return _IDLE_SECONDS

    def _sweep(self, busy: set[str], *, leads: bool) -> None:
        """Remove what is left on the disk of this process, and what is too old."""
        sweep_models(self._database, self._settings, self._predictions)
        sweep_logs(self._database, self._settings)
        empty_trash(self._settings)
        self._storage.sweep()
        self._housekeeping.keep(leads=leads)
        self._model_care.keep(leads=leads)
        sweep_work(self._settings, busy)

    def _lead(self, *, is_due: bool) -> float:
        """Look at all that is unfinished; return after how many seconds to look again."""
        if self._reap() or is_due:  # what the end of a job allows next does not wait
            self._watch.look()
            act_on_alerts(self._led)
            sweep_logins(self._led)
        jobs = self._jobs = find_jobs(self._database)
        self._fork_server.keep(is_expected=bool(jobs) or is_work_expected(self._database))
        self._start_missing(jobs)
        self._end_unwanted(set(jobs))
        if is_due:
            self._idle_looked_at = time.monotonic()
            stop_idle(self._led)
            self.membership.bury(self._led)
            if not self.membership.is_alone():
                self._logs.publish()
            self._sweep({job.name for job in (*jobs, *self._children)}, leads=True)
        self._share_workers()
        self._compute.keep()
        busy_projects = {job.project_id for job in self._children} | self._compute.projects()
        is_moving = advance_projects(self._led, self._removal, busy_projects)
        retire_pipelines(self._led, self._models, self._predictions)
        if is_moving:
            return _MOVING_SECONDS
        return _WORKING_SECONDS if jobs or self._children else _IDLE_SECONDS

    def _reap(self) -> bool:
        """Forget the children that have ended; return whether there were any."""
        dead = [job for job, child in self._children.items() if not child.is_alive()]
        for job in dead:
            del self._children[job]
        return bool(dead)

    def _start_missing(self, jobs: list[Job]) -> None:
        self._attempts = {job: count for job, count in self._attempts.items() if job in jobs}
        for job in in_turn(jobs, self._children):
            if job in self._children:
                continue
            adopted = Child.find(job, self._settings)
            if adopted is not None:
                self._children[job] = adopted
            elif self._attempts_of(job) >= _ATTEMPTS:
                JOB_FAILURES.labels(job.kind).inc()
                close_job(self._led, job, self._last_words(job))
            elif self._may_start(job):
                self._attempts[job] = self._attempts.get(job, 0) + 1
                self._trials_before[job] = count_trials(self._database, job)
                self._children[job] = self._start(job)

    def _attempts_of(self, job: Job) -> int:
        """Return how often it was tried in vain: a run that kept a trial since has got further."""
        has_tried = self._attempts.get(job, 0)
        if has_tried and count_trials(self._database, job) > self._trials_before.get(job, 0):
            self._attempts[job] = has_tried = 0
        return has_tried

    def _start(self, job: Job) -> Child:
        log = log_path(self._settings, job.project_id)
        lease = self.membership.number()
        return Child.start(job, self._settings, self._fork_server, log, lease=lease)

    def _may_start(self, job: Job) -> bool:
        """Runs wait for a free worker of their project, other jobs for a free process.

        Organizations take turns; what one of them has stuck does not hold up the others.
        """
        if look_at_disk(self._settings).is_full:
            return False  # it would fail, and cost the job one of its attempts
        if job.kind in _LEARNING and self._fork_server.is_starting():
            return False  # a process of its own would import the same, and end later
        if job.kind == "run":
            working = self._working_runs().get(job.project_id, frozenset())
            is_free = may_start(self._led, self._settings, job.row_id, len(working))
            if is_free:
                self._share(job.project_id, working | {job.row_id})
            return is_free
        if job.kind in _UNHURRIED:
            patient = {"profile", *_UNHURRIED} - {job.kind}
            return all(other.kind in patient for other in self._children)
        short = [other for other in self._children if other.kind not in ("run", *_UNHURRIED)]
        return may_begin(job, short, _SHORT_JOBS)

    def _share_workers(self) -> None:
        """Divide the workers of a project anew whenever a run of it began or ended."""
        working = self._working_runs()
        self._shared = {key: runs for key, runs in self._shared.items() if key in working}
        for project_id, runs in working.items():
            if self._shared.get(project_id) != runs:
                self._share(project_id, runs)

    def _share(self, project_id: int, runs: frozenset[str]) -> None:
        share(self._led, self._settings, project_id, sorted(runs))
        self._shared[project_id] = runs

    def _working_runs(self) -> dict[int, frozenset[str]]:
        runs: dict[int, frozenset[str]] = {}
        for job in self._children:
            if job.kind == "run":
                runs[job.project_id] = runs.get(job.project_id, frozenset()) | {job.row_id}
        return runs

    def _end_unwanted(self, jobs: set[Job]) -> None:
        """A child sees by itself that its work is not wanted any more; a stuck one is killed."""
        unwanted = [job for job in self._children if job not in jobs]
        present = time.monotonic()
        self._unwanted_since = {j: self._unwanted_since.get(j, present) for j in unwanted}
        for job, since in self._unwanted_since.items():
            if present - since > _UNWANTED_SECONDS:
                end_all([self._children[job]], 0)

    def _last_words(self, job: Job) -> str:
        log = read_log(log_path(self._settings, job.project_id))
        lines = log.strip().splitlines()
        return lines[-1][:300] if lines else ""


def _identify(path: Path) -> int | None:
    """Return the number of a file, which no other has while this one is open; None without it."""
    try:
        return path.stat().st_ino
    except OSError:
        return None
