"""How long a run took, as the hubs of all times tell it, and which runs are like another."""

from __future__ import annotations

from typing import Any

import pytest

from auger_reconcile.resources.search.runs import ExperimentObject, Run, past_seconds, run_seconds

BEGUN, ENDED = "2020-08-03T11:28:55.059Z", "2020-08-03T11:52:18.035Z"
SETTINGS = {"max_n_trials": 10, "model_type": "classification"}


@pytest.mark.parametrize(
    ("item", "seconds"),
    [
        ({"started_at": BEGUN, "completed_at": ENDED}, 1402.976),
        (
            {
                "model_settings": {
                    "start_time": "2020-05-12 12:39:29.465586",
                    "end_time": "2020-05-12 12:42:57.515986",
                }
            },
            208.0504,
        ),
        (
            {
                "model_settings": {
                    "start_time": "2020-12-31 23:59:59",
                    "end_time": "2021-01-01 00:00:01",
                }
            },
            2.0,
        ),
        ({"started_at": BEGUN, "completed_at": None, "model_settings": {}}, None),
        ({"started_at": ENDED, "completed_at": BEGUN}, None),
        ({"started_at": "yesterday", "completed_at": "today"}, None),
        ({"model_settings": None}, None),
    ],
)
def test_a_run_took(item: dict[str, Any], seconds: float | None) -> None:
    assert run_seconds(item) == (None if seconds is None else pytest.approx(seconds))


def run(seconds: float | None, **settings: Any) -> Run:
    return Run("r", "completed", {**SETTINGS, **settings}, 0.9, "", seconds)


def past(*revisions: tuple[int, list[Run]], dataset_id: int = 2) -> tuple[float, ...]:
    objects = [ExperimentObject("e", "e", data, tuple(runs)) for data, runs in revisions]
    return past_seconds({**SETTINGS, "metric": "r2"}, objects, dataset_id)


def test_runs_on_the_same_data_count_before_those_on_earlier_data() -> None:
    assert past((1, [run(100.0)]), (2, [run(200.0), run(220.0)])) == (200.0, 220.0)


def test_runs_on_earlier_data_count_where_there_are_no_others() -> None:
    assert past((1, [run(100.0)]), (2, [])) == (100.0,)


def test_a_run_with_more_trials_tells_nothing() -> None:
    assert past((2, [run(100.0, max_n_trials=50)])) == ()


def test_a_run_by_another_metric_takes_as_long() -> None:
    assert past((2, [run(100.0, metric="accuracy")])) == (100.0,)


def test_a_run_whose_time_is_not_told_does_not_count() -> None:
    assert past((2, [run(None)])) == ()
