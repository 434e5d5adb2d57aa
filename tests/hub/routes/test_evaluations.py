"""A deployed model is scored on rows whose target is known (wire contract §7)."""

from __future__ import annotations

from typing import Any

import pytest

from auger_hub.data.read import read_table
from tests.hub.client import IRIS, OPTIONS, Client, wait_until

FEATURES = OPTIONS["featureColumns"]
COLUMNS = [*FEATURES, "species"]
ROWS = [
    [5.1, 3.5, 1.4, 0.2, "setosa"],
    ["6.7", "3.0", "5.2", "2.3", "virginica"],
    [5.0, 3.4, 1.5, 0.2, "virginica"],
    [5.0, 3.4, 1.5, 0.2, None],
]


def evaluated(hub: Client, pipeline: dict[str, Any], **asked: Any) -> dict[str, Any]:
    """Ask for an evaluation and wait for it as clients do."""
    created = hub.post("/evaluations", pipeline_id=pipeline["id"], **asked)
    path = f"/evaluations/{created['id']}"
    assert wait_until(lambda: hub.get(path)["status"] in ("done", "error"), seconds=60)
    return dict(hub.get(path))


def test_records_with_their_target_are_scored(hub: Client, pipeline: dict[str, Any]) -> None:
    found = evaluated(hub, pipeline, features=COLUMNS, records=ROWS)
    result = found["result"]
    assert (found["status"], found["error_message"]) == ("done", None)
    assert (result["rows"], result["target"], result["metric"]) == (3, "species", "accuracy")
    assert result["scores"]["accuracy"] == pytest.approx(2 / 3)
    assert result["confusion"] == [[1, 0, 0], [0, 0, 0], [1, 0, 1]]
    assert [(one["label"], one["rows"]) for one in result["per_class"]] == [
        ("setosa", 1),
        ("versicolor", 0),
        ("virginica", 2),
    ]
    told = result["notices"][0]
    assert (told["code"], told["count"]) == ("rows-without-target", 1)


def test_an_uploaded_file_is_scored_as_its_rows_are(
    hub: Client, pipeline: dict[str, Any], iris_project: dict[str, Any]
) -> None:
    url = hub.upload(iris_project["project"]["id"], IRIS.with_name("holdout.csv"))
    frame = read_table(IRIS.with_name("holdout.csv"))
    by_file = evaluated(hub, pipeline, file_url=url)["result"]
    records = frame[COLUMNS].to_numpy().tolist()
    assert by_file["rows"] == len(frame)
    assert by_file == evaluated(hub, pipeline, features=COLUMNS, records=records)["result"]


def test_rows_without_the_target_are_refused_with_the_nearest_name(
    hub: Client, pipeline: dict[str, Any]
) -> None:
    named = [*FEATURES, "Specie"]
    found = evaluated(hub, pipeline, features=named, records=ROWS)
    assert (found["status"], found["result"]) == ("error", None)
    assert "no column `species`" in found["error_message"]
    assert "`Specie`" in found["error_message"]


def test_an_evaluation_is_no_prediction(hub: Client, pipeline: dict[str, Any]) -> None:
    found = evaluated(hub, pipeline, features=COLUMNS, records=ROWS)
    listed = hub.get("/predictions", pipeline_id=pipeline["id"], limit=1000)
    assert found["id"] not in [one["id"] for one in listed]
    asked = hub.post("/predictions", pipeline_id=pipeline["id"], features=FEATURES, records=[])
    answer = hub.call("GET", f"/evaluations/{asked['id']}")
    assert answer.errors == [("not_found", None, "Couldn't find Evaluation")]
