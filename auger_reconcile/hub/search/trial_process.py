"""Trials as processes that can be killed: the only limit on time and memory that is real."""

from __future__ import annotations

import pickle
import secrets
import signal
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auger_reconcile.hub.search.apart import Apart, ProcessDied

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class TrialData:
    """What every trial of a run works on: features, target, folds, and how to build a pipeline."""

    features: Any
    target: Array
    folds: Sequence[tuple[Array, Array]]
    info: Mapping[str, Any]

    def store(self, path: Path) -> None:
        """Write the data where trial processes read it."""
        path.write_bytes(pickle.dumps(self, protocol=pickle.HIGHEST_PROTOCOL))

    @staticmethod
    def load(path: Path) -> TrialData:
        """Read what the run's own process has stored."""
        data = pickle.loads(path.read_bytes())  # noqa: S301 - a file in the run's own folder
        assert isinstance(data, TrialData)
        return data


@dataclass(frozen=True)
class Evaluation:
    """What a trial process sends: scores of each fold, and the predictions for the test rows.

    `predictions` holds, fold after fold, probabilities (rows x classes) or values (rows).
    """

    fold_scores: tuple[Mapping[str, float], ...] = ()
    fold_times: tuple[float, ...] = ()
    predictions: tuple[Array, ...] = ()
    error: str | None = None
    failure: str | None = None


@dataclass(frozen=True)
class Job:
    """One algorithm with its parameters, to be evaluated."""

    uid: str
    algorithm_name: str
    algorithm_params: Mapping[str, Any]
    optimizer_name: str = ""

    @classmethod
    def new(
        cls, algorithm_name: str, algorithm_params: Mapping[str, Any], optimizer_name: str = ""
    ) -> Job:
        """Return a job under an id of 15 upper-case hex characters, unique over all runs."""
        uid = secrets.token_hex(8)[1:].upper()
        return cls(uid, algorithm_name, algorithm_params, optimizer_name)


@dataclass(frozen=True)
class _Running:
    job: Job
    call: Apart
    started: float
    attempt: int


class TrialPool:
    """Runs up to `workers` trials at the same time and hands back what came of each.

    Args:
        data_path: the stored `TrialData`.
        workers: trials at the same time.
        seconds: limit of one trial.
        memory_mb: how much the process of a trial may grow; None for no limit.
    """

    def __init__(
        self, data_path: Path, workers: int, seconds: float, memory_mb: int | None
    ) -> None:
        self.data_path = data_path
        self._seconds, self._memory_mb = seconds, memory_mb
        self._workers = workers
        self._running: list[_Running] = []

    def __enter__(self) -> TrialPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_full(self) -> bool:
        """Tell whether another trial would have to wait."""
        return len(self._running) >= self._workers

    @property
    def is_empty(self) -> bool:
        """Tell whether no trial runs."""
        return not self._running

    def start(self, job: Job, *, attempt: int = 1) -> None:
        """Start the trial in a process of its own."""
        call = Apart(evaluate_job, self.data_path, job, self._memory_mb)
        self._running.append(_Running(job, call, time.monotonic(), attempt))

    def collect(self) -> list[tuple[Job, Evaluation, float]]:
        """Wait a moment; return the trials that ended, each with its seconds.

        A process that died without a word is tried once more, then its trial has failed.
        """
        ready = connection.wait([trial.call.receiver for trial in self._running], POLL_SECONDS)
        ended = []
        for trial in list(self._running):
            seconds = time.monotonic() - trial.started
            if trial.call.receiver in ready:
                evaluation = self._take(trial)
            elif seconds > self._seconds:
                self._end(trial)
                limit = f"stopped after {self._seconds:g} seconds, the limit of one trial"
                evaluation = Evaluation(error=limit, failure="timeout")
            else:
                continue
            if evaluation is not None:
                ended.append((trial.job, evaluation, seconds))
        return ended

    def close(self) -> None:
        """Kill what still runs."""
        for trial in list(self._running):
            self._end(trial)

    def _take(self, trial: _Running) -> Evaluation | None:
        """Return what came of a trial; None when its process died and it was started again."""
        self._running.remove(trial)
        try:
            evaluation = trial.call.take()
        except ProcessDied as death:
            if trial.attempt > 1:
                return _died(death)
            self.start(trial.job, attempt=2)
            return None
        assert isinstance(evaluation, Evaluation)
        return evaluation

    def _end(self, trial: _Running) -> None:
        self._running.remove(trial)
        trial.call.kill()


def _died(death: ProcessDied) -> Evaluation:
    if death.exit_code == -getattr(signal, "SIGKILL", 9):  # not by us: the system was out of memory
        return Evaluation(error="killed by the system, most likely for memory", failure="memory")
    return Evaluation(error=f"tried twice, and each time {death}", failure="error")


def evaluate_job(data_path: Path, job: Job, memory_mb: int | None) -> Evaluation:
    """Evaluate one job in this process, within its memory; a failure is a result too."""
    from auger_reconcile.hub.search.evaluate import cross_validate

    _limit_memory(memory_mb)
    try:
        return cross_validate(TrialData.load(data_path), job)
    except MemoryError:
        return Evaluation(error=f"needed more than {memory_mb} MB of memory", failure="memory")
    except Exception as error:  # noqa: BLE001 - whatever a library raises is this trial's failure
        text = "".join(traceback.format_exception_only(error)).strip()
        failure = "memory" if "bad_alloc" in text or "bad allocation" in text else "error"
        return Evaluation(error=text, failure=failure)


def _limit_memory(memory_mb: int | None) -> None:
    """Let this process grow by so much, on systems that can limit it; more raises MemoryError."""
    size_file = Path("/proc/self/statm")
    if memory_mb is None or not size_file.exists():
        return
    import resource

    size = int(size_file.read_text().split()[0]) * resource.getpagesize()
    limit = size + memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
