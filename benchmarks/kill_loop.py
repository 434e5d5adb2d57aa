"""Kill (-9) at random moments of running searches, and look for anything lost.

    python -m benchmarks.kill_loop [EXPERIMENTS] [SEED]

One kill an experiment, in turns: the hub; the process of the run with all its trials; both at
once. After every kill the database is whole and every trial that was ever shown is still there,
unchanged; in the end every run has completed. Prints one line an experiment; the exit code is 1
after any loss.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.own_hub import OwnHub, iris_options, own_hub

VICTIMS = ("hub", "run", "both")
TRIALS = 30


def main(experiments: int = 10, seed: int = 1) -> int:
    """Return 1 when anything was lost."""
    chance = random.Random(seed)
    losses = 0
    with tempfile.TemporaryDirectory(prefix="kill-loop-") as folder, own_hub(Path(folder)) as hub:
        project_id = hub.add_project("killed")
        url = hub.add_file(project_id)
        runs = []
        for number in range(experiments):
            options = iris_options(max_n_trials=TRIALS, seed=seed + number)
            runs.append(hub.add_run(project_id, url, options))
            losses += live_through(hub, runs, VICTIMS[number % len(VICTIMS)], chance)
        losses += sum(hub.status("ExperimentSession", run) != "completed" for run in runs)
        print(f"{experiments} experiments, {experiments} kills, {losses} losses")
    return 1 if losses else 0


def live_through(hub: OwnHub, runs: list[str], victim: str, chance: random.Random) -> int:
    """Start the newest run, kill at a random moment, let it end; return what was lost."""
    run = runs[-1]
    hub.start_run(run)
    seen = watch(hub, runs, chance.randrange(TRIALS))
    time.sleep(chance.uniform(0.0, 0.5))
    pid = run_pid(hub, run)
    if victim != "run":
        hub.kill()
    if victim != "hub" and pid is not None:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    whole = is_whole(hub.settings.home)
    hub.start()
    lost = count_lost(hub, seen)
    status = hub.wait("ExperimentSession", run, "completed", "error", "interrupted")
    lost += count_lost(hub, seen)
    board = hub.trials(run)
    told = f"{len(seen[run])} trials seen before, {len(board)} in the end"
    print(f"killed the {victim}: {told}, {lost} lost, whole: {whole}, {status}", flush=True)
    return lost + (not whole)


def watch(hub: OwnHub, runs: list[str], count: int) -> dict[str, dict[str, Any]]:
    """Return every trial shown, by run, once the newest run has so many."""
    seen: dict[str, dict[str, Any]] = {run: hub.trials(run) for run in runs}
    while len(seen[runs[-1]]) < count:
        seen[runs[-1]] |= hub.trials(runs[-1])
        time.sleep(0.05)
    return seen


def count_lost(hub: OwnHub, seen: dict[str, dict[str, Any]]) -> int:
    """Count the trials that are gone or were measured otherwise."""
    lost = 0
    for run, trials in seen.items():
        board = hub.trials(run)
        lost += sum(
            key not in board or measured(board[key]) != measured(trial)
            for key, trial in trials.items()
        )
    return lost


def measured(trial: dict[str, Any]) -> dict[str, Any]:
    """Return a trial without its score, which the end of a run may bring down."""
    raw = {name: value for name, value in trial["raw_data"].items() if name != "score"}
    left_out = ("score_value", "updated_at", "raw_data")
    return {**{k: v for k, v in trial.items() if k not in left_out}, "raw_data": raw}


def run_pid(hub: OwnHub, run: str) -> int | None:
    """Return the process of a run while it has one."""
    try:
        path = hub.settings.work_folder / f"run-{run}.pid"
        return int(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


def is_whole(home: Path) -> bool:
    """Ask SQLite."""
    database = sqlite3.connect(home / "hub.db")
    answer = database.execute("PRAGMA integrity_check").fetchone()
    database.close()
    return bool(answer == ("ok",))


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:3])))
