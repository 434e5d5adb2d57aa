"""Measure the same search without a hub, for what the hub adds to it."""

from __future__ import annotations

import json
import time
from pathlib import Path

from auger_hub.search.run import SearchTask
from benchmarks.measure import tell
from benchmarks.own_search import fill_board


def main(data: str, options: str, seed: str) -> None:
    """Search in this process, and tell how long it took."""
    asked = json.loads(options)
    names = [*asked["featureColumns"], asked["targetFeature"]]
    columns = [
        {
            "column_name": n,
            "use": n != asked["targetFeature"],
            "isTarget": n == asked["targetFeature"],
        }
        for n in names
    ]
    task = SearchTask(Path(data), columns, asked, "classification", int(seed), workers=2)
    began = time.perf_counter()
    board = fill_board(task)
    tell(seconds=time.perf_counter() - began, trials=len(board))
