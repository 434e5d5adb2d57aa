"""Run auger as a user does: an ordinary auger.yaml, `auger apply`, `auger model predict`.

The hub is one of its own, in the working folder, and ends with this. An auger.yaml has no seed, so
a seed is another split of the table.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from exchange import TARGET, run, write_numbers

AUGER = Path(sys.executable).with_name("auger")
_FILE = """hub: local
name: quality
source: {source}
model_type: {kind}
target: target
experiment:
  metric: {metric}
  max_n_trials: 10000
  max_total_time: {minutes}
  cross_validation_folds: {folds}
  use_ensemble: true
cluster:
  type: standard
  min_nodes: 1
  max_nodes: {cores}
models:
  best: {{trial: best}}
"""


def main(train: str, test: str, out: str, task: dict[str, Any]) -> str:
    """Search, deploy, predict."""
    folder = Path.cwd()
    hub = folder / "hub"
    known = {"AUGER_HUB_HOME": str(hub), "HOME": str(folder)}
    fields = {**task, "source": Path(train).name, "minutes": round(task["seconds"] / 60)}
    (folder / "auger.yaml").write_text(_FILE.format(**fields), encoding="utf-8")

    def auger(*words: str) -> str:
        environment = {**os.environ, **known}
        done = subprocess.run(
            [AUGER, *words], env=environment, cwd=folder, capture_output=True, text=True, check=True
        )
        return done.stdout

    try:
        auger("apply", "--auto-approve", "--wait")
        chances = ("--proba",) if task["kind"] == "classification" else ()
        auger("model", "predict", test, "--model-id", "best", *chances)
        board = json.loads(auger("--json", "experiment", "leaderboard"))
    finally:
        auger("hub", "stop")
    table = pd.read_csv(Path(test).with_name(f"{Path(test).stem}_predicted.csv"))
    if task["kind"] == "regression":
        write_numbers(table[f"{TARGET}_predicted"], out)
    else:
        names = [name for name in table if name.startswith("proba_")]
        table[names].rename(columns=lambda name: name.removeprefix("proba_")).to_csv(
            out, index=False
        )
    return _best(board)


def _best(board: Any) -> str:
    """Return the first algorithm of a board."""
    trials = board.get("trials", []) if isinstance(board, dict) else board
    return str(trials[0].get("algorithm", trials[0])) if trials else "?"


if __name__ == "__main__":
    run(main)
