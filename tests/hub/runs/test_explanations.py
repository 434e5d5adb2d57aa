"""Which trials are explained though nobody asks, and how much time of a run that may take."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import select

from auger_hub.database.engine import Database
from auger_hub.database.tables import (
    Experiment,
    ExperimentSession,
    Explanation,
    Hyperparameter,
    Organization,
    Project,
    ProjectFile,
    Trial,
)
from auger_hub.runs.explanations import ask_explanations, share_out
from auger_hub.settings import HubSettings

MINE: dict[str, Any] = {"organization_id": 1, "project_id": 1}


def trial(name: str, score: float | None, **raw: Any) -> Trial:
    scored = {"score_name": "s", "score_value": score, "task_type": "t", "result": {}}
    of = {"experiment_session_id": "r", "hyperparameter_id": 1}
    return Trial(id=name, raw_data=raw, **scored, **of, **MINE)


def test_the_best_trial_and_the_ensemble_are_explained_unasked(tmp_path: Path) -> None:
    with closing(Database(HubSettings(home=tmp_path).database_url)) as database:
        database.migrate()
        with database.write() as session:
            rows = [
                [Organization(id=1, name="shop", main_bucket="bucket")],
                [Project(id=1, organization_id=1, name="p")],
                [Hyperparameter(id=1, organization_id=1, algorithm_name="a", algorithm_params={})],
                [ProjectFile(id=1, name="x", url="s3://b/x", key="x", **MINE)],
                [Experiment(id="e", name="e", project_file_id=1, data_path_url="s3://b/x", **MINE)],
                [ExperimentSession(id="r", experiment_id="e", number=1, starter_user_id=1, **MINE)],
                [
                    trial("good", 0.8, evaluation_time=1.0),
                    trial("better", 0.9, evaluation_time=2.0),
                    trial("lost", None),
                    trial("blend", 0.95, ensemble=True),
                    trial("blend of less", 0.7, ensemble=True),
                ],
            ]
            for some in rows:
                session.add_all(some)
                session.flush()
            ask_explanations(session, session.get_one(ExperimentSession, "r"))
            assert set(session.scalars(select(Explanation.id))) == {"better", "blend"}


def test_the_time_is_shared_by_all_whose_folds_can_be_fitted_in_their_part() -> None:
    assert share_out(10.0, [4.0, 1.0]) == [5.0, 5.0]


def test_where_there_is_too_little_for_all_the_best_has_it_to_itself() -> None:
    assert share_out(10.0, [6.0, 1.0]) == [10.0, None]


def test_a_trial_of_which_no_fold_can_be_fitted_leaves_the_time_to_the_next() -> None:
    assert share_out(10.0, [12.0, 6.0]) == [None, 10.0]


def test_nothing_is_explained_unasked_where_fitting_alone_takes_all_the_time() -> None:
    assert share_out(10.0, [12.0, 11.0]) == [None, None]


def test_a_run_without_a_scored_trial_has_nothing_to_share() -> None:
    assert share_out(10.0, []) == []
