"""One run from its task to its board: baseline first, then the race, then an ensemble.

`max_n_trials` counts the trials of the race; baseline and ensemble come on top of it, as on the
cloud (wire contract §2.11: more trials listed than `total_evaluations`). A stop keeps all that
finished.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from auger_reconcile.hub.search.metrics import mean_scores
from auger_reconcile.hub.search.prepare import load_table, prepare
from auger_reconcile.hub.search.task import (
    BadTask,
    SearchTask,
    Settings,
    TrialResult,
    read_settings,
)
from auger_reconcile.hub.search.trial_process import (
    Evaluation,
    Job,
    TrialData,
    TrialPool,
    warm_up,
)

__all__ = ["BadTask", "SearchTask", "TrialResult", "prepare", "run_search"]


def run_search(
    task: SearchTask,
    finished: Sequence[TrialResult],
    *,
    report: Callable[[TrialResult], None],
    should_stop: Callable[[], bool],
) -> str:
    """Search until the budget is used, the wanted score is reached or a stop is asked for.

    Args:
        task: what to search for.
        finished: trials stored before a restart; they count, and are not reported again.
        report: called once for each finished trial, at once, failed ones included.
        should_stop: polled several times a second.

    Returns:
        "completed" or "interrupted".

    Raises:
        BadTask: the task cannot be run.
    """
    warm_up()
    began = time.monotonic()
    settings = read_settings(task)
    info = prepare(task)
    workers = max(1, task.workers)
    info["threads"] = settings.threads or max(1, joblib.cpu_count() // workers)
    with tempfile.TemporaryDirectory(prefix="auger-run-") as folder:
        path = Path(folder) / "data.pickle"
        data = trial_data(settings, info, task)
        data.store(path)
        pool = TrialPool(
            path,
            workers=workers,
            seconds=settings.max_trial_seconds,
            memory_mb=task.memory_mb,
        )
        search = Search(settings, data, pool, finished, report, task.seed)
        try:
            return search.run(began + settings.max_total_seconds, should_stop)
        finally:
            pool.close()


def trial_data(settings: Settings, info: dict[str, Any], task: SearchTask) -> TrialData:
    """Return features, target and folds of a run."""
    from auger_reconcile.hub.search.folds import make_folds
    from auger_reconcile.hub.search.pipeline import split_features_target

    frame = load_table(task.data_path)
    features, target, _ = split_features_target(frame, info)
    groups = None
    if settings.groups:
        groups = frame.loc[frame[settings.target].notna(), settings.groups].to_numpy()
    folds = make_folds(
        settings, info["crossValidationFolds"], target, seed=task.seed, groups=groups
    )
    return TrialData(features, target, folds, info)


class Search:
    """The running part of a run: asks the race for trials, starts them, reports what came of them."""

    def __init__(
        self,
        settings: Settings,
        data: TrialData,
        pool: TrialPool,
        finished: Sequence[TrialResult],
        report: Callable[[TrialResult], None],
        seed: int,
    ) -> None:
        from auger_reconcile.hub.search.space import algorithms_for
        from auger_reconcile.hub.search.study import Race

        self._settings, self._data, self._pool, self._report = settings, data, pool, report
        self._results = list(finished)
        self._predictions: dict[str, tuple[np.ndarray[Any, Any], ...]] = {}
        self._numbers: dict[str, int] = {}
        self._race = Race(algorithms_for(settings, data.info), seed)
        for result in finished:
            self._race.restore(result.algorithm_name, result.algorithm_params, result.score)

    def run(self, deadline: float, should_stop: Callable[[], bool]) -> str:
        """Run the trials, then the ensemble; return how it ended."""
        left = self._settings.max_trials - sum(
            not r.ensemble and r.optimizer_name != "" for r in self._results
        )
        if not any(r.optimizer_name == "" and not r.ensemble for r in self._results):
            for job in self._baselines():
                self._pool.start(job)
        while not self._is_done(left):
            if should_stop():
                return "interrupted"
            if time.monotonic() > deadline:
                break
            while left > 0 and not self._pool.is_full and not self._is_reached():
                job = self._next_job()
                if job is None:
                    left = 0
                    break
                self._pool.start(job)
                left -= 1
            for job, evaluation, seconds in self._pool.collect():
                self._take_in(job, evaluation, seconds)
        return "completed"

    def _is_done(self, left: int) -> bool:
        return self._pool.is_empty and (left <= 0 or self._is_reached())

    def _is_reached(self) -> bool:
        wanted = self._settings.exit_score
        scores = [r.score for r in self._results if r.score is not None]
        return wanted is not None and bool(scores) and max(scores) >= wanted

    def _baselines(self) -> Iterator[Job]:
        kind = "Classifier" if self._settings.classification else "Regressor"
        params = {"strategy": "prior"} if self._settings.classification else {"strategy": "mean"}
        yield Job(_new_uid(), f"sklearn.dummy.Dummy{kind}", params)

    def _next_job(self) -> Job | None:
        from auger_reconcile.hub.search.study import OPTIMIZER

        asked = self._race.ask()
        if asked is None:
            return None
        name, number, params = asked
        uid = _new_uid()
        self._numbers[uid] = number
        return Job(uid, name, params, OPTIMIZER)

    def _take_in(self, job: Job, evaluation: Evaluation, seconds: float) -> None:
        result = _result(job, evaluation, seconds, self._data.info["scoring"])
        if job.uid in self._numbers:
            self._race.tell(job.algorithm_name, self._numbers.pop(job.uid), result.score)
        if result.score is not None:
            self._predictions[job.uid] = evaluation.predictions
        self._results.append(result)
        self._report(result)


def _result(job: Job, evaluation: Evaluation, seconds: float, scoring: str) -> TrialResult:
    scores = mean_scores(evaluation.fold_scores) if evaluation.fold_scores else {}
    error, failure = evaluation.error, evaluation.failure
    if failure is None and scoring not in scores:
        error, failure = f"`{scoring}` is undefined for the predictions of a fold", "error"
    started = datetime.now(timezone.utc) - timedelta(seconds=seconds)
    return TrialResult(
        uid=job.uid,
        algorithm_name=job.algorithm_name,
        algorithm_params=dict(job.algorithm_params),
        score=scores.get(scoring),
        all_scores=scores,
        fold_scores=[fold[scoring] for fold in evaluation.fold_scores if scoring in fold],
        fold_times=list(evaluation.fold_times),
        evaluation_time=seconds,
        error=error,
        failure=failure,
        optimizer_name=job.optimizer_name,
        ensemble=False,
        started_at=started.strftime("%Y-%m-%d %H:%M:%S.%f"),
    )


def _new_uid() -> str:
    """Return an id of 15 upper-case hex characters, unique over all runs of a hub."""
    return secrets.token_hex(8)[1:].upper()
