"""Child process: carry one run from its data to its leaderboard (wire contract §2.11)."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

from auger_hub.database.engine import Database
from auger_hub.database.tables import ExperimentSession, ProjectFile, now
from auger_hub.processes.child_process import own_folder
from auger_hub.processes.job_process import Impossible, Workplace, run_child
from auger_hub.processes.job_queue import end_run
from auger_hub.processes.plain_json import to_plain
from auger_hub.runs.explanations import ask_explanations
from auger_hub.runs.run_row import NO_FAILURES, notices_of_data, options_of, read_task
from auger_hub.runs.trial_evaluations import ask_holdout_scores
from auger_hub.runs.trial_store import TrialStore
from auger_hub.timestamps import naive_timestamp

_POLL_SECONDS = 0.5


class Orders:
    """What the hub wants of a run: to stop, because of its user or its own end; its workers."""

    def __init__(self, place: Workplace, run_id: str) -> None:
        self._place = place
        self._database = place.database
        self._run_id = run_id
        self._asked_at = 0.0
        self._is_wanted = True
        self._workers = 1
        self.is_hub_stopping = threading.Event()

    def __call__(self) -> bool:
        """Return whether to stop; asks the database twice a second at most."""
        if self.is_hub_stopping.is_set():
            return True
        if time.monotonic() - self._asked_at > _POLL_SECONDS:
            self._asked_at = time.monotonic()
            with self._database.read() as session:
                run = session.get(ExperimentSession, self._run_id)
            self._is_wanted = run is not None and run.status in ("preprocess", "started")
            self._workers = 1 if run is None else run.workers
            if not self._place.is_led():  # another hub goes on with the run
                self.is_hub_stopping.set()
                return True
        return not self._is_wanted

    def workers(self) -> int:
        """Return how many trials may run at the same time: the share of the run, as of now."""
        return max(1, self._workers)


def search(place: Workplace, run_id: str) -> None:
    """Prepare and search, or go on where a process before this one stopped."""
    orders = Orders(place, run_id)
    signal.signal(signal.SIGTERM, lambda *_: orders.is_hub_stopping.set())
    with place.database.read() as session:
        run = session.get(ExperimentSession, run_id)
    if run is None or run.status not in ("preprocess", "started"):
        return
    _wait_for_data(place, run, orders)
    with own_folder(place.settings, f"run-{run_id}") as folder:
        outcome = _search(place, run, orders, folder)
    if outcome == "interrupted" and orders.is_hub_stopping.is_set():
        return  # the run goes on when the hub starts again
    if outcome is not None:
        _end(place.database, run_id, outcome)


def _wait_for_data(place: Workplace, run: ExperimentSession, orders: Orders) -> None:
    """Wait while the data set is downloaded and profiled; nobody has to before they start a run."""
    while not orders():
        with place.database.read() as session:
            data = session.get(ProjectFile, run.project_file_id) if run.project_file_id else None
        if data is None or data.status != "processing":
            return
        time.sleep(_POLL_SECONDS)


def _search(place: Workplace, run: ExperimentSession, orders: Orders, folder: Path) -> str | None:
    """Return how the search ended, None when its user did not want it any more."""
    from auger_hub.runs.environment import describe_environment
    from auger_hub.search.run import BadTask, prepare, run_search

    task = read_task(place, run, folder)
    try:
        info = to_plain(prepare(task))
        told = notices_of_data(place.database, run, task.stat_data)
        info["notices"] = [*told, *info["notices"]]
        if not _begin(place.database, run.id, info, describe_environment(task.data_path)):
            return None
        store = TrialStore(place.database, run.id, info)
        return run_search(
            task,
            store.finished(),
            report=store.add,
            conclude=store.conclude,
            notify=store.notify,
            should_stop=orders,
            workers=orders.workers,
            tell=store.tell,
        )
    except BadTask as error:
        raise Impossible(str(error)) from error


def _begin(
    database: Database, run_id: str, info: dict[str, Any], environment: dict[str, Any]
) -> bool:
    """Call the run started; False when its user interrupted it meanwhile."""
    with database.write() as session:
        run = session.get(ExperimentSession, run_id)
        if run is None or run.status not in ("preprocess", "started"):
            return False
        if run.status == "started":
            return True
        run.status, run.started_at, run.model_type = "started", now(), info["model_type"]
        run.message = None  # it waits no more
        start_time = naive_timestamp(run.started_at)
        options = {**options_of(run), **info, "start_time": start_time}
        features = info.get("originalFeatureColumns") or info.get("featureColumns") or []
        run.model_settings = {
            **run.model_settings,
            **NO_FAILURES,
            "status": "started",
            "start_time": start_time,
            "evaluation_options": options,
            "environment": environment,
            "notices": info.get("notices", []),
            "featureColumns": features,
            "featuresCount": len(features),
            "total_evaluations": options.get("max_n_trials"),
            "completed_evaluations": 0,
        }
        return True


def _end(database: Database, run_id: str, outcome: str) -> None:
    with database.write() as session:
        run = session.get(ExperimentSession, run_id)
        if run is None or run.status != "started":
            return
        if outcome == "completed" and run.top_score_value is None:
            end_run(session, run, "error", _no_trial(run))
        else:
            end_run(session, run, outcome, None)
        if run.status == "completed":
            ask_holdout_scores(session, run)
        if outcome == "completed":
            ask_explanations(session, run)


def _no_trial(run: ExperimentSession) -> str:
    for kind in ("error_trials", "failed_trials", "timeouts"):
        for failed in run.model_settings.get(kind, []):
            for raw in failed.values():
                return f"no trial could be scored: {raw['error']}"
    return "no trial could be scored"


def main() -> int:
    """Do the work of this process; return its exit code."""
    return run_child("run", search)
