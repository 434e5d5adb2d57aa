"""Measure the hub from outside: latency, overhead, polls a second, memory while idle."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from sklearn import datasets

from benchmarks.figure import Figure, Section
from benchmarks.measure import run_apart
from benchmarks.own_hub import IRIS, OwnHub, iris_options, own_hub

FIRST_TRIAL, OVERHEAD, POLLS, P99 = 3.0, 1.05, 1000.0, 50.0
IDLE_MEMORY, BATCH = 150.0, 1.5
ROUNDS = 3
LEARNING = ("numpy", "pandas", "scipy", "sklearn", "lightgbm", "optuna", "duckdb", "skops")


def measure() -> Section:
    """Measure one hub after the other thing; its first search is its very first."""
    with tempfile.TemporaryDirectory() as folder, own_hub(Path(folder)) as hub:
        time.sleep(2.0)
        figures = [*_idle(hub)]
        project_id = hub.add_project("measured")
        url = hub.add_file(project_id)
        firsts = [_first_trial(hub, project_id, url) for _ in range(ROUNDS)]
        figures += [
            _limit("first trial of iris, the hub's very first run", firsts[0], "s", FIRST_TRIAL),
            _limit("first trial of iris, later runs", min(firsts[1:]), "s", FIRST_TRIAL),
            _overhead(hub, project_id, Path(folder)),
            *_polls(hub, project_id, url),
            _batch(hub, project_id, url),
        ]
    notes = [
        f"One hub on loopback. The overhead is the median of {ROUNDS} runs in turns with the same",
        "search without a hub: digits, the same seed, two workers. Polls come from one process",
        "that shares the cores with the hub; those during a search are 100 a second. The batch is",
        "200,000 rows: read, predicted and written as CSV, in seconds of processor time, beside",
        f"pandas and the bare pipeline. Load of the machine at the end: {os.getloadavg()[0]:.1f}.",
    ]
    return Section("hub", "The hub", figures, notes)


def _limit(what: str, found: float, unit: str, limit: float) -> Figure:
    return Figure(what, f"{found:.2f} {unit}", f"{limit:g} {unit}", found / limit, 1.0)


def _idle(hub: OwnHub) -> list[Figure]:
    process = Path(f"/proc/{hub.pid}")
    memory = int((process / "status").read_text().partition("VmRSS:")[2].split()[0]) / 1000
    maps = (process / "maps").read_text()
    loaded = [name for name in LEARNING if f"/site-packages/{name}/" in maps]
    count = Figure(
        "learning libraries in it", ", ".join(loaded) or "none", "", float(len(loaded)), 0.0
    )
    return [_limit("memory while idle", memory, "MB", IDLE_MEMORY), count]


def _first_trial(hub: OwnHub, project_id: int, url: str) -> float:
    """Return the seconds from the start of a run to its first trial on the board."""
    run = hub.add_run(project_id, url, iris_options(max_n_trials=3))
    began = time.perf_counter()
    hub.start_run(run)
    while not hub.trials(run):
        time.sleep(0.01)
    seconds = time.perf_counter() - began
    hub.wait("ExperimentSession", run, "completed")
    return seconds


def _overhead(hub: OwnHub, project_id: int, folder: Path) -> Figure:
    frame = datasets.load_digits(as_frame=True).frame
    path = folder / "digits.csv"
    frame.to_csv(path, index=False)
    features = [name for name in frame if name != "target"]
    options = iris_options(
        targetFeature="target", featureColumns=features, categoricalFeatures=["target"], seed=1
    )
    url = hub.add_file(project_id, path)
    with_hub, bare = [], []
    for _ in range(ROUNDS):
        with_hub.append(_run_seconds(hub, project_id, url, options))
        bare.append(run_apart("hub_search", path, json.dumps(options), 1)["seconds"])
    found, beside = statistics.median(with_hub), statistics.median(bare)
    what = "a search of 20 trials"
    return Figure(what, f"{found:.1f} s", f"{beside:.1f} s (no hub)", found / beside, OVERHEAD)


def _run_seconds(hub: OwnHub, project_id: int, url: str, options: dict[str, Any]) -> float:
    run = hub.add_run(project_id, url, options)
    began = time.perf_counter()
    hub.start_run(run)
    assert hub.wait("ExperimentSession", run, "completed", "error") == "completed"
    return time.perf_counter() - began


def _polls(hub: OwnHub, project_id: int, url: str) -> list[Figure]:
    before = _processor_seconds(hub.pid)
    quiet = run_apart("hub_polls", hub.url, hub.token, "Project", project_id, 8, 5, 0)
    each = (_processor_seconds(hub.pid) - before) / (quiet["rate"] * 5) * 1000
    run = hub.add_run(project_id, url, iris_options(max_n_trials=1000))
    hub.start_run(run)
    hub.wait("ExperimentSession", run, "started")
    busy = run_apart("hub_polls", hub.url, hub.token, "ExperimentSession", run, 10, 10, 0.1)
    hub.call("PATCH", f"/experiment_sessions/{run}", status="interrupted")
    return [
        Figure(
            "status polls a second",
            f"{quiet['rate']:,.0f}",
            f"{POLLS:,.0f}",
            quiet["rate"] / POLLS,
            1.0,
            at_least=True,
        ),
        _limit("processor time of the hub, a poll", each, "ms", 1000 / POLLS),
        _limit("p99 of a poll while a search runs", busy["p99"] * 1000, "ms", P99),
    ]


def _processor_seconds(pid: int) -> float:
    """Return what a process has used up to now, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _batch(hub: OwnHub, project_id: int, url: str) -> Figure:
    run = hub.add_run(project_id, url, iris_options(max_n_trials=5))
    hub.start_run(run)
    hub.wait("ExperimentSession", run, "completed")
    trial = next(iter(hub.trials(run)))
    hub.call("POST", "/pipelines", trial_id=trial)
    hub.wait("Pipeline", trial, "ready")
    found = run_apart("hub_predictions", hub.settings.models_folder / trial, IRIS)
    beside = f"{found['bare']:.2f} s, {found['call']:.2f} s of them the pipeline"
    ratio = found["file"] / found["bare"]
    return Figure("a batch of predictions", f"{found['file']:.2f} s", beside, ratio, BATCH)
