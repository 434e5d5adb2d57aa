"""Measure applying a thousand creations, beside the least that the hub's latency allows."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.applier.apply import ApplyOptions, apply_plan
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.planner.build import build_plan
from auger_reconcile.resources.project import ProjectSpec
from auger_reconcile.state import Declared, DesiredState, ObservedState
from benchmarks.figure import Figure, Section
from benchmarks.loopback import ORGANIZATION, Lists, envelope, serve
from benchmarks.measure import run_apart, tell

CREATIONS = 1_000
LATENCY = 0.05  # seconds a request
PARALLELISM = 10
MOST_TIMES_IDEAL = 1.15


def main(url: str) -> None:
    """Plan and apply in this process, and tell the seconds of the apply."""
    declared = {}
    for number in range(CREATIONS):
        name = f"project-{number}"
        address = Address(name, "project", name)
        declared[address] = Declared(address, ProjectSpec(name=name))
    plan = build_plan(DesiredState(declared), ObservedState(url, ORGANIZATION, 1, {}))
    with HubClient(url, "token") as client:
        began, cpu = time.perf_counter(), time.process_time()
        options = ApplyOptions(parallelism=PARALLELISM)
        result = apply_plan(plan, client, Path(), options)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    tell(seconds=seconds, cpu=cpu, complete=result.is_complete, actions=len(result.outcomes))


def measure() -> Section:
    """Measure against a server that sleeps before each answer."""
    numbers = itertools.count(1)
    lists = Lists({})

    def respond(method: str, path: str, asked: Mapping[str, Any]) -> bytes:
        if method == "GET":
            return lists.respond(method, path, asked)
        made = {"id": next(numbers), "name": asked["name"], "status": "undeployed"}
        return envelope(made)

    with serve(respond, latency=LATENCY) as hub:
        runs = [run_apart("applying", hub.url) for _ in range(3)]
    assert all(run["complete"] and run["actions"] == CREATIONS for run in runs), runs
    found = sorted(runs, key=lambda run: run["seconds"])[1]
    ideal = CREATIONS * LATENCY / PARALLELISM
    figure = Figure(
        f"{CREATIONS:,} projects created, {PARALLELISM} at a time",
        f"{found['seconds']:.2f} s, of which {found['cpu']:.2f} s of processor time",
        f"{ideal:.2f} s",
        found["seconds"] / ideal,
        MOST_TIMES_IDEAL,
    )
    note = (
        f"A loopback server sleeps {LATENCY * 1000:.0f} ms before each answer; beside it stands "
        "requests x latency / parallelism. Seconds from start to end."
    )
    return Section("applying", "Applying", [figure], [note])
