"""A trial: what it works on, what it is, what came of it, and how it is evaluated in a process."""

from __future__ import annotations

import pickle
import secrets
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


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


def evaluate_job(data_path: Path, job: Job, memory_mb: int | None) -> Evaluation:
    """Evaluate one job in this process, within its memory; a failure is a result too."""
    from auger_hub.search.evaluate import cross_validate

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
