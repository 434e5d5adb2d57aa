"""Measure how soon the end of a run is noticed, and how often the hub is asked for that."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from auger_reconcile.applier.steps import StepRunner
from auger_reconcile.applier.waiting import Patience
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.resources._steps import Await
from benchmarks.figure import Figure, Section
from benchmarks.loopback import serve

REAL = 3.0  # seconds of the run that is really waited for
RANGES = ((1, 10, 1.0), (10, 600, 5.0), (600, 7200, 5.0))  # from, to, allowed delay; seconds


class MovedClock(threading.Event):
    """A stop signal that nobody has to wait for: each pause only moves the clock."""

    now = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return self.is_set()


def delay_after(run: float) -> tuple[float, int]:
    """Return how late the end of a run is seen, and by how many looks, on a moved clock."""
    stop = MovedClock()
    looks = 0
    for _ in Patience(stop=stop, clock=lambda: stop.now).looks("run"):
        looks += 1
        if stop.now >= run:
            break
    return stop.now - run, looks


def measure() -> Section:
    """Measure one short run really, and runs of up to two hours on a moved clock."""
    delay, polls = _wait_really()
    what = f"a run of {REAL:g} s, over HTTP"
    figures = [Figure(what, f"{delay:.2f} s, {polls} polls", "1 s", delay / 1.0, 1.0)]
    for low, high, allowed in RANGES:
        found = [delay_after(low + (high - low) * i / 500) for i in range(500)]
        worst, most = max(delay for delay, _ in found), max(looks for _, looks in found)
        what = f"500 runs of {low} to {high} s, the worst"
        told = f"{worst:.2f} s, at most {most} polls"
        figures.append(Figure(what, told, f"{allowed:g} s", worst / allowed, 1.0))
    note = "Seconds between the end of a run and the moment when it is known."
    return Section("waiting", "Waiting", figures, [note])


def _wait_really() -> tuple[float, int]:
    ends, polls = time.monotonic() + REAL, []

    def respond(_method: str, _path: str, _asked: Mapping[str, Any]) -> Any:
        polls.append(time.monotonic())
        return {"id": "R1", "status": "started" if polls[-1] < ends else "completed"}

    with serve(respond) as hub, HubClient(hub.url, "token") as client:
        runner = StepRunner(client, Path(), Patience(), lambda *_: None)

        def steps():  # type: ignore[no-untyped-def]
            yield Await("experiment_sessions", "R1", frozenset({"started"}))

        runner.run(steps())
        return time.monotonic() - ends, len(polls)
