"""The loop of examples/loop closes although hub and controller are killed again and again.

Both are killed with -9 at moments drawn by chance, all through the demonstration. What it shows has
to be as without: fallen, trained again once for each cause, replaced after its canary, and what is
poisoned is stopped.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from examples.conftest import EXAMPLES

sys.path.insert(0, str(EXAMPLES / "loop"))
play = pytest.importorskip("play")

QUIET = (8.0, 20.0)
"""Seconds between two kills, at least and at most."""


class Line(play.Line):  # type: ignore[name-defined, misc]
    """A line that asks again when nobody answers."""

    def ask(self, method: str, path: str, **body: Any) -> Any:
        deadline = time.monotonic() + 120
        while True:
            try:
                return super().ask(method, path, **body)
            except (OSError, ValueError, HTTPException):  # noqa: PERF203 - refused, broken off, half a state file
                if time.monotonic() > deadline:
                    raise
                time.sleep(1.0)


class Killed(play.Demo):  # type: ignore[name-defined, misc]
    """A demonstration whose programs are killed."""

    def __init__(self, home: Path, seed: int) -> None:
        super().__init__(home)
        self.line = Line(home / "hub")
        self.chance = random.Random(seed)
        self.over = threading.Event()
        self.kills: list[str] = []
        self.waits = iter((self.is_live, self.is_beside, self.is_promoted, self.is_stopped))
        self.first = ""

    @contextmanager
    def controller(self) -> Iterator[None]:
        killer = threading.Thread(target=self._kill_and_start, daemon=True)
        killer.start()
        try:
            yield
        finally:
            self.over.set()
            killer.join(timeout=120)

    def _kill_and_start(self) -> None:
        with (self.repository.parent / "controller.log").open("ab") as log:
            while not self.over.is_set():
                running = subprocess.Popen(
                    self.auger("controller", "run"),
                    cwd=self.repository,
                    env=self.environ,
                    stdout=log,
                    stderr=log,
                )
                self._kill_some(running)

    def _kill_some(self, running: subprocess.Popen[bytes]) -> None:
        while not self.over.wait(self.chance.uniform(*QUIET)):
            if self.chance.random() < 0.5:
                self.kills.append("controller")
                running.kill()
                break
            self._kill_hub()
        running.terminate()
        running.wait(timeout=60)

    def _kill_hub(self) -> None:
        with suppress(OSError, ValueError, HTTPException):
            state = json.loads((self.repository.parent / "hub" / "hub.json").read_text())
            os.kill(int(state["pid"]), signal.SIGKILL)
            self.kills.append("hub")

    def wait_for_apply(self) -> dict[str, Any]:
        """Wait for what comes next; which apply brings it, and how many, is chance."""
        wanted, deadline = next(self.waits), time.monotonic() + 400
        while not wanted():
            assert time.monotonic() < deadline, (wanted, self.status(), self.kills)
            time.sleep(2.0)
        self.applied = self.status()["apply"] or 0
        return self.status()

    def status(self) -> dict[str, Any]:
        return dict(self.read("controller", "status")["targets"][0])

    def models(self) -> list[dict[str, Any]]:
        rows = self.line.ask("GET", "/pipelines")
        return [row for row in rows if row["status"] == "ready"]

    def is_live(self) -> bool:
        self.first = next((row["id"] for row in self.models()), "")
        return bool(self.first and self.line.ask("GET", "/endpoints", name="parts"))

    def is_beside(self) -> bool:
        return any((row["rollout"] or {}).get("began_at") for row in self.models())

    def is_promoted(self) -> bool:
        (live, *others) = self.models()
        return not others and live["id"] != self.first and self.status()["condition"] == "in sync"

    def is_stopped(self) -> bool:
        told = self.status()
        return told["condition"] == "degraded" and "gate" in " ".join(told["why"])

    def read(self, *arguments: str) -> Any:
        deadline = time.monotonic() + 120
        while True:
            try:
                return super().read(*arguments)
            except subprocess.CalledProcessError:  # noqa: PERF203 - its hub was killed
                if time.monotonic() > deadline:
                    raise
                time.sleep(1.0)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(3))
def test_it_comes_out_as_it_should_whatever_is_killed(
    hub_lane: None, tmp_path: Path, seed: int
) -> None:
    demo = Killed(tmp_path, seed)
    try:
        assert play.play(demo) == 0, demo.kills
        runs = demo.read("experiment", "history")
        planned = subprocess.run(  # which ends with 1: the gate is closed
            demo.auger("--json", "plan"),
            cwd=demo.repository,
            env=demo.environ,
            capture_output=True,
            check=False,
        )
    finally:
        stop = demo.auger("hub", "stop")
        subprocess.run(stop, env=demo.environ, capture_output=True, check=False)
    assert {"hub", "controller"} <= set(demo.kills)
    assert json.loads(planned.stdout)["actions"] == []
    assert len(runs) == 3, "one run for the file, one for each cause"
