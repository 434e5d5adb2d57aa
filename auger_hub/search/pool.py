"""Trials at the same time, each in a process that can be killed: the only limit that is real."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

from auger_hub.search.subprocess_call import Apart, ProcessDied
from auger_hub.search.trial import Evaluation, Job, evaluate_job

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Limits:
    """What one trial may use: seconds, and megabytes that its process may grow by (None: any)."""

    seconds: float
    memory_mb: int | None


class Call(Protocol):
    """A trial on its way, wherever it runs."""

    @property
    def receiver(self) -> Connection:
        """Return what is ready for reading when the trial has ended, either way."""

    @property
    def seconds(self) -> float:
        """Return how long it has run, or ran."""

    def take(self) -> Evaluation:
        """Return what came of it; raise ProcessDied when that is lost."""

    def kill(self) -> None:
        """End it now."""


class Compute(Protocol):
    """Where trials run: processes of this one, or the workers of a cluster."""

    def start(self, job: Job) -> Call:
        """Start a trial."""

    def close(self) -> None:
        """Let go of what is held for trials; none of them runs any more."""


class OwnProcesses:
    """Runs each trial in a process of this one's own."""

    def __init__(self, data_path: Path, memory_mb: int | None) -> None:
        self._data_path, self._memory_mb = data_path, memory_mb

    def start(self, job: Job) -> Call:
        """Start a trial."""
        return _OwnCall(Apart(evaluate_job, self._data_path, job, self._memory_mb))

    def close(self) -> None:
        """Nothing is held."""


class _OwnCall:
    def __init__(self, apart: Apart) -> None:
        self._apart, self._started = apart, time.monotonic()

    @property
    def receiver(self) -> Connection:
        return self._apart.receiver

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def take(self) -> Evaluation:
        evaluation = self._apart.take()
        assert isinstance(evaluation, Evaluation)
        return evaluation

    def kill(self) -> None:
        self._apart.kill()


@dataclass(frozen=True)
class _Running:
    job: Job
    call: Call
    attempt: int


class TrialPool:
    """Runs up to `workers` trials at the same time and hands back what came of each.

    Args:
        compute: where they run.
        workers: trials at the same time; asked anew whenever it matters.
        seconds: limit of one trial.
    """

    def __init__(self, compute: Compute, workers: Callable[[], int], seconds: float) -> None:
        self._compute, self._workers, self._seconds = compute, workers, seconds
        self._running: list[_Running] = []

    def __enter__(self) -> TrialPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._compute.close()

    @property
    def is_full(self) -> bool:
        """Tell whether another trial would have to wait."""
        return len(self._running) >= self._workers()

    @property
    def is_empty(self) -> bool:
        """Tell whether no trial runs."""
        return not self._running

    def start(self, job: Job, *, attempt: int = 1) -> None:
        """Start the trial in a process of its own."""
        self._running.append(_Running(job, self._compute.start(job), attempt))

    def collect(self) -> list[tuple[Job, Evaluation, float]]:
        """Wait a moment; return the trials that ended, each with its seconds.

        A process or worker that died without a word costs the trial one more try, then it failed.
        """
        ready = connection.wait([trial.call.receiver for trial in self._running], POLL_SECONDS)
        ended = []
        for trial in list(self._running):
            seconds = trial.call.seconds
            if trial.call.receiver in ready:
                evaluation = self._take(trial)
                seconds = trial.call.seconds
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
            return trial.call.take()
        except ProcessDied as death:
            if trial.attempt > 1:
                return _died(death)
            self.start(trial.job, attempt=2)
            return None

    def _end(self, trial: _Running) -> None:
        self._running.remove(trial)
        trial.call.kill()


def _died(death: ProcessDied) -> Evaluation:
    if death.exit_code == -getattr(signal, "SIGKILL", 9):  # not by us: the system was out of memory
        return Evaluation(error="killed by the system, most likely for memory", failure="memory")
    return Evaluation(error=f"tried twice, and each time {death}", failure="error")
