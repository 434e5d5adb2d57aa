"""Run auger's own search for series: the best of the board, packaged and asked as the hub does."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
from exchange import SERIES, TIME, VALUE, run

from auger_hub.models.package import package_model
from auger_hub.models.predict import Predictor
from auger_hub.models.predict_file import FilePredictor
from auger_hub.search.run import SearchTask, TrialResult, prepare, run_search


def main(train: str, test: str, out: str, asked: dict[str, object]) -> str:
    """Search, package, predict."""
    task = make_task(Path(train), asked)
    board: dict[str, TrialResult] = {}
    run_search(task, [], report=lambda one: board.update({one.uid: one}), should_stop=lambda: False)
    scored = [one for one in board.values() if one.score is not None]
    best = max(scored, key=lambda one: one.score or 0.0)
    known = {"stat_data": task.stat_data, "model_type": task.model_type, "seed": task.seed}
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        info = {**prepare(task), **known}
        package_model(model, data_path=task.data_path, task_info=info, trial=best.to_dict())
        predicted = Path(folder) / "predicted.csv"
        FilePredictor(Predictor.load(model)).predict(Path(test), predicted)
        table = pd.read_csv(predicted)
    names = {VALUE: "prediction", f"{VALUE}_low": "low", f"{VALUE}_high": "high"}
    table[[*names]].rename(columns=names).to_csv(out, index=False)
    return f"{best.algorithm_name.rpartition('.')[2]} of {len(scored)}"


def make_task(train: Path, asked: dict[str, object]) -> SearchTask:
    """Return the task as a client of the hub would ask it."""
    names = pd.read_csv(train, nrows=0).columns
    columns = [{"column_name": n, "use": n != VALUE, "isTarget": n == VALUE} for n in names]
    options = {
        "scoring": "neg_mase",
        "max_total_time_mins": float(str(asked["seconds"])) / 60,
        "max_n_trials": 10_000,
        "timeSeriesFeatures": [TIME],
        "horizon": asked["horizon"],
        "series": [SERIES] if SERIES in names else [],
    }
    return SearchTask(train, columns, options, "timeseries", seed=0, workers=1)


if __name__ == "__main__":
    run(main)
