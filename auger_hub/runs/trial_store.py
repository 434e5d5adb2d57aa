"""Store each finished trial of a run at once, with the run's counters."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.database.engine import Database
from auger_hub.database.tables import ExperimentSession, Hyperparameter, Trial
from auger_hub.processes.plain_json import to_plain

if TYPE_CHECKING:
    from auger_hub.data.notices import Notice
    from auger_hub.search.run import TrialResult
    from auger_hub.search.scores.expectation import Expectation

_LISTED_FAILURES = 20  # the settings are sent with every run a client lists
_FAILURES = {
    "timeout": "timeouts",
    "stopped": "timeouts",
    "error": "error_trials",
    "memory": "failed_trials",
    "slow": "failed_trials",
}


class TrialStore:
    """The trials of one run in the database."""

    def __init__(self, database: Database, run_id: str, info: dict[str, Any]) -> None:
        self._database = database
        self._run_id = run_id
        self._info = info

    def finished(self) -> list[TrialResult]:
        """Return what was stored before a restart, in the order it was tried."""
        from auger_hub.search.run import TrialResult

        query = (
            select(Trial.result, Trial.raw_data)
            .where(Trial.experiment_session_id == self._run_id)
            .order_by(Trial.created_at, Trial.id)
        )
        with self._database.read() as session:
            return [
                TrialResult(**result)
                for result, raw in session.execute(query)
                if "refit_data_path" not in raw  # a copy of another one
            ]

    def add(self, result: TrialResult) -> None:
        """Store one finished trial, once."""
        stored = to_plain(result.to_dict())
        with self._database.write() as session:
            run = session.get(ExperimentSession, self._run_id)
            if run is None:
                return
            trial_id = _free_id(session, self._run_id, result.uid)
            if session.get(Trial, trial_id) is not None:
                return
            raw = self._raw_data(run, trial_id, stored)
            hyperparameter = Hyperparameter(
                organization_id=run.organization_id,
                algorithm_name=result.algorithm_name,
                algorithm_params=stored["algorithm_params"],
                algorithm_params_hash=raw["algorithm_params_hash"],
            )
            session.add(hyperparameter)
            session.flush()
            session.add(
                Trial(
                    id=trial_id,
                    organization_id=run.organization_id,
                    project_id=run.project_id,
                    experiment_session_id=run.id,
                    hyperparameter_id=hyperparameter.id,
                    score_name=raw["score_name"],
                    score_value=stored["score"],
                    task_type=raw["task_type"],
                    raw_data=raw,
                    result=stored,
                )
            )
            _count(run, trial_id, raw, result.failure)

    def conclude(self, expected: Expectation) -> None:
        """Store what to expect of the best trial on new rows, beside what was measured."""
        with self._database.write() as session:
            run = session.get(ExperimentSession, self._run_id)
            if run is not None:
                told = to_plain(expected.to_dict())
                run.model_settings = {**run.model_settings, "expected": told}

    def tell(self, message: str | None) -> None:
        """Say what the run waits for, or that it goes on."""
        with self._database.write() as session:
            run = session.get(ExperimentSession, self._run_id)
            if run is not None and run.status == "started":
                run.message = message

    def notify(self, notice: Notice) -> None:
        """Add what the user should know of the board to the notices of the run, once."""
        with self._database.write() as session:
            run = session.get(ExperimentSession, self._run_id)
            if run is not None:
                others = run.model_settings.get("notices", [])
                kept = [one for one in others if one.get("code") != notice.code]
                told = to_plain([*kept, notice.to_dict()])
                run.model_settings = {**run.model_settings, "notices": told}

    def _raw_data(
        self, run: ExperimentSession, trial_id: str, stored: dict[str, Any]
    ) -> dict[str, Any]:
        """Return `raw_data` as wire contract §2.12 lists it."""
        scoring = str(self._info.get("scoring"))
        parameters = json.dumps(stored["algorithm_params"], sort_keys=True)
        return {
            "uid": trial_id,
            "error": stored["error"],
            "ratio": 1.0,
            "score": stored["score"],
            "budget": None,
            "scoring": scoring,
            "ensemble": stored["ensemble"],
            "task_type": run.model_type,
            "all_scores": stored["all_scores"],
            "fold_times": stored["fold_times"],
            "score_name": scoring,
            "trialClass": None,
            "fold_scores": stored["fold_scores"],
            "metrics_time": 0.0,
            "dataset_ncols": self._info.get("dataset_ncols"),
            "dataset_nrows": self._info.get("dataset_nrows"),
            "algorithm_name": stored["algorithm_name"],
            "estimated_time": 0,
            "optimizer_name": stored["optimizer_name"],
            "evaluation_time": stored["evaluation_time"],
            "predict_ms": stored["predict_ms"],
            "algorithm_params": stored["algorithm_params"],
            "create_trial_time": stored["started_at"],
            "estimated_timeout": False,
            "algorithm_params_hash": hashlib.sha256(parameters.encode()).hexdigest()[:32],
            "experiment_session_id": run.id,
        }


def _free_id(session: Session, run_id: str, uid: str) -> str:
    """Return the uid, or another id when a trial of another run has it: ids are the hub's own."""
    other = session.get(Trial, uid)
    if other is None or other.experiment_session_id == run_id:
        return uid
    return hashlib.sha256(f"{run_id}/{uid}".encode()).hexdigest()[:15].upper()


def _count(run: ExperimentSession, trial_id: str, raw: dict[str, Any], failure: str | None) -> None:
    """Fill model_settings as the search goes on (wire contract §2.11)."""
    settings = dict(run.model_settings)
    settings["completed_evaluations"] = settings.get("completed_evaluations", 0) + 1
    settings["last_update_trial_report"] = time.time()
    if raw["score"] is None:
        name = _FAILURES.get(failure or "error", "failed_trials")
        algorithm = raw["algorithm_name"].rpartition(".")[2].lower()
        stat = dict(settings.get(f"{name}_stat", {}))
        stat[algorithm] = stat.get(algorithm, 0) + 1
        settings[name] = [*settings.get(name, []), {trial_id: raw}][:_LISTED_FAILURES]
        settings[f"{name}_stat"] = stat
        settings[f"{name}_count"] = settings.get(f"{name}_count", 0) + 1
    elif run.top_score_value is None or raw["score"] > run.top_score_value:
        run.top_score_value, settings["best_trial_id"] = raw["score"], trial_id
    run.model_settings = settings
