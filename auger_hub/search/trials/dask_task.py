"""Run one trial on a worker of a Dask cluster, in a process that the worker owns and ends.

Cancelling a task does not stop what a worker runs. So the worker itself keeps the limits of the
trial, and ends it when nobody wants it any more: the run was stopped, or its process is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from auger_hub.search.trials.pool import Limits, LocalExecutor, TrialPool
from auger_hub.search.trials.process_call import call_in_process
from auger_hub.search.trials.trial import FOLDS_SUFFIX, Candidate, Evaluation

if TYPE_CHECKING:
    from distributed import Worker

_WANTED = ("executing", "long-running")
_PREFIX = "auger-data-"


class Unwanted(Exception):
    """Nobody waits for the trial; nobody hears this."""


def get_ready(_number: int) -> int:
    """Have the learning stack imported, for trials that start at once; return a process id."""
    with _children_allowed():
        return call_in_process(os.getpid) or 0


def run_trial(
    data: Path | bytes, name: str, candidate: Candidate, limits: Limits
) -> tuple[Evaluation, float]:
    """Evaluate one candidate on this worker; return what came of it, and its seconds.

    Args:
        data: where the stored `TrialData` is, or what is in that file.
        name: of the data; what a worker was sent is kept under it.
        candidate: what to evaluate.
        limits: of the trial.
    """
    from distributed import get_worker

    worker = get_worker()
    path = data if isinstance(data, Path) else _store(worker, name, data)
    own = LocalExecutor(path, limits.memory_mb)
    with _children_allowed(), TrialPool(own, lambda: 1, limits.seconds) as pool:
        pool.start(candidate)
        while _is_wanted(worker):
            for _, evaluation, seconds in pool.collect():
                return evaluation, seconds
    raise Unwanted


def _is_wanted(worker: Worker) -> bool:
    task = worker.state.tasks.get(worker.get_current_task())
    return task is not None and task.state in _WANTED


def _store(worker: Worker, name: str, data: bytes) -> Path:
    """Write the data into the worker's own folder, and remove those of runs that are over."""
    folder = Path(worker.local_directory)
    for other in folder.glob(f"{_PREFIX}*"):
        owner = other.name.removeprefix(_PREFIX).removesuffix(FOLDS_SUFFIX)
        if other.suffix != ".part" and owner not in worker.state.tasks:
            if other.is_dir():
                shutil.rmtree(other, ignore_errors=True)
            else:
                other.unlink(missing_ok=True)
    path = folder / f"{_PREFIX}{name}"
    if not path.exists():
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)
    return path


@contextmanager
def _children_allowed() -> Iterator[None]:
    """Let this process have children, also where Dask has made it a daemon.

    Python forbids them to daemons because they would be left behind; ours end with their parent
    (`apart`). Dask's own switch, `distributed.worker.daemon`, may be out of our reach.
    """
    config = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    before = config.get("daemon")
    config["daemon"] = False
    try:
        yield
    finally:
        config["daemon"] = before
