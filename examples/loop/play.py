"""The demonstration behind `make demo-loop`: a model that is kept good because a file says so.

A real hub, a real `auger controller` that watches a Git repository, and a line that asks the model.
This program plays the line, and tells what the controller makes of it. Hub, repository and home are
in a folder of their own, which is removed at the end.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click
from line import Line

HERE = Path(__file__).parent
FILES = ("auger.yaml", "controller.yaml", "parts.csv")
FIRST_DAY = date(2026, 3, 2)
PARTS_A_DAY = 400
GOOD, BAD = 0.8, 0.75
PATIENCE = 240.0
WHO = ["-c", "user.name=anna", "-c", "user.email=anna@example.com"]


class Demo:
    """One life of the line, from the first commit to a retraining that the gate stops.

    Args:
        home: an empty folder.
    """

    def __init__(self, home: Path) -> None:
        self.repository = home / "repository"
        self.environ = {**os.environ, "HOME": str(home), "AUGER_HUB_HOME": str(home / "hub")}
        self.line = Line(home / "hub")
        self.day = FIRST_DAY
        self.began = time.monotonic()
        self.told: tuple[Any, ...] = ()
        self.applied = 0

    def commit(self) -> None:
        """Make a repository of the files beside this one."""
        self.repository.mkdir()
        for name in FILES:
            shutil.copy(HERE / name, self.repository / name)
        (self.repository / ".gitignore").write_text(".controller/\n", encoding="utf-8")
        git = ["git", *WHO, "-C", str(self.repository)]
        subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", "Find faulty parts of line 7"], check=True)

    @contextmanager
    def controller(self) -> Iterator[None]:
        """Let a controller watch the repository while the context lasts."""
        with (self.repository.parent / "controller.log").open("wb") as log:
            running = subprocess.Popen(
                self.auger("controller", "run"),
                cwd=self.repository,
                env=self.environ,
                stdout=log,
                stderr=log,
            )
            try:
                yield
            finally:
                running.terminate()
                running.wait(timeout=60)

    def auger(self, *arguments: str) -> list[str]:
        """Return the command line of one command of auger."""
        return [sys.executable, "-m", "auger_reconcile", *arguments]

    def read(self, *arguments: str) -> Any:
        """Return the JSON of a command."""
        command = self.auger("--json", *arguments)
        done = subprocess.run(
            command, cwd=self.repository, env=self.environ, capture_output=True, check=True
        )
        return json.loads(done.stdout)

    def show(self, *arguments: str) -> None:
        """Type a command, and show what it prints."""
        click.secho(f"\n$ auger {' '.join(arguments)}", fg="cyan", bold=True)
        sys.stdout.flush()
        subprocess.run(self.auger(*arguments), cwd=self.repository, env=self.environ, check=False)

    def work(self, world: str, days: int) -> float:
        """Let the line work some days; return the score of the last."""
        score = 0.0
        for _ in range(days):
            seed = self.day.toordinal()
            score = self.line.run_day(self.day.isoformat(), world, PARTS_A_DAY, seed)
            bar = "█" * round(score * 30)
            color = "green" if score >= GOOD else "red"
            click.echo(f"  {self.day}  {PARTS_A_DAY} parts  right about ", nl=False)
            click.secho(f"{score:5.1%} {bar}", fg=color)
            self.day += timedelta(days=1)
        return score

    def wait_for_apply(self) -> dict[str, Any]:
        """Tell what the controller says until it has applied once more; return its status.

        Raises:
            SystemExit: that takes too long.
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for status in self.read("controller", "status")["targets"]:
                self._tell(status)
                is_over = status["condition"] in ("in sync", "degraded") and not status["plan"]
                if is_over and (status["apply"] or 0) > self.applied:
                    self.applied = int(status["apply"])
                    return dict(status)
            time.sleep(2.0)
        log = (self.repository.parent / "controller.log").read_text(encoding="utf-8")
        raise SystemExit(f"{log}\nThe controller did not get there.")

    def _tell(self, status: dict[str, Any]) -> None:
        now = (status["condition"], status["apply"], *status["why"])
        if now == self.told:
            return
        self.told = now
        colors = {"in sync": "green", "degraded": "red"}
        seconds = time.monotonic() - self.began
        click.echo(f"  [{seconds:4.0f} s] controller: ", nl=False)
        click.secho(status["condition"], fg=colors.get(status["condition"], "yellow"), nl=False)
        click.echo(f", after apply {status['apply']}" if status["apply"] else "")
        for why in status["why"]:
            click.echo(f"           {why}")


def main() -> int:
    """Play all acts; return 0 when each came out as it should."""
    home = Path(tempfile.mkdtemp(prefix="auger-loop-"))
    demo = Demo(home)
    try:
        return play(demo)
    finally:
        subprocess.run(
            demo.auger("hub", "stop"), env=demo.environ, capture_output=True, check=False
        )
        shutil.rmtree(home, ignore_errors=True)


def play(demo: Demo) -> int:
    """Play all acts; return 0 when each came out as it should."""
    click.secho("auger: a model that is kept good because a file says so", bold=True)
    act("1. A commit. The controller plans it, and makes the hub what it says.")
    demo.commit()
    with demo.controller():
        demo.wait_for_apply()
        act("2. The line works. What it asks is counted, what was true is scored.")
        good = demo.work("old", 3)
        act("3. The machine is rebuilt: what made a part faulty does not any more.")
        fallen = demo.work("new", 1)
        demo.wait_for_apply()
        demo.show("show", str(demo.applied))
        act("4. The new model answers half of the requests, beside the old one.")
        demo.work("new", 2)
        demo.wait_for_apply()
        demo.show("show", str(demo.applied))
        act(
            "5. It was good enough, and answers all of them."
            " The line asks the same endpoint as before."
        )
        back = demo.work("new", 2)
        act("6. The inspector tosses a coin: the labels are poisoned, the model is not to blame.")
        demo.work("poisoned", 1)
        stopped = demo.wait_for_apply()
        act("7. What was learned of that was stopped by the gate. The good model still answers.")
        kept = demo.work("new", 1)
    demo.show("history")
    demo.show("model", "health", "parts")
    took = time.monotonic() - demo.began
    is_stopped = stopped["condition"] == "degraded" and "gate" in " ".join(stopped["why"])
    if good < GOOD or fallen > BAD or back < GOOD or kept < GOOD or not is_stopped:
        click.secho("\nThe demonstration did not come out as it should.", fg="red", bold=True)
        return 1
    click.echo(f"\nIt fell to {fallen:.0%}, and came back to {back:.0%} by itself; {took:.0f} s.")
    return 0


def act(text: str) -> None:
    """Print the heading of an act."""
    click.secho(f"\n{text}", fg="yellow", bold=True)


if __name__ == "__main__":
    sys.exit(main())
