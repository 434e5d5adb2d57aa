"""Measure the page of a run with 1,000 trials, and the report of a wide run with 100."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import requests
from sqlalchemy import select

from auger_hub.database.engine import Database
from auger_hub.database.tables import ExperimentSession, Hyperparameter, Trial
from auger_reconcile.api.context import Context
from auger_reconcile.api.experiment import Experiment
from auger_reconcile.cli.views.run.report import render_report_html
from benchmarks.figure import Figure, Section
from benchmarks.own_hub import OwnHub, own_hub

COLUMNS, ROWS, ROUNDS = 74, 600, 20
TICKS = os.sysconf("SC_CLK_TCK")


def measure() -> Section:
    """Return the figures."""
    with tempfile.TemporaryDirectory() as folder, own_hub(Path(folder)) as hub:
        run_id = _search(hub, Path(folder))
        started = time.monotonic()
        report = _report(hub, run_id, trials=100)
        waited = time.monotonic() - started
        _add_trials(hub, run_id, 1000)
        whole, size = _ask(hub, run_id, "&all=1", rows=1000)
        page, _ = _ask(hub, run_id, "", rows=50)
    return Section(
        "pages",
        "Pages",
        [
            _figure("report of 100 trials", f"{report / 1e6:.2f} MB", "2 MB", report / 2e6),
            _figure("page of 1,000 trials", f"{page * 1e3:.0f} ms", "200 ms", page / 0.2),
            _figure("with all of them", f"{whole * 1e3:.0f} ms", "200 ms", whole / 0.2),
        ],
        (
            f"A run on {COLUMNS} columns. Pages are asked {ROUNDS} times: the processor",
            f"time of the hub for an answer, of {size / 1000:.0f} kB for all. Trials are copies of",
            "those of a real search, with other hyperparameters and scores. The report is the page",
            f"of `auger experiment report`, explanation included, which took {waited:.0f} s.",
        ),
    )


def _figure(what: str, found: str, beside: str, ratio: float) -> Figure:
    return Figure(what, found, beside, ratio, 1)


def _search(hub: OwnHub, folder: Path) -> str:
    """Return a small run on a wide table, ended."""
    random = np.random.default_rng(0)
    table = {f"number_{n}": random.normal(n, 1, ROWS) for n in range(50)}
    table |= {f"label_{n}": random.choice(list("abcdef"), ROWS) for n in range(COLUMNS - 51)}
    target = np.where(table["number_0"] + random.normal(size=ROWS) > 0, "yes", "no")
    frame = pd.DataFrame({**table, "bought": target})
    frame.to_csv(folder / "wide.csv", index=False)
    options = {
        "targetFeature": "bought",
        "featureColumns": list(frame.columns[:-1]),
        "categoricalFeatures": [name for name in frame.columns if name.startswith("label")],
        "classification": True,
        "binaryClassification": True,
        "crossValidationFolds": 3,
        "max_n_trials": 4,
        "max_total_time_mins": 10,
        "max_eval_time_mins": 2,
        "use_ensemble": False,
        "scoring": "roc_auc",
    }
    project = hub.add_project("wide")
    run_id = hub.add_run(project, hub.add_file(project, folder / "wide.csv"), options)
    hub.start_run(run_id)
    hub.wait("ExperimentSession", run_id, "completed")
    return run_id


def _report(hub: OwnHub, run_id: str, *, trials: int) -> int:
    """Return the bytes of the report of a run with so many trials."""
    best = max(hub.trials(run_id).values(), key=lambda one: one["score_value"])["id"]
    _add_trials(hub, run_id, trials)
    credentials = hub.settings.credentials_path.read_text(encoding="utf-8")
    environ = {**os.environ, "AUGER_CREDENTIALS": credentials}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "auger.yaml").write_text("name: wide\n", encoding="utf-8")
        with Context(folder, environ=environ, home=Path(folder)) as context:
            experiment = Experiment(context, experiment_name="wide")
            found = experiment.report(run_id, trial_id=best, seconds=600)
    assert found.explanation is not None, found.missing
    return len(render_report_html(found).encode())


def _add_trials(hub: OwnHub, run_id: str, wanted: int) -> None:
    """Copy trials of a run until there are so many."""
    random = np.random.default_rng(1)
    with Database(hub.settings.database_url).write() as session:
        known = list(session.scalars(select(Trial).where(Trial.experiment_session_id == run_id)))
        run = session.get_one(ExperimentSession, run_id)
        for number in range(wanted - len(known)):
            old = known[number % len(known)]
            params = session.get_one(Hyperparameter, old.hyperparameter_id)
            copied = _copy(params, id=None, algorithm_params=_vary(params.algorithm_params, random))
            session.add(copied)
            session.flush()
            score = float(random.uniform(0.4, 0.5))
            changed = {"score_value": score, "hyperparameter_id": copied.id}
            session.add(_copy(old, id=secrets.token_hex(8), **changed))
        run.model_settings = {**run.model_settings, "completed_evaluations": wanted}


def _copy(row: object, **changed: object) -> object:
    kind = type(row)
    values = {column.name: getattr(row, column.name) for column in kind.__table__.columns}  # type: ignore[attr-defined]
    return kind(
        **{name: value for name, value in {**values, **changed}.items() if value is not None}
    )


def _vary(params: dict[str, object], random: np.random.Generator) -> dict[str, object]:
    return {
        name: value * float(random.uniform(0.5, 2)) if isinstance(value, float) else value
        for name, value in params.items()
    }


def _ask(hub: OwnHub, run_id: str, query: str, *, rows: int) -> tuple[float, int]:
    """Return the processor time of one page with so many trials on its board, and its bytes."""
    command = [sys.executable, "-m", "auger_hub", "ticket", "--home", str(hub.settings.home)]
    ticket = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]
    experiment = hub.call("GET", f"/experiment_sessions/{run_id}")["experiment_id"]
    with requests.Session() as visitor:
        visitor.get(ticket, timeout=60)
        url = f"{hub.url}/experiments/{experiment}?run={run_id}{query}"
        page = visitor.get(url, timeout=60)
        assert len(re.findall(r"<td class=\"n strong\">", page.text)) == rows, page.text[:500]
        return _per_call(hub.pid, lambda: visitor.get(url, timeout=60)), len(page.content)


def _per_call(pid: int, call: Callable[[], object]) -> float:
    before = _used(pid)
    for _ in range(ROUNDS):
        call()
    return (_used(pid) - before) / ROUNDS


def _used(pid: int) -> float:
    """Return the processor time of a process in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
