"""Measure what a second worker of a hub gains: status polls, and single records asked at once.

    python -m benchmarks.hub_workers [SECONDS] [DATABASE_URL ...]

A hub with one worker and one with two are asked in turns, by eight clients of one process over kept
connections; on SQLite, or on an empty database for each of the two.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.hub_asking import _ask_all, _of_hub, deploy_best
from benchmarks.hub_polls import _poll_all
from benchmarks.own_hub import OwnHub

CLIENTS, ROUNDS = 8, 5
WORKERS = (1, 2)


def main(seconds: float = 5.0, databases: tuple[str, ...] = ("", "")) -> None:
    """Ask both in turns, and print a line for each."""
    with tempfile.TemporaryDirectory() as folder:
        hubs: dict[int, OwnHub] = {}
        try:
            for workers, database in zip(WORKERS, databases, strict=True):
                hubs[workers] = OwnHub(Path(folder) / str(workers), database, workers=workers)
            _measure(hubs, seconds)
        finally:
            for hub in hubs.values():
                hub.stop()


def _measure(hubs: dict[int, OwnHub], seconds: float) -> None:
    taken: dict[tuple[str, int], list[list[float]]] = {}
    questions = {workers: _of_hub(hub, deploy_best(hub), "none") for workers, hub in hubs.items()}
    for workers, hub in hubs.items():
        _get_warm(hub, questions[workers][1], workers)
    polls = {workers: _poll_of(hub) for workers, hub in hubs.items()}
    for number in range(ROUNDS + 1):
        for workers, hub in hubs.items():
            asked = asyncio.run(_ask_all(*questions[workers], CLIENTS, seconds))
            polled = asyncio.run(_poll_all(hub.url, polls[workers], CLIENTS, seconds, 0))
            if number:  # the first round is to get warm
                taken.setdefault(("polls", workers), []).append(polled)
                taken.setdefault(("predictions", workers), []).append(asked)
    for (what, workers), rounds in sorted(taken.items()):
        times = sorted(one for part in rounds for one in part)
        rate = statistics.median(len(part) / seconds for part in rounds)
        p50, p99 = statistics.median(times) * 1000, times[int(len(times) * 0.99)] * 1000
        told = f"{rate:6.0f}/s  p50 {p50:6.2f}  p99 {p99:6.2f} ms"
        print(f"{what:12} {workers} workers  {told}", flush=True)


def _get_warm(hub: OwnHub, question: dict[str, Any], workers: int) -> None:
    """Ask until every worker has the model loaded: a connection is of any of them."""
    good = 0
    while good < 10 * workers:
        good += hub.call("POST", "/predictions", **question)["status"] == "done"


def _poll_of(hub: OwnHub) -> bytes:
    project = hub.add_project(f"polls-{time.monotonic_ns()}")
    body = json.dumps({"object": "Project", "id": project, "token": hub.token}).encode()
    host = hub.url.removeprefix("http://")
    head = f"GET /api/v1/status HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


if __name__ == "__main__":
    given = tuple(sys.argv[2:]) or ("", "")
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 5.0, given)
