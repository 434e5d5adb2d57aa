"""Run auger's own search: the best of the board, packaged and asked as the hub does it."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import pandas as pd

from auger_hub.models.package import package_model
from auger_hub.models.predict import Predictor
from auger_hub.search.run import SearchTask, TrialResult, prepare, run_search

TARGET = "target"


def main(train: str, test: str, out: str, asked: str) -> None:
    """Search, package, predict."""
    task = make_task(Path(train), json.loads(asked))
    board: dict[str, TrialResult] = {}
    run_search(task, [], report=lambda one: board.update({one.uid: one}), should_stop=lambda: False)
    scored = [one for one in board.values() if one.score is not None]
    best = max(scored, key=lambda one: one.score or 0.0)
    known = {"stat_data": task.stat_data, "model_type": task.model_type, "seed": task.seed}
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        info = {**prepare(task), **known}
        package_model(model, data_path=task.data_path, task_info=info, trial=best.to_dict())
        predictor = Predictor.load(model)
        predicted = Path(folder) / "predicted.csv"
        threshold = 0.5 if task.model_type == "classification" else None
        predictor.predict_file(Path(test), predicted, threshold)
        table = pd.read_csv(predicted)
    if predictor.classes is None:
        table[[TARGET]].set_axis(["prediction"], axis=1).to_csv(out, index=False)
    else:
        names = [f"proba_{label}" for label in predictor.classes]
        table[names].rename(columns=lambda name: name.removeprefix("proba_")).to_csv(
            out, index=False
        )
    print(best.algorithm_name.rpartition(".")[2])


def make_task(train: Path, asked: dict[str, object]) -> SearchTask:
    """Return the task as a client of the hub would ask it."""
    names = pd.read_csv(train, nrows=0).columns
    columns = [{"column_name": n, "use": n != TARGET, "isTarget": n == TARGET} for n in names]
    options = {
        "scoring": asked["metric"],
        "crossValidationFolds": asked["folds"],
        "max_total_time_mins": float(str(asked["seconds"])) / 60,
        "max_n_trials": 10_000,
        "use_ensemble": True,
    }
    seed, cores = int(str(asked["seed"])), int(str(asked["cores"]))
    return SearchTask(train, columns, options, str(asked["kind"]), seed, workers=cores)


if __name__ == "__main__":
    main(*sys.argv[1:5])
