"""Trials as processes that can be killed: the only limit on time and memory that is real.

A warm fork server (`multiprocessing`'s own) has imported the learning stack once and never run it:
OpenMP does not survive a fork. Each trial is a fork of it, loads the pickled data, and sends one
`Evaluation` through a pipe. Where there is no fork server (Windows) a trial starts a fresh process.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
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


@dataclass(frozen=True)
class Evaluation:
    """What a trial process sends: scores of each fold, and the predictions for the test rows.

    `predictions` holds, fold after fold, probabilities (rows x classes) or values (rows).
    """

    fold_scores: tuple[dict[str, float], ...] = ()
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


@dataclass
class _Running:
    job: Job
    process: Any
    pipe: Connection
    started: float
    attempt: int
    first_started: float = field(default=0.0)


class TrialPool:
    """Runs up to `workers` trials at the same time and hands back what came of each."""

    def __init__(
        self, data_path: Path, *, workers: int, seconds: float, memory_mb: int | None
    ) -> None:
        self._data_path, self._seconds, self._memory_mb = data_path, seconds, memory_mb
        self._workers = workers
        self._running: list[_Running] = []
        self._context = multiprocessing.get_context(METHOD)

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
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(  # type: ignore[attr-defined]  # every context has it
            target=_run_trial, args=(sender, self._data_path, job, self._memory_mb), daemon=True
        )
        process.start()
        sender.close()
        self._running.append(_Running(job, process, receiver, time.monotonic(), attempt))

    def collect(self) -> list[tuple[Job, Evaluation, float]]:
        """Wait a moment; return the trials that ended, each with its seconds.

        A process that died without a word is tried once more, then its trial has failed.
        """
        ready = set(connection.wait([trial.pipe for trial in self._running], POLL_SECONDS))
        ended = []
        for trial in list(self._running):
            seconds = time.monotonic() - trial.started
            if trial.pipe in ready:
                evaluation = self._receive(trial)
            elif seconds > self._seconds:
                limit = f"stopped after {self._seconds:g} seconds, the limit of one trial"
                evaluation = Evaluation(error=limit, failure="timeout")
            else:
                continue
            self._end(trial)
            if evaluation is None and trial.attempt == 1:
                self.start(trial.job, attempt=2)
                continue
            ended.append((trial.job, evaluation or _died(trial.process.exitcode), seconds))
        return ended

    def close(self) -> None:
        """Kill what still runs."""
        for trial in list(self._running):
            self._end(trial)

    def _receive(self, trial: _Running) -> Evaluation | None:
        try:
            evaluation = trial.pipe.recv()
        except (EOFError, OSError):
            trial.process.join()
            return None
        assert isinstance(evaluation, Evaluation)
        return evaluation

    def _end(self, trial: _Running) -> None:
        self._running.remove(trial)
        trial.process.kill()
        trial.process.join()
        trial.pipe.close()


def warm_up() -> None:
    """Start the fork server, so that it imports the learning stack while the data is being read."""
    if METHOD == "forkserver":
        from multiprocessing import forkserver

        multiprocessing.set_forkserver_preload(["auger_reconcile.hub.search.warm"])
        forkserver.ensure_running()


def _died(exit_code: int | None) -> Evaluation:
    if exit_code == -signal.SIGKILL:  # none of ours: the system's out-of-memory killer
        return Evaluation(error="killed by the system, most likely for memory", failure="memory")
    return Evaluation(
        error=f"the trial's process died twice (exit code {exit_code})", failure="error"
    )


def _run_trial(sender: Connection, data_path: Path, job: Job, memory_mb: int | None) -> None:
    """Evaluate one job in this process and send what came of it."""
    _end_with_parent()
    _limit_memory(memory_mb)
    try:
        evaluation = evaluate(pickle.loads(data_path.read_bytes()), job)  # noqa: S301 - our own file
    except MemoryError:
        evaluation = Evaluation(
            error=f"needed more than {memory_mb} MB of memory", failure="memory"
        )
    except Exception as error:  # noqa: BLE001 - whatever a library raises is this trial's failure
        text = "".join(traceback.format_exception_only(error)).strip()
        failure = "memory" if "bad_alloc" in text or "bad allocation" in text else "error"
        evaluation = Evaluation(error=text, failure=failure)
    sender.send(evaluation)
    sender.close()


def _end_with_parent() -> None:
    """End this process when the run's process is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _limit_memory(memory_mb: int | None) -> None:
    """Let this process grow by so much, on systems that can limit it; more raises MemoryError."""
    statm = Path("/proc/self/statm")
    if memory_mb is None or not statm.exists():
        return
    import resource

    size = int(statm.read_text().split()[0]) * resource.getpagesize()
    limit = size + memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def evaluate(data: TrialData, job: Job) -> Evaluation:
    """Cross-validate one job: every step is fitted on the training rows of each fold alone."""
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    from auger_reconcile.hub.search.metrics import Outcome, all_scores, metrics_for
    from auger_reconcile.hub.search.pipeline import build_pipeline

    classes = len(data.info.get("targetClasses", ()))
    functions = metrics_for(data.info["model_type"], classes)
    scores, times, predictions = [], [], []
    with warnings.catch_warnings(), threadpool_limits(data.info["threads"]):
        # A model that did not converge is scored like any other: the board shows what it is worth.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for train, test in data.folds:
            began = time.monotonic()
            model = build_pipeline(data.info, job.algorithm_name, job.algorithm_params)
            model.fit(data.features.iloc[train], data.target[train])
            shown = predict(model, data.features.iloc[test], classes)
            outcome = Outcome(
                truth=data.target[test],
                predicted=shown.argmax(axis=1) if classes else shown,
                probabilities=shown if classes else None,
                history=data.target[train],
            )
            scores.append(all_scores(outcome, functions))
            predictions.append(shown)
            times.append(time.monotonic() - began)
    return Evaluation(tuple(scores), tuple(times), tuple(predictions))


def predict(model: Any, features: Any, classes: int) -> Array:
    """Return values, or one column of probabilities a class, also for classes never trained on."""
    if not classes:
        return np.asarray(model.predict(features), dtype=float)
    probabilities = np.zeros((len(features), classes))
    probabilities[:, model.classes_.astype(int)] = model.predict_proba(features)
    return probabilities
