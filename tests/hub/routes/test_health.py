"""What a deployed model is asked is compared with what it learned, by day and by segment."""

from __future__ import annotations

import csv
import random
from typing import Any

import pytest

from tests.hub.client import IRIS, OPTIONS, Client, wait_until

FEATURES = OPTIONS["featureColumns"]


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    with IRIS.open() as file:
        return list(csv.reader(file))[1:]


@pytest.fixture(scope="module")
def watched(hub: Client, finished_run: dict[str, Any], rows: list[list[str]]) -> dict[str, Any]:
    """A model with a day like its training data, one of another kind, and late actuals."""
    trial = finished_run["trials"][1]["id"]
    hub.post("/pipelines", trial_id=trial, monitor={"segments": ["petal_width"]})
    hub.wait("Pipeline", trial, "ready")
    drawn = random.Random(0).choices(rows, k=200)
    ask(hub, trial, drawn, "2026-03-01")
    moved = [[str(float(row[0]) + 3), "", *row[2:]] for row in drawn]
    asked = ask(hub, trial, moved, "2026-03-02")
    truths = [{"prediction_id": asked, "actual": row[4]} for row in drawn]
    hub.post("/actuals", pipeline_id=trial, actuals=truths)
    assert wait_until(lambda: health(hub, trial)["score"] is not None, seconds=60)
    assert wait_until(lambda: len(health(hub, trial)["days"]) == 2, seconds=30)
    return health(hub, trial)


def ask(hub: Client, model: str, rows: list[list[str]], day: str) -> str:
    records = [row[:4] for row in rows]
    sent = {"records": records, "features": FEATURES, "predicted_at": f"{day}T12:00:00Z"}
    made = hub.post("/predictions", pipeline_id=model, **sent)
    path = f"/predictions/{made['id']}"
    assert wait_until(lambda: hub.get(path)["status"] == "done", seconds=60)
    return str(made["id"])


def health(hub: Client, model: str) -> dict[str, Any]:
    return dict(hub.get(f"/pipelines/{model}/health"))


def column(told: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in told["columns"] if one["column"] == name)


def test_a_column_that_moved_has_drifted_and_another_has_not(watched: dict[str, Any]) -> None:
    assert column(watched, "sepal_length")["level"] == "alert"
    assert column(watched, "petal_width")["level"] == "ok"


def test_missing_values_are_told_beside_those_of_the_training_data(
    watched: dict[str, Any],
) -> None:
    told = column(watched, "sepal_width")
    assert (told["missing"], told["missing_trained"]) == (0.5, 0)


def test_each_day_has_its_volume_and_its_furthest_column(watched: dict[str, Any]) -> None:
    like, moved = watched["days"]
    assert (like["day"], like["rows"], like["requests"]) == ("2026-03-01", 200, 1)
    assert moved["drift"] > 1 > like["drift"]


def test_actuals_that_come_late_count_for_the_day_of_the_prediction(
    watched: dict[str, Any],
) -> None:
    like, moved = watched["days"]
    assert (like["score_rows"], moved["score_rows"]) == (0, 200)


def test_segments_are_told_by_themselves(watched: dict[str, Any]) -> None:
    counted = {one["segment"]: one["rows"] for one in watched["segments"] if one["rows"]}
    assert sum(counted.values()) == 400
    assert all(name.startswith("petal_width=") for name in counted)


def test_the_score_is_estimated_without_actuals(hub: Client, watched: dict[str, Any]) -> None:
    def told() -> Any:
        return health(hub, watched["id"])["estimate"]

    assert wait_until(lambda: told() is not None, seconds=120)
    assert told()["metric"] == "accuracy"
    assert told()["trained"] == pytest.approx(watched["trained_score"], abs=0.05)


def test_a_model_that_nobody_asked_is_not_known_to_be_well(
    hub: Client, pipeline: dict[str, Any]
) -> None:
    assert hub.call("GET", f"/pipelines/{pipeline['id']}/health").status == 200
