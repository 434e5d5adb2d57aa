"""Run trials side by side, each in a process that can be killed: the only real limit."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing import connection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

from auger_hub.search.trials.evaluate import evaluate
from auger_hub.search.trials.process_call import Part, ProcessCall, ProcessDied
from auger_hub.search.trials.trial import Candidate, Evaluation

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Limits:
    """What one trial may use: seconds, and megabytes that its process may grow by (None: any)."""

    seconds: float
    memory_mb: int | None


class RunningTrial(Protocol):
    """A trial on its way, wherever it runs."""

    @property
    def receiver(self) -> Connection:
        """Return what is ready for reading when the trial has ended, either way."""

    @property
    def seconds(self) -> float:
        """Return how long it has run, or ran."""

    def receive(self) -> Evaluation | Part:
        """Return what came of it, or of its next fold; raise ProcessDied when that is lost."""

    def kill(self) -> None:
        """End it now."""


class TrialExecutor(Protocol):
    """Where trials run: processes of this one, or the workers of a cluster."""

    @property
    def is_away(self) -> bool:
        """Tell whether a trial would have to wait until there is a place for it again."""

    @property
    def away_seconds(self) -> float:
        """Return how long trials had to wait so far."""

    def start(self, candidate: Candidate) -> RunningTrial:
        """Start a trial; raise ProcessDied when its place has just gone."""

    def close(self) -> None:
        """Let go of what is held for trials; none of them runs any more."""


class LocalExecutor:
    """Runs each trial in a process of this one's own."""

    is_away = False
    away_seconds = 0.0

    def __init__(self, data_path: Path, memory_mb: int | None) -> None:
        self._data_path, self._memory_mb = data_path, memory_mb

    def start(self, candidate: Candidate) -> RunningTrial:
        """Start a trial."""
        return _LocalTrial(ProcessCall(evaluate, self._data_path, candidate, self._memory_mb))

    def close(self) -> None:
        """Nothing is held."""


class _LocalTrial:
    def __init__(self, call: ProcessCall) -> None:
        self._call, self._started = call, time.monotonic()

    @property
    def receiver(self) -> Connection:
        return self._call.receiver

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def receive(self) -> Evaluation | Part:
        answer = self._call.receive()
        assert isinstance(answer, Evaluation | Part)
        return answer

    def kill(self) -> None:
        self._call.kill()


@dataclass
class _Running:
    candidate: Candidate
    call: RunningTrial
    attempt: int
    so_far: Evaluation = field(default_factory=Evaluation)


class TrialPool:
    """Runs up to `workers` trials at the same time and hands back what came of each.

    Args:
        executor: where they run.
        workers: trials at the same time; asked anew whenever it matters.
        seconds: limit of one trial.
        judge: asked after each fold whether the trial should stop, and why.
    """

    def __init__(
        self,
        executor: TrialExecutor,
        workers: Callable[[], int],
        seconds: float,
        judge: Callable[[Candidate, Evaluation], str | None] = lambda *_: None,
    ) -> None:
        self._executor, self._workers, self._seconds = executor, workers, seconds
        self._judge = judge
        self._running: list[_Running] = []
        self._waiting: list[tuple[Candidate, int]] = []

    def __enter__(self) -> TrialPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._executor.close()

    @property
    def is_full(self) -> bool:
        """Tell whether another trial would have to wait."""
        return len(self._running) + len(self._waiting) >= self._workers()

    @property
    def is_empty(self) -> bool:
        """Tell whether no trial runs, or waits for its place."""
        return not (self._running or self._waiting)

    @property
    def away_seconds(self) -> float:
        """Return how long trials had to wait for where they run."""
        return self._executor.away_seconds

    def start(self, candidate: Candidate, *, attempt: int = 1) -> None:
        """Start the trial in a process of its own, as soon as there is a place for such."""
        if not self._executor.is_away:
            with suppress(ProcessDied):
                call = self._executor.start(candidate)
                self._running.append(_Running(candidate, call, attempt))
                return
        self._waiting.append((candidate, attempt))

    def collect(self) -> list[tuple[Candidate, Evaluation, float]]:
        """Wait a moment; return the trials that ended, each with its seconds.

        A process or worker that died without a word costs the trial one more try, then it failed;
        none where all of them are away.
        """
        if self._waiting and not self._executor.is_away:
            waiting, self._waiting = self._waiting, []
            for candidate, attempt in waiting:
                self.start(candidate, attempt=attempt)
        ready = connection.wait([trial.call.receiver for trial in self._running], POLL_SECONDS)
        ended = []
        limit = f"stopped after {self._seconds:g} seconds, the limit of one trial"
        for trial in list(self._running):
            evaluation = None
            if trial.call.receiver in ready:
                evaluation = self._receive(trial)
                # on a busy machine it may have ended before anybody looked
                if evaluation is not None and sum(evaluation.fold_times) > self._seconds:
                    evaluation = replace(evaluation, error=limit, failure="timeout")
            elif trial.call.seconds > self._seconds:
                evaluation = self._cut_off(trial, limit)
            if evaluation is not None:
                ended.append((trial.candidate, evaluation, trial.call.seconds))
        return ended

    def cut_off(self, reason: str) -> list[tuple[Candidate, Evaluation, float]]:
        """End all trials now; return those of which some folds are there."""
        started = [trial for trial in self._running if trial.so_far.fold_times]
        seconds = [trial.call.seconds for trial in started]
        cut = [self._cut_off(trial, reason) for trial in started]
        self.close()
        return [(t.candidate, e, s) for t, e, s in zip(started, cut, seconds, strict=True)]

    def close(self) -> None:
        """Kill what still runs, and forget what waits."""
        self._waiting = []
        for trial in list(self._running):
            self._end(trial)

    def _receive(self, trial: _Running) -> Evaluation | None:
        """Return what came of a trial; None when it goes on, or was started again."""
        try:
            answer = trial.call.receive()
        except ProcessDied as death:
            self._end(trial)
            if self._executor.is_away:
                self.start(trial.candidate, attempt=trial.attempt)
                return None
            if trial.attempt > 1:
                return _died(death)
            self.start(trial.candidate, attempt=2)
            return None
        except BaseException:
            self._end(trial)
            raise
        if isinstance(answer, Part):
            trial.so_far = trial.so_far.and_fold(answer.value)
            reason = self._judge(trial.candidate, trial.so_far)
            return None if reason is None else self._cut_off(trial, reason, failure="stopped")
        self._end(trial)
        return answer

    def _cut_off(self, trial: _Running, reason: str, *, failure: str = "timeout") -> Evaluation:
        """End a trial; return what its finished folds say."""
        self._end(trial)
        return replace(trial.so_far, error=reason, failure=failure)

    def _end(self, trial: _Running) -> None:
        self._running.remove(trial)
        trial.call.kill()


def _died(death: ProcessDied) -> Evaluation:
    if death.exit_code == -getattr(signal, "SIGKILL", 9):  # not by us: the system was out of memory
        return Evaluation(error="killed by the system, most likely for memory", failure="memory")
    return Evaluation(error=f"tried twice, and each time {death}", failure="error")
