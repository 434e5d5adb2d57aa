"""Whether a board promises too much.

    python -m benchmarks.board_honesty [SPLITS] [TRIALS] [SET...]

Twenty times, half of a data set's rows are held out, a search runs on the other half, and the best
entry of its board is fitted on all of that half and scored on the rows it has never seen. The mean
of those scores has to be within one standard error of the mean of the board's own.

Prints one line a data set; the exit code is 1 when a board was too optimistic.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

from auger_reconcile.hub.search.evaluate import predict
from auger_reconcile.hub.search.metrics import Outcome, all_scores, metrics_for
from auger_reconcile.hub.search.pipeline import build_pipeline, split_features_target
from auger_reconcile.hub.search.run import SearchTask, TrialResult, prepare, run_search

TARGET = "target"


@dataclass(frozen=True)
class DataSet:
    """A table with its target, and what is asked about it."""

    load: Callable[[], pd.DataFrame]
    model_type: str
    metric: str


SETS = {
    "cancer": DataSet(
        lambda: datasets.load_breast_cancer(as_frame=True).frame, "classification", "roc_auc"
    ),
    "diabetes": DataSet(lambda: datasets.load_diabetes(as_frame=True).frame, "regression", "r2"),
    "wine": DataSet(lambda: datasets.load_wine(as_frame=True).frame, "classification", "accuracy"),
}


@dataclass(frozen=True)
class Promise:
    """What the board said of its best entry, and what that was worth on unseen rows."""

    board: float
    held_out: float


def keep_promise(data: DataSet, trials: int, seed: int) -> Promise:
    """Search on half of the rows and score the best entry on the other half."""
    frame = data.load()
    strata = frame[TARGET] if data.model_type == "classification" else None
    known, unseen = train_test_split(frame, test_size=0.5, random_state=seed, stratify=strata)
    with tempfile.TemporaryDirectory() as folder:
        task = _task(Path(folder), known, data, trials, seed)
        board: list[TrialResult] = []
        run_search(task, [], report=board.append, should_stop=lambda: False)
        best = max((r for r in board if r.score is not None), key=lambda r: r.score or 0.0)
        assert best.score is not None, "only scored entries were asked for"
        return Promise(best.score, _score(task, best, known, unseen))


def _task(folder: Path, known: pd.DataFrame, data: DataSet, trials: int, seed: int) -> SearchTask:
    path = folder / "known.csv"
    known.to_csv(path, index=False)
    columns = [{"column_name": n, "use": n != TARGET, "isTarget": n == TARGET} for n in known]
    options = {"scoring": data.metric, "max_n_trials": trials}
    return SearchTask(path, columns, options, data.model_type, seed, workers=2)


def _score(task: SearchTask, best: TrialResult, known: pd.DataFrame, unseen: pd.DataFrame) -> float:
    info = prepare(task)
    features, target, _ = split_features_target(known, info)
    model = build_pipeline(info, best.algorithm_name, best.algorithm_params).fit(features, target)
    rows, truth, _ = split_features_target(unseen, info)
    classes = len(info.get("targetClasses", ()))
    outcome = Outcome.of(truth, predict(model, rows, classes), target)
    return all_scores(outcome, metrics_for(task.model_type, classes))[info["scoring"]]


def is_kept(name: str, promises: list[Promise]) -> bool:
    """Print the means; tell whether the board promised no more than one standard error."""
    excess = np.array([promise.board - promise.held_out for promise in promises])
    error = excess.std(ddof=1) / np.sqrt(len(excess))
    board = np.mean([promise.board for promise in promises])
    held_out = np.mean([promise.held_out for promise in promises])
    kept = bool(excess.mean() <= error)
    print(
        f"{name}: board {board:.4f}, held out {held_out:.4f}, difference {excess.mean():+.4f}, "
        f"standard error {error:.4f}, {'honest' if kept else 'too optimistic'}",
        flush=True,
    )
    return kept


def main(splits: int, trials: int, names: list[str]) -> int:
    """Measure the named data sets."""
    kept = [
        is_kept(name, [keep_promise(SETS[name], trials, seed) for seed in range(splits)])
        for name in names
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:3]]
    splits, trials = [*given, *(20, 20)[len(given) :]]
    raise SystemExit(main(splits, trials, sys.argv[3:] or list(SETS)))
