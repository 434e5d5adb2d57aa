"""Scores on rows that no search has seen, over HTTP: the holdout of a run, and its folds."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.hub.client import IRIS, Client, wait_until

HELD_OUT = range(0, 120, 5)


def rows(kept: bool) -> list[list[str]]:
    with IRIS.open(newline="") as file:
        header, *body = csv.reader(file)
    chosen = [row for n, row in enumerate(body) if (n in HELD_OUT) is kept]
    sides = [[*row, "left" if n % 2 else "right"] for n, row in enumerate(chosen)]
    return [[*header, "side"], *sides]


def write(path: Path, table: list[list[str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(table)
    return path


@pytest.fixture(scope="module")
def held(hub: Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A completed run with a holdout of 24 flowers that are not in its data."""
    folder = tmp_path_factory.mktemp("held")
    project = hub.add_project()
    train = hub.add_file(project["id"], write(folder / "train.csv", rows(kept=False)), "train")
    holdout = hub.add_file(project["id"], write(folder / "holdout.csv", rows(kept=True)), "held")
    run = hub.add_run(train, use_ensemble=True)
    run = hub.patch(f"/experiment_sessions/{run['id']}", holdout_id=holdout["id"])
    assert run["holdout_status"] == "waiting"
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "completed")
    return {
        "project": project,
        "train": train,
        "holdout": holdout,
        "run": scored(hub, run["id"]),
        "trials": hub.get("/trials", experiment_session_id=run["id"]),
    }


def scored(hub: Client, run_id: str) -> dict[str, Any]:
    path = f"/experiment_sessions/{run_id}"
    assert wait_until(lambda: hub.get(path)["holdout_status"] != "waiting", 60)
    found: dict[str, Any] = hub.get(path)
    return found


def evaluations(run: dict[str, Any], data_id: int | None) -> dict[str, dict[str, Any]]:
    listed = run["model_settings"]["evaluations"]
    return {one["trial_id"]: one for one in listed if one["project_file_id"] == data_id}


def test_the_trials_of_a_run_are_scored_on_its_holdout(held: dict[str, Any]) -> None:
    run, data_id = held["run"], held["holdout"]["id"]
    assert run["model_settings"]["holdout"] == {
        "project_file_id": data_id,
        "name": held["holdout"]["name"],
        "status": "scored",
        "error": None,
    }
    found = evaluations(run, data_id)
    assert found.keys() == {trial["id"] for trial in held["trials"]}
    assert {one["count"] for one in found.values()} == {len(HELD_OUT)}
    assert run["model_settings"]["best_trial_id"] == held["trials"][0]["id"]
    assert not [one for one in run["model_settings"]["notices"] if "holdout" in one["code"]]


def test_a_score_on_the_holdout_is_that_of_the_deployed_model(
    hub: Client, held: dict[str, Any]
) -> None:
    best = held["trials"][0]["id"]
    hub.post("/pipelines", trial_id=best)
    hub.wait("Pipeline", best, "ready")
    header, *body = rows(kept=True)
    asked = hub.post("/evaluations", pipeline_id=best, records=body, features=header)
    wait_until(lambda: hub.get(f"/evaluations/{asked['id']}")["status"] in ("done", "error"), 60)
    told = hub.get(f"/evaluations/{asked['id']}")["result"]["scores"]
    mine = evaluations(held["run"], held["holdout"]["id"])[best]
    assert mine["score"] == mine["scores"]["accuracy"]
    assert mine["scores"] == pytest.approx(told, abs=1e-9)


def ask(hub: Client, run: dict[str, Any], **more: Any) -> dict[str, Any]:
    asked = hub.post("/trial_evaluations", experiment_session_id=run["id"], **more)
    path = f"/trial_evaluations/{asked['id']}"
    assert wait_until(lambda: hub.get(path)["status"] != "waiting", 60)
    found: dict[str, Any] = hub.get(path)
    return found


