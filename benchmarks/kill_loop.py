"""Kill at random moments of running searches, and look for anything lost.

    python -m benchmarks.kill_loop [EXPERIMENTS] [SEED] [TRIALS] [DATABASE]

One end an experiment, in turns: the hub is killed (-9); it gets SIGTERM; the process of the run is
killed with all its trials; hub and run are, at once. Meanwhile somebody writes all the time:
projects, users, records of applies. After every end the database is whole; every trial that was
ever shown is still there, unchanged, and so is every write that was acknowledged; after SIGTERM no
process of the hub is left. In the end every run has completed. Prints one line an experiment; the
exit code is 1 after any loss. DATABASE is the URL of an empty PostgreSQL.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

from benchmarks.hub_hostile import descendants
from benchmarks.own_hub import OwnHub, iris_options, own_hub

VICTIMS = ("hub", "hub in order", "run", "both")
TRIALS = 30
LEFT_SECONDS = 10.0  # for processes to see that their hub is gone
USERS = 8  # more in an hour are refused


def main(experiments: int = 10, seed: int = 1, trials: int = TRIALS, database: str = "") -> int:
    """Return 1 when anything was lost."""
    chance = random.Random(seed)
    losses = 0
    with (
        tempfile.TemporaryDirectory(prefix="kill-loop-") as folder,
        own_hub(Path(folder), database) as hub,
    ):
        project_id = hub.add_project("killed")
        url = hub.add_file(project_id)
        runs: list[str] = []
        writer = Writer(hub)
        for number in range(experiments):
            options = iris_options(max_n_trials=trials, seed=seed + number)
            runs.append(hub.add_run(project_id, url, options))
            losses += live_through(
                hub, runs, VICTIMS[number % len(VICTIMS)], chance, trials, writer
            )
        losses += sum(hub.status("ExperimentSession", run) != "completed" for run in runs)
        print(f"{experiments} experiments, {experiments} ends, {losses} losses", end=", ")
        print(f"{writer.count} acknowledged writes, the slowest start {writer.slowest_start:.1f} s")
    return 1 if losses else 0


class Writer:
    """Writes from a thread of its own, and knows what was acknowledged."""

    def __init__(self, hub: OwnHub) -> None:
        self._hub = hub
        self._made: list[tuple[str, Any]] = []
        self._over = threading.Event()
        self._thread = threading.Thread()
        self._users = 0
        self.slowest_start = 0.0

    @property
    def count(self) -> int:
        """How many writes were acknowledged."""
        return len(self._made)

    def begin(self) -> None:
        self._over.clear()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        while not self._over.is_set():
            name = f"w{len(self._made)}-{time.monotonic_ns()}"
            with suppress(requests.RequestException):
                made = self._hub.call("POST", "/projects", name=name)
                self._made.append(("/projects", made["id"]))
                made = self._hub.call("POST", "/applies", projects=[name], actions=[])
                self._made.append(("/applies", made["id"]))
                if self._users < USERS:
                    self._users += 1
                    self._hub.call("POST", "/users", name=name)
                    self._made.append(("/users", name))

    def lost(self) -> int:
        """Count acknowledged writes that are not there any more."""
        listed = {one["name"] for one in self._hub.call("GET", "/users", limit=1000)}
        lost = 0
        for path, key in self._made:
            if path == "/users":
                lost += key not in listed
                continue
            try:
                self._hub.call("GET", f"{path}/{key}")
            except requests.HTTPError:
                lost += 1
        return lost


def live_through(  # noqa: PLR0913, PLR0917 - what one round is about
    hub: OwnHub,
    runs: list[str],
    victim: str,
    chance: random.Random,
    trials: int,
    writer: Writer,
) -> int:
    """Start the newest run, end something at a random moment; return what was lost."""
    run = runs[-1]
    hub.start_run(run)
    seen = watch(hub, runs, chance.randrange(trials))
    writer.begin()
    time.sleep(chance.uniform(0.0, 0.5))
    left = end(hub, run, victim)
    writer.end()
    whole = is_whole(hub.settings.home)
    began = time.monotonic()
    hub.start()
    writer.slowest_start = max(writer.slowest_start, time.monotonic() - began)
    lost = count_lost(hub, seen) + writer.lost() + left
    status = hub.wait("ExperimentSession", run, "completed", "error", "interrupted")
    lost += count_lost(hub, seen)
    board = hub.trials(run)
    told = f"{len(seen[run])} trials seen before, {len(board)} in the end"
    print(f"killed the {victim}: {told}, {lost} lost, whole: {whole}, {status}", flush=True)
    return lost + (not whole)


def end(hub: OwnHub, run: str, victim: str) -> int:
    """End what is to be ended; return how many processes of a hub that is down are left."""
    pid, known = run_pid(hub, run), descendants(hub.pid)
    if victim == "hub in order":
        hub.stop()
    elif victim != "run":
        hub.kill()
    if victim in ("run", "both") and pid is not None:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    if victim != "hub in order":
        return 0  # a run outlives a killed hub on purpose: the next one takes it up
    deadline = time.monotonic() + LEFT_SECONDS
    while (left := [one for one in known if is_alive(one)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(left)


def is_alive(pid: int) -> bool:
    """Return whether there is such a process, and it has not ended yet."""
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] != "Z"
    return False


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
    """Ask SQLite; PostgreSQL looks after itself."""
    if not (home / "hub.db").exists():
        return True
    database = sqlite3.connect(home / "hub.db")
    answer = database.execute("PRAGMA integrity_check").fetchone()
    database.close()
    return bool(answer == ("ok",))


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:4]), *sys.argv[4:5]))
