"""Measure planning many resources, beside reading and parsing the same bytes."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from importlib import import_module
from pathlib import Path

import yaml

import auger.api
from benchmarks.cold_start import to_credentials
from benchmarks.figure import Figure, Section
from benchmarks.loopback import Lists, serve
from benchmarks.measure import peak_memory, run_apart, tell
from benchmarks.world import answer_lists, write_files

SIZES = {100: 5, 1_000: 9, 10_000: 9, 100_000: 3}  # resources, and rounds
CHANGED_SHARE = 0.01
MOST_MEMORY = 300.0  # MB, for ten thousand resources
MOST_TIMES_PARSING = 1.4
MOST_GROWTH = 1.2  # seconds a resource, of 100,000 against 1,000


# What planning imports when it is first asked for; here before the clock starts, as PyYAML is.
USED = (
    "auger_reconcile.client.hub_client",
    "auger_reconcile.client.refresh",
    "auger_reconcile.config.load",
    "auger_reconcile.planner.build",
)


def main(what: str, file: str, answers: str, url: str) -> None:
    """Plan or parse once, in this process, and tell the cost."""
    os.environ["AUGER_CREDENTIALS"] = to_credentials(url)
    for module in USED:
        import_module(module)
    cpu = time.process_time()
    actions = _plan(Path(file)) if what == "plan" else _parse(Path(file), Path(answers))
    tell(cpu=time.process_time() - cpu, peak=peak_memory(), actions=actions)


def _plan(file: Path) -> int:
    return len(auger.api.plan(file).actions)


def _parse(file: Path, answers: Path) -> int:
    documents = list(yaml.load_all(file.read_text(encoding="utf-8"), yaml.CSafeLoader))
    with answers.open("rb") as lines:
        pages = [json.loads(line) for line in lines]
    assert documents
    assert pages
    return 0


def measure() -> Section:
    """Measure every size, unchanged and with some changes."""
    figures = []
    per_resource = {}
    for size, rounds in SIZES.items():
        for share in (0.0, CHANGED_SHARE) if size < 100_000 else (0.0,):
            plan, parse = _compare(size, share, rounds)
            assert bool(plan["actions"]) == bool(share), plan
            what = f"{size:,} resources, {plan['actions'] or 'no'} changes"
            found = f"{plan['cpu']:.2f} s, {plan['peak']:.0f} MB"
            beside = f"{parse['cpu']:.2f} s"
            limit = MOST_TIMES_PARSING if size == 10_000 and not share else None
            figures.append(Figure(what, found, beside, plan["cpu"] / parse["cpu"], limit))
            if not share:
                per_resource[size] = plan["cpu"] / size
            if limit:
                peak = plan["peak"]
                memory = Figure(
                    "the same, memory in MB", f"{peak:.0f} MB", "", peak, limit=MOST_MEMORY
                )
                figures.append(memory)
    largest = max(SIZES)
    growth = per_resource[largest] / per_resource[1_000]
    each = f"{per_resource[largest] * 1e6:.0f} µs"
    before = f"{per_resource[1_000] * 1e6:.0f} µs with 1,000"
    figures.append(Figure(f"a resource of {largest:,}", each, before, growth, MOST_GROWTH))
    notes = [
        "A hundred resources a project: 19 data sets, 60 experiments with a run, 20 models.",
        "`auger.api.plan` reads the file, asks a loopback server for the lists over HTTP, and",
        "builds the plan; beside it libyaml's loader and `json.loads` read the same bytes from the",
        "disk.",
    ]
    return Section("planning", "Planning", figures, notes)


def _compare(size: int, share: float, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        file, answers = Path(folder, "auger.yaml"), Path(folder, "answers")
        file.write_text(write_files(size), encoding="utf-8")
        lists = Lists(answer_lists(size, changed_share=share))
        with answers.open("wb") as out:
            out.writelines(page + b"\n" for page in lists.pages)
        found: dict[str, list[dict[str, float]]] = {"plan": [], "parse": []}
        with serve(lists.respond) as hub:
            for _ in range(rounds):
                for what, costs in found.items():
                    costs.append(run_apart("planning", what, file, answers, hub.url))
    plan, parse = (
        {name: statistics.median(cost[name] for cost in costs) for name in costs[0]}
        for costs in found.values()
    )
    return {**plan, "actions": int(plan["actions"])}, parse
