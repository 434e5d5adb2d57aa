"""What a search finds on rows it has never seen: `python benchmarks/search_quality.py [trials]`.

For each data set a quarter of the rows is held out, the search runs on the rest, the best entry of
its board is fitted on all of that and scored on what was held out.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

from auger_reconcile.hub.search.evaluate import predict
from auger_reconcile.hub.search.metrics import Outcome, all_scores, metrics_for
from auger_reconcile.hub.search.pipeline import build_pipeline, split_features_target
from auger_reconcile.hub.search.run import SearchTask, TrialResult, prepare, run_search


def _friedman() -> pd.DataFrame:
    x, y = datasets.make_friedman1(4000, n_features=10, noise=1.0, random_state=0)
    return pd.DataFrame(x, columns=[f"x{i}" for i in range(10)]).assign(target=y)


def _mixed(rows: int = 6000) -> pd.DataFrame:
    random = np.random.default_rng(0)
    numbers = random.normal(size=(rows, 12))
    town = random.integers(0, 200, rows)
    shop = random.integers(0, 6, rows)
    effect = random.normal(size=200)[town] + random.normal(size=6)[shop]
    logit = numbers[:, 0] + numbers[:, 1] * numbers[:, 2] + effect + np.sin(3 * numbers[:, 3])
    frame = pd.DataFrame(numbers, columns=[f"n{i}" for i in range(12)])
    frame = frame.mask(random.random(frame.shape) < 0.05)
    frame["town"], frame["shop"] = [f"town {n}" for n in town], [f"shop {n}" for n in shop]
    return frame.assign(target=np.where(logit + random.logistic(size=rows) > 0, "yes", "no"))


SETS: dict[str, tuple[Callable[[], pd.DataFrame], str, str]] = {
    "iris": (lambda: datasets.load_iris(as_frame=True).frame, "classification", "accuracy"),
    "wine": (lambda: datasets.load_wine(as_frame=True).frame, "classification", "accuracy"),
    "cancer": (
        lambda: datasets.load_breast_cancer(as_frame=True).frame,
        "classification",
        "roc_auc",
    ),
    "digits": (lambda: datasets.load_digits(as_frame=True).frame, "classification", "accuracy"),
    "diabetes": (lambda: datasets.load_diabetes(as_frame=True).frame, "regression", "r2"),
    "friedman": (_friedman, "regression", "r2"),
    "mixed": (_mixed, "classification", "roc_auc"),
}


def held_out_score(name: str, trials: int, seed: int) -> tuple[float, str, float]:
    """Return score, algorithm and seconds of one search."""
    load, model_type, metric = SETS[name]
    train, test = train_test_split(load(), test_size=0.25, random_state=seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.csv"
        train.to_csv(path, index=False)
        columns = [
            {"column_name": n, "use": n != "target", "isTarget": n == "target"} for n in train
        ]
        options = {"scoring": metric, "max_n_trials": trials}
        task = SearchTask(path, columns, options, model_type, seed, workers=2)
        board: list[TrialResult] = []
        began = time.monotonic()
        run_search(task, [], report=board.append, should_stop=lambda: False)
        seconds = time.monotonic() - began
        info = prepare(task)
    best = max((r for r in board if r.score is not None), key=lambda r: r.score or 0)
    features, target, _ = split_features_target(train, info)
    unseen, truth, _ = split_features_target(test, info)
    model = build_pipeline(info, best.algorithm_name, best.algorithm_params).fit(features, target)
    classes = len(info.get("targetClasses", ()))
    outcome = Outcome.of(truth, predict(model, unseen, classes), target)
    scores = all_scores(outcome, metrics_for(model_type, classes))
    return scores[metric], best.algorithm_name.rpartition(".")[2], seconds


def main() -> None:
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    names = sys.argv[2:] or list(SETS)
    for name in names:
        runs = [held_out_score(name, trials, seed) for seed in range(3)]
        found = ", ".join(f"{score:.4f} {kind} {seconds:.0f} s" for score, kind, seconds in runs)
        print(f"{name}: {np.mean([score for score, _, _ in runs]):.4f}  ({found})", flush=True)


if __name__ == "__main__":
    main()
