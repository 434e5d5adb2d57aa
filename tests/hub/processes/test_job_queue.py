"""How a row of work ends."""

import pytest
from sqlalchemy.orm import Session

from auger_hub.database.tables import ExperimentSession
from auger_hub.processes.job_queue import end_run


def a_run(holdout_status: str) -> ExperimentSession:
    holdout = {"project_file_id": 7, "name": "h.csv", "status": holdout_status, "error": None}
    return ExperimentSession(status="started", model_settings={"holdout": holdout})


@pytest.mark.parametrize("status", ["error", "interrupted"])
def test_a_run_that_does_not_complete_leaves_no_holdout_waiting(status: str) -> None:
    run = a_run("waiting")
    end_run(Session(), run, status, None)
    holdout = run.model_settings["holdout"]
    assert holdout["status"] == "error"
    assert status in holdout["error"]


def test_the_holdout_of_a_completed_run_waits_until_it_is_scored() -> None:
    run = a_run("waiting")
    end_run(Session(), run, "completed", None)
    assert run.model_settings["holdout"]["status"] == "waiting"


def test_what_is_scored_already_stays_so() -> None:
    run = a_run("scored")
    end_run(Session(), run, "interrupted", None)
    assert run.model_settings["holdout"]["status"] == "scored"