def test_on_the_folds_the_score_is_that_of_the_board(hub: Client, held: dict[str, Any]) -> None:
    best = held["trials"][0]
    told = ask(hub, held["run"], trial_ids=[best["id"]], segments=["side", "species", "nothing"])
    (one,) = told["results"]
    assert one["score"] == pytest.approx(best["score_value"], abs=1e-12)
    assert [value["count"] for value in one["segments"]["side"]] == [48, 48]
    mean = sum(value["score"] for value in one["segments"]["side"]) / 2
    assert mean == pytest.approx(one["score"], abs=1e-9)
    assert [value["value"] for value in one["segments"]["species"]] == [
        "setosa",
        "versicolor",
        "virginica",
    ]
    assert one["segments"]["nothing"] is None
    again = hub.get(f"/experiment_sessions/{held['run']['id']}")
    assert evaluations(again, None)[best["id"]]["segments"].keys() == one["segments"].keys()


@pytest.mark.slow
def test_another_holdout_is_scored_without_a_search(
    hub: Client, held: dict[str, Any], tmp_path: Path
) -> None:
    header, *body = rows(kept=True)
    seen = rows(kept=False)[1:6]
    strange = [*body[:10], *seen, [*body[0][:-2], "tulipa", "left"]]
    path = write(tmp_path / "h2.csv", [header, *strange])
    other = hub.add_file(held["project"]["id"], path, "other")
    hub.patch(f"/experiment_sessions/{held['run']['id']}", holdout_id=other["id"])
    run = scored(hub, held["run"]["id"])
    assert {one["count"] for one in evaluations(run, other["id"]).values()} == {15}
    assert evaluations(run, held["holdout"]["id"])  # of the first one
    told = {one["code"]: one["count"] for one in run["model_settings"]["notices"]}
    assert (told["holdout-seen"], told["holdout-left-out"]) == (5, 1)
    assert len(hub.get("/trials", experiment_session_id=run["id"])) == len(held["trials"])


@pytest.mark.slow
def test_a_holdout_without_a_column_is_told(
    hub: Client, held: dict[str, Any], tmp_path: Path
) -> None:
    short = [row[2:] for row in rows(kept=True)]
    other = hub.add_file(held["project"]["id"], write(tmp_path / "short.csv", short), "short")
    run = hub.post("/experiment_sessions", **again(held), holdout_id=other["id"])
    assert "evaluations" not in run["model_settings"]
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "completed")
    told = scored(hub, run["id"])["model_settings"]["holdout"]
    assert told["status"] == "error"
    assert told["error"] == f"{other['name']} has no column `sepal_length`, `sepal_width`"


def again(held: dict[str, Any]) -> dict[str, Any]:
    run = held["run"]
    return {name: run[name] for name in ("experiment_id", "model_type", "model_settings")}


def test_what_is_no_holdout_is_refused(hub: Client, held: dict[str, Any]) -> None:
    path = f"/experiment_sessions/{held['run']['id']}"
    for data_id in (held["train"]["id"], 0):
        answer = hub.call("PATCH", path, holdout_id=data_id)
        assert (answer.status, answer.errors[0][1]) == (400, "holdout_id")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"trial_ids": []}, 400),
        ({"trial_ids": [1]}, 400),
        ({"trial_ids": ["T"], "segments": [1]}, 400),
        ({"trial_ids": ["T"], "project_file_id": 0}, 404),
    ],
)
def test_a_question_in_another_form_is_refused(
    hub: Client, held: dict[str, Any], more: dict[str, Any], status: int
) -> None:
    given = {"experiment_session_id": held["run"]["id"], **more}
    assert hub.call("POST", "/trial_evaluations", **given).status == status


def test_a_trial_that_is_not_there_says_so(hub: Client, held: dict[str, Any]) -> None:
    (one,) = ask(hub, held["run"], trial_ids=["NONE"])["results"] or [None]
    assert one is not None
    assert (one["score"], "no such trial" in one["error"]) == (None, True)


def test_an_id_that_came_as_a_float_is_that_id(hub: Client, held: dict[str, Any]) -> None:
    asked = {"experiment_session_id": held["run"]["id"], "trial_ids": [held["trials"][0]["id"]]}
    data_id = held["holdout"]["id"]
    made = hub.post("/trial_evaluations", project_file_id=float(data_id), **asked)
    assert made["project_file_id"] == data_id
