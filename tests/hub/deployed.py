"""The rows of a hub that has one deployed model."""

from typing import Any

from auger_hub.accounts.users import find_or_add_organization
from auger_hub.database.engine import Database
from auger_hub.database.tables import (
    Experiment,
    ExperimentSession,
    Hyperparameter,
    Pipeline,
    Project,
    Trial,
)


def add_deployed_model(database: Database, model: str) -> None:
    """Add a project with an experiment, its run and a trial, deployed as the model."""
    with database.write() as session:
        owner = find_or_add_organization(session, "local").id
        mine: dict[str, Any] = {"organization_id": owner, "project_id": 1}
        algorithm = {"algorithm_name": "a", "algorithm_params": {}}
        scored = {"score_name": "s", "task_type": "t", "raw_data": {}, "result": {}}
        of_trial = {"experiment_session_id": "r", "hyperparameter_id": 1}
        for row in (
            Project(id=1, organization_id=owner, name="p"),
            Hyperparameter(id=1, organization_id=owner, **algorithm),
            Experiment(id="e", name="e", data_path_url="u", **mine),
            ExperimentSession(id="r", experiment_id="e", number=1, starter_user_id=1, **mine),
            Trial(id=model, **scored, **of_trial, **mine),
            Pipeline(id=model, trial_id=model, status="ready", **mine),
        ):
            session.add(row)
            session.flush()
