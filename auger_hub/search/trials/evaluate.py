"""Evaluate one candidate in this process, within its memory; a failure is a result too."""

from __future__ import annotations

import traceback
from collections.abc import Generator
from pathlib import Path

from auger_hub.search.trials.trial import Candidate, Evaluation, TrialData


def evaluate(
    data_path: Path, candidate: Candidate, memory_mb: int | None
) -> Generator[Evaluation, None, Evaluation]:
    """Evaluate a candidate in this process, within its memory; a failure is a result too.

    What came of each fold is yielded at once, for those who may have no time for the others.
    """
    from auger_hub.search.trials.cross_validation import evaluate_folds, settle_all

    _limit_memory(memory_mb)
    evaluation = Evaluation()
    try:
        data = TrialData.load(data_path)
        for fold in evaluate_folds(data, candidate, data_path):
            evaluation = evaluation.and_fold(fold)
            yield fold
        evaluation = settle_all(data, evaluation)
    except MemoryError:
        return Evaluation(error=f"needed more than {memory_mb} MB of memory", failure="memory")
    except Exception as error:  # noqa: BLE001 - whatever a library raises is this trial's failure
        text = "".join(traceback.format_exception_only(error)).strip()
        failure = "memory" if "bad_alloc" in text or "bad allocation" in text else "error"
        return Evaluation(error=text, failure=failure)
    return evaluation


def _limit_memory(memory_mb: int | None) -> None:
    """Let this process grow by so much, on systems that can limit it; more raises MemoryError."""
    size_file = Path("/proc/self/statm")
    if memory_mb is None or not size_file.exists():
        return
    import resource

    size = int(size_file.read_text().split()[0]) * resource.getpagesize()
    limit = size + memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
