"""What a deployed model is asked is compared with what it learned, by day and by segment."""

from __future__ import annotations

import csv
import random
from typing import Any

import pytest

from tests.hub.client import IRIS, OPTIONS, Client, wait_until

FEATURES = OPTIONS["featureColumns"]
MONITOR = {
    "drift": {"warn": 0.1, "alert": 0.25},
    "score": {"min": 0.99, "window_hours": 48},
    "missing": 0.05,
    "segments": ["petal_width"],
}


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    with IRIS.open() as file:
        return list(csv.reader(file))[1:]


@pytest.fixture(scope="module")
def watched(hub: Client, finished_run: dict[str, Any], rows: list[list[str]]) -> dict[str, Any]:
    """A model with a day like its training data, one of another kind, and late actuals."""
    trial = finished_run["trials"][1]["id"]
    hub.post("/pipelines", trial_id=trial, name="watched", monitor=MONITOR)
    hub.wait("Pipeline", trial, "ready")
    drawn = random.Random(0).choices(rows, k=200)
    ask(hub, trial, drawn, "2026-03-01")
    moved = [[str(float(row[0]) + 3), "", *row[2:]] for row in drawn]
    asked = ask(hub, trial, moved, "2026-03-02")
    truths = [{"prediction_id": asked, "actual": row[4]} for row in drawn]
    hub.post("/actuals", pipeline_id=trial, actuals=truths)
    assert wait_until(lambda: health(hub, trial)["score"] is not None, seconds=60)
    assert wait_until(lambda: counted(hub, trial) == [200, 200], seconds=60)
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


def counted(hub: Client, model: str) -> list[int]:
    """A day is told as soon as it has a score; the rows that were asked may follow."""
    return [one["rows"] for one in health(hub, model)["days"]]


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


def test_answers_of_which_nothing_is_kept_are_counted(
    hub: Client, pipeline: dict[str, Any], rows: list[list[str]]
) -> None:
    sent = {"records": [row[:4] for row in rows[:7]], "features": FEATURES, "wait": True}
    asked = {**sent, "keep": "none", "predicted_at": "2026-04-01T12:00:00Z"}
    for _ in range(2):  # the first in its turn, as the model is loaded; the second at once
        hub.post("/predictions", pipeline_id=pipeline["id"], **asked)

    def day() -> Any:
        days = health(hub, pipeline["id"])["days"]
        return next((one for one in days if one["day"] == "2026-04-01"), {"requests": 0})

    assert wait_until(lambda: day()["requests"] == 2, seconds=60)
    assert day()["rows"] == 14


def open_alerts(hub: Client, model: str) -> dict[str, str]:
    told = hub.get(f"/pipelines/{model}")["alerts"]
    return {one["measure"]: one["text"] for one in told}


def test_what_is_declared_opens_alerts_that_say_why(hub: Client, watched: dict[str, Any]) -> None:
    assert wait_until(lambda: len(open_alerts(hub, watched["id"])) == 3, seconds=30)
    told = open_alerts(hub, watched["id"])
    assert told["drift"].startswith("drift: ")
    assert "400 rows of 7 days" in told["drift"]
    assert "`sepal_width` 50.0% instead of 0.0%" in told["missing"]
    assert "below 0.99 for 2 days, 200 rows" in told["score"]


def test_older_clients_see_the_same_alerts(hub: Client, watched: dict[str, Any]) -> None:
    assert wait_until(lambda: len(open_alerts(hub, watched["id"])) == 3, seconds=30)
    endpoint = hub.get(f"/pipelines/{watched['id']}")["endpoint_pipelines"][0]["endpoint_id"]
    rules = hub.get("/review_alerts", endpoint_id=endpoint)
    assert {(one["kind"], one["threshold"]) for one in rules} == {
        ("feature_average_range", 0.25),
        ("feature_average_range", 0.05),
        ("model_accuracy", 0.99),
    }
    items = hub.get("/review_alert_items", endpoint_id=endpoint)
    assert [one["closed_at"] for one in items] == [None] * 3


@pytest.mark.slow
def test_an_alert_closes_when_it_holds_again_and_opens_no_second_time(
    hub: Client, watched: dict[str, Any], rows: list[list[str]]
) -> None:
    assert wait_until(lambda: len(open_alerts(hub, watched["id"])) == 3, seconds=30)
    ask(hub, watched["id"], random.Random(1).choices(rows, k=200), "2026-03-20")
    assert wait_until(lambda: list(open_alerts(hub, watched["id"])) == ["score"], seconds=30)
    told = health(hub, watched["id"])
    assert len(told["alerts"]) == 3
    assert column(told, "sepal_length")["level"] == "ok"


def test_what_an_older_client_changes_of_an_alert_is_a_change_of_the_monitor(
    hub: Client, watched: dict[str, Any]
) -> None:
    endpoint = hub.get(f"/pipelines/{watched['id']}")["endpoint_pipelines"][0]["endpoint_id"]
    rules = hub.get("/review_alerts", endpoint_id=endpoint)
    score = next(one for one in rules if one["kind"] == "model_accuracy")
    hub.patch(f"/review_alerts/{score['id']}", threshold=0.5)
    assert hub.get(f"/pipelines/{watched['id']}")["monitor"]["score"]["min"] == 0.5
    hub.call("DELETE", f"/review_alerts/{score['id']}")
    assert "score" not in hub.get(f"/pipelines/{watched['id']}")["monitor"]


@pytest.mark.parametrize(
    ("monitor", "told"),
    [
        ({"mood": 1}, "has no member mood"),
        ({"score": {"window_hours": 1}}, "score should have a min"),
        ({"missing": "much"}, "missing should be a number"),
        ({"segments": "region"}, "segments should be an array of names"),
    ],
)
def test_a_monitor_that_cannot_be_followed_is_refused(
    hub: Client, pipeline: dict[str, Any], monitor: dict[str, Any], told: str
) -> None:
    answer = hub.call("PATCH", f"/pipelines/{pipeline['id']}", monitor=monitor)
    assert answer.errors == [("invalid_param", "monitor", told)]


@pytest.mark.slow
def test_averages_out_of_range_open_the_alert_of_older_clients(
    hub: Client, watched: dict[str, Any], rows: list[list[str]]
) -> None:
    model = watched["id"]  # others are asked by other tests, today, which is a newer day
    endpoint = hub.post("/endpoints", pipeline_id=model, name="older")["id"]
    sent = {"kind": "feature_average_range", "threshold": 3, "sensitivity": 24}
    hub.post("/review_alerts", endpoint_id=endpoint, **sent)
    moved = [[str(float(row[0]) + 9), *row[1:]] for row in rows[:20]]
    ask(hub, model, moved, "2026-04-01")
    path = "/review_alert_items"
    assert wait_until(lambda: bool(hub.get(path, endpoint_id=endpoint)), seconds=30)
    (item,) = hub.get(path, endpoint_id=endpoint)
    assert item["text"].startswith("the average of `sepal_length` is ")
