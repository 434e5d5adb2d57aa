"""Measure a stored model asked for a file, beside the bare pipeline asked by hand."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import pandas as pd

from auger_hub.models.predict import Predictor
from auger_hub.models.predict_file import FilePredictor
from benchmarks.measure import tell

ROWS = 200_000
ROUNDS = 5


def main(folder: str, data: str) -> None:
    """Predict a large file in turns, and tell processor seconds of both."""
    predictor = Predictor.load(Path(folder))
    rows = pd.read_csv(data).drop(columns=predictor.target)
    with tempfile.TemporaryDirectory() as place:
        asked, answered = Path(place) / "asked.csv", Path(place) / "answered.csv"
        rows.sample(ROWS, replace=True, random_state=0).to_csv(asked, index=False)
        found: dict[str, list[float]] = {"file": [], "bare": [], "call": []}
        for _ in range(ROUNDS):
            began = time.process_time()
            FilePredictor(predictor).predict(asked, answered)
            found["file"].append(time.process_time() - began)
            began = time.process_time()
            table = pd.read_csv(asked)
            called = time.process_time()
            predicted = predictor.model.predict(table)
            found["call"].append(time.process_time() - called)
            table.assign(predicted=predicted).to_csv(Path(place) / "bare.csv", index=False)
            found["bare"].append(time.process_time() - began)
    tell(**{name: statistics.median(taken) for name, taken in found.items()})
