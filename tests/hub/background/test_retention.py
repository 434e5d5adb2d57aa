"""Nothing goes because of its age unless settings say so; what goes is told before, and noted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from auger_hub.accounts.audit import list_entries
from auger_hub.background.housekeeping import Housekeeping
from auger_hub.background.retention import find_due, remove_due, report_due
from auger_hub.database.engine import Database
from auger_hub.database.tables import (
    Experiment,
    ExperimentSession,
    Hyperparameter,
    Organization,
    Pipeline,
    Prediction,
    Project,
    ProjectFile,
    Trial,
    TrialEvaluation,
    now,
)
from auger_hub.settings import HubSettings
from auger_hub.store.local import Storage

LONG_AGO = now() - timedelta(days=100)
BUCKET = "bucket"


@pytest.fixture
def settings(tmp_path: Path) -> HubSettings:
    return HubSettings(home=tmp_path)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "files")


@pytest.fixture
def database(settings: HubSettings) -> Iterator[Database]:
    """Two runs of one experiment with a deployed and a spare trial each, all of it old."""
    database = Database(settings.database_url)
    database.migrate()
    with database.write() as session:
        session.add(Organization(id=1, name="shop", main_bucket=BUCKET))
        session.flush()
        session.add(Project(id=1, organization_id=1, name="p"))
        session.flush()
        mine: dict[str, Any] = {"organization_id": 1, "project_id": 1}
        session.add(
            Hyperparameter(id=1, organization_id=1, algorithm_name="a", algorithm_params={})
        )
        for number, name in enumerate(("x.csv", "x-1.csv", "x-2.csv"), 1):
            url = f"s3://b/{name}"
            session.add(ProjectFile(id=number, name=name, url=url, key=name, **_old(), **mine))
        session.flush()
        of_data = {"project_file_id": 2, "data_path_url": "s3://b/x-1.csv"}
        session.add(Experiment(id="e", name="e", **of_data, **mine))
        session.flush()
        for number in (1, 2):
            run = {
                "id": f"r{number}",
                "experiment_id": "e",
                "number": number,
                "status": "completed",
            }
            session.add(ExperimentSession(**run, starter_user_id=1, **_old(), **mine))
            session.flush()
            for trial in (f"spare{number}", f"live{number}"):
                session.add(_trial(trial, f"r{number}", mine))
            session.flush()
            live = f"live{number}"
            status = "ready" if number == 2 else "undeployed"
            session.add(Pipeline(id=live, trial_id=live, status=status, **_old(), **mine))
            session.flush()
            session.add(_prediction(f"old{number}", live, "done", LONG_AGO, mine))
            session.add(_prediction(f"young{number}", live, "done", now(), mine))
            session.add(_prediction(f"asked{number}", live, "requested", LONG_AGO, mine))
    yield database
    database.close()


def _old() -> dict[str, Any]:
    return {"created_at": LONG_AGO, "updated_at": LONG_AGO}


def _trial(trial_id: str, run_id: str, mine: dict[str, Any]) -> Trial:
    scored = {"score_name": "s", "score_value": 1.0, "task_type": "t", "raw_data": {}, "result": {}}
    return Trial(id=trial_id, experiment_session_id=run_id, hyperparameter_id=1, **scored, **mine)


def _prediction(
    row_id: str, pipeline_id: str, status: str, at: Any, mine: dict[str, Any]
) -> Prediction:
    key = f"{row_id}.csv" if status == "done" else None
    told = {"status": status, "result_key": key, "created_at": at}
    return Prediction(id=row_id, pipeline_id=pipeline_id, **told, **mine)


def left(database: Database, table: type[Any]) -> set[str]:
    with database.read() as session:
        return {str(row.id) for row in session.query(table)}


def test_by_default_nothing_is_ever_due(database: Database, settings: HubSettings) -> None:
    with database.read() as session:
        assert find_due(session, settings, now() + timedelta(days=9999)) == []


def test_answered_questions_go_with_their_files_and_unanswered_ones_stay(
    database: Database, settings: HubSettings, storage: Storage
) -> None:
    with storage.create(BUCKET, "old1.csv") as file:
        file.write(b"x")
    kept = replace(settings, keep_predictions_days=30)
    assert remove_due(database, storage, kept, now()) == 2
    assert left(database, Prediction) == {"young1", "young2", "asked1", "asked2"}
    assert not storage.has(BUCKET, "old1.csv")


def test_trials_of_a_newer_run_and_deployed_ones_stay(
    database: Database, settings: HubSettings, storage: Storage
) -> None:
    assert remove_due(database, storage, replace(settings, keep_trials_days=30), now()) == 1
    assert left(database, Trial) == {"live1", "spare2", "live2"}
    assert left(database, ExperimentSession) == {"r1", "r2"}


def test_data_that_an_experiment_names_and_the_newest_stay(
    database: Database, settings: HubSettings, storage: Storage
) -> None:
    assert remove_due(database, storage, replace(settings, keep_data_days=30), now()) == 1
    assert left(database, ProjectFile) == {"2", "3"}


def test_a_holdout_that_trials_were_scored_on_stays(
    database: Database, settings: HubSettings, storage: Storage
) -> None:
    with database.write() as session:
        owners: dict[str, Any] = {"organization_id": 1, "project_id": 1, "trial_ids": []}
        of_run = {"experiment_session_id": "r1", "project_file_id": 1}
        session.add(TrialEvaluation(id="t", **of_run, **owners))
    assert remove_due(database, storage, replace(settings, keep_data_days=30), now()) == 0


def test_a_model_that_was_undeployed_long_ago_goes_with_what_it_was_asked(
    database: Database, settings: HubSettings, storage: Storage
) -> None:
    assert remove_due(database, storage, replace(settings, keep_models_days=30), now()) == 1
    assert left(database, Pipeline) == {"live2"}
    assert left(database, Prediction) == {"old2", "young2", "asked2"}


def test_what_goes_is_told_an_hour_before_and_noted(
    database: Database,
    settings: HubSettings,
    storage: Storage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = replace(settings, keep_models_days=30)
    keeping = Housekeeping(kept, database, storage)
    keeping.retain()
    assert left(database, Pipeline) == {"live1", "live2"}
    assert "too old, and removed in an hour: 1 model" in caplog.text
    keeping.retain()
    assert left(database, Pipeline) == {"live2"}
    with database.read() as session:
        (entry,) = list_entries(session, 10)
    assert (entry["user"], entry["action"], entry["object_id"]) == (
        "(hub)",
        "remove 1 of age",
        "live1",
    )


def test_the_report_looks_ahead(database: Database, settings: HubSettings) -> None:
    kept = replace(settings, keep_models_days=120)
    with database.read() as session:
        assert report_due(session, kept, now()) == []
        (one,) = report_due(session, kept, now() + timedelta(days=30))
    assert (one["kind"], one["id"], one["organization"], one["count"]) == (
        "model",
        "live1",
        "shop",
        1,
    )
