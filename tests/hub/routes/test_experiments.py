from __future__ import annotations

import hashlib
import platform
import re
import statistics
from importlib import metadata
from typing import Any

import pytest

from tests.hub.client import IRIS, OPTIONS, Client, wait_until

TAKEN = [("invalid_param", "name", "has already been taken")]


@pytest.fixture
def experiment(hub: Client, iris_project: dict[str, Any], request: pytest.FixtureRequest) -> Any:
    file = iris_project["file"]
    name = f"{request.node.name[:60]}"
    return hub.post("/experiments", name=name, project_id=file["project_id"], data_path=file["url"])


def test_an_experiment_knows_its_data_set_by_the_url(
    hub: Client, iris_project: dict[str, Any], experiment: dict[str, Any]
) -> None:
    file = iris_project["file"]
    assert re.fullmatch("[0-9a-f]{16}", experiment["id"])
    assert experiment["project_file_id"] == file["id"]
    assert experiment["data_path_url"] == file["url"]
    assert hub.get(f"/experiments/{experiment['id']}") == experiment


def test_an_experiment_knows_its_data_set_by_the_id(
    hub: Client, iris_project: dict[str, Any]
) -> None:
    file = iris_project["file"]
    created = hub.post(
        "/experiments",
        name="by-id",
        project_id=str(file["project_id"]),
        project_file_id=str(file["id"]),
    )
    assert created["project_file_id"] == file["id"]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ({}, ("invalid_param", "data_path", "is required")),
        (
            {"data_path": "s3://b/other.csv"},
            ("invalid_param", "data_path", "is not a file of the project"),
        ),
        (
            {"project_file_id": 0},
            ("invalid_param", "project_file_id", "is not a file of the project"),
        ),
    ],
)
def test_an_experiment_needs_a_data_set_of_its_project(
    hub: Client, iris_project: dict[str, Any], source: dict[str, Any], error: tuple[str, ...]
) -> None:
    project_id = iris_project["project"]["id"]
    answer = hub.call("POST", "/experiments", name="none", project_id=project_id, **source)
    assert answer.errors == [error]


def test_a_name_is_taken_once_in_a_project(hub: Client, experiment: dict[str, Any]) -> None:
    same = {"name": experiment["name"], "project_id": experiment["project_id"]}
    answer = hub.call("POST", "/experiments", data_path=experiment["data_path_url"], **same)
    assert answer.errors == TAKEN


def test_an_experiment_is_renamed_unless_the_name_is_taken(
    hub: Client, iris_project: dict[str, Any], experiment: dict[str, Any]
) -> None:
    file = iris_project["file"]
    other = hub.post(
        "/experiments", name="other", project_id=file["project_id"], data_path=file["url"]
    )
    path = f"/experiments/{experiment['id']}"
    assert hub.patch(path, name="renamed")["name"] == "renamed"
    assert hub.call("PATCH", path, name=other["name"]).errors == TAKEN


def test_experiments_are_listed_by_project_and_name(
    hub: Client, experiment: dict[str, Any]
) -> None:
    listed = hub.get("/experiments", project_id=experiment["project_id"], name=experiment["name"])
    assert [found["id"] for found in listed] == [experiment["id"]]


def test_a_deleted_experiment_takes_its_runs_along(
    hub: Client, iris_project: dict[str, Any]
) -> None:
    run = hub.add_run(iris_project["file"])
    path = f"/experiments/{run['experiment_id']}"
    assert hub.call("DELETE", path).data["deleted"] is True
    assert hub.call("DELETE", path).errors == [("not_found", None, "Couldn't find Experiment")]
    answer = hub.call("GET", f"/experiment_sessions/{run['id']}")
    assert answer.errors == [("not_found", None, "Couldn't find ExperimentSession")]


def test_a_new_run_waits_and_echoes_its_settings(hub: Client, iris_project: dict[str, Any]) -> None:
    run = hub.add_run(iris_project["file"])
    assert (run["status"], run["number"]) == ("waiting", 1)
    assert run["model_settings"] == {"evaluation_options": OPTIONS}
    assert run["project_file_id"] == iris_project["file"]["id"]
    assert run["statistics"] == iris_project["file"]["statistics"]
    shown = hub.get(f"/experiments/{run['experiment_id']}")
    assert shown["last_experiment_session_id"] == run["id"]
    assert shown["last_experiment_session_status"] == "waiting"


def test_the_settings_of_a_run_are_never_null(hub: Client, experiment: dict[str, Any]) -> None:
    run = hub.post("/experiment_sessions", experiment_id=experiment["id"], model_settings=None)
    assert run["model_settings"] == {}


def test_a_run_of_an_unknown_model_type_is_refused(hub: Client, experiment: dict[str, Any]) -> None:
    answer = hub.call(
        "POST", "/experiment_sessions", experiment_id=experiment["id"], model_type="magic"
    )
    expected = 'is not in the list ["classification", "regression", "timeseries"]'
    assert answer.errors == [("invalid_param", "model_type", expected)]


def test_runs_are_listed_newest_first_and_null_is_no_filter(
    hub: Client, experiment: dict[str, Any]
) -> None:
    first, second = (
        hub.post("/experiment_sessions", experiment_id=experiment["id"])["id"] for _ in range(2)
    )
    listed = hub.get("/experiment_sessions", experiment_id=experiment["id"])
    assert [run["id"] for run in listed] == [second, first]
    assert [run["number"] for run in listed] == [2, 1]
    everything = hub.get(
        "/experiment_sessions", experiment_id=None, project_id=experiment["project_id"]
    )
    assert {first, second} <= {run["id"] for run in everything}


def test_a_run_is_not_started_while_its_project_does_not_run(hub: Client) -> None:
    project = hub.add_project()
    run = hub.add_run(hub.add_file(project["id"]))
    hub.patch(f"/projects/{project['id']}/undeploy")
    hub.wait("Project", project["id"], "undeployed")
    answer = hub.call("PATCH", f"/experiment_sessions/{run['id']}", status="preprocess")
    assert answer.errors == [("invalid_param", "project_id", "project should be running")]


def test_a_waiting_run_is_stopped_once(hub: Client, iris_project: dict[str, Any]) -> None:
    run = hub.add_run(iris_project["file"])
    assert hub.stop_run(run["id"]).data["status"] == "interrupted"
    message = "Event 'interrupted' cannot transition from 'interrupted'"
    assert hub.stop_run(run["id"]).errors == [("invalid_param", "status", message)]


def test_the_settings_of_a_run_are_changed_by_patch(
    hub: Client, iris_project: dict[str, Any]
) -> None:
    run = hub.add_run(iris_project["file"])
    path = f"/experiment_sessions/{run['id']}"
    changed = hub.patch(path, model_settings={"note": 1})
    assert changed["model_settings"] == {"evaluation_options": OPTIONS, "note": 1}


def test_options_of_a_waiting_run_are_changed_one_by_one(
    hub: Client, iris_project: dict[str, Any]
) -> None:
    run = hub.add_run(iris_project["file"])
    sent = {"evaluation_options": {"scoring": "f1_macro"}}
    changed = hub.patch(f"/experiment_sessions/{run['id']}", model_settings=sent)
    assert changed["model_settings"] == {"evaluation_options": {**OPTIONS, "scoring": "f1_macro"}}


def test_what_the_hub_says_of_a_run_that_has_begun_is_changed_by_nobody(
    hub: Client, iris_project: dict[str, Any]
) -> None:
    run = hub.add_run(iris_project["file"], max_n_trials=1)
    path = f"/experiment_sessions/{run['id']}"
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "started")
    before = hub.get(path)["model_settings"]["evaluation_options"]
    sent = {"completed_evaluations": "x", "evaluation_options": {"scoring": "f1_macro"}, "note": 1}
    hub.patch(path, model_settings=sent)
    hub.wait("ExperimentSession", run["id"], "completed")
    after = hub.patch(path, model_settings=sent)["model_settings"]
    assert (after["note"], after["evaluation_options"]) == (1, before)
    assert after["completed_evaluations"] == 2
    assert after["status"] == "completed"


@pytest.mark.parametrize(
    "sent",
    [
        {"model_settings": {"evaluation_options": "x"}},
        {"dataset_statistics": {"stat_data": [1]}, "model_settings": {"evaluation_options": []}},
    ],
)
def test_a_run_asked_for_in_odd_types_ends_with_a_sentence(
    hub: Client, experiment: dict[str, Any], sent: dict[str, Any]
) -> None:
    run = hub.post("/experiment_sessions", experiment_id=experiment["id"], **sent)
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "error")
    assert "target" in hub.get(f"/experiment_sessions/{run['id']}")["message"]


def test_a_run_that_cannot_be_searched_ends_with_a_sentence(
    hub: Client, iris_project: dict[str, Any]
) -> None:
    run = hub.add_run(iris_project["file"], targetFeature="nothing")
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "error")
    shown = hub.get(f"/experiment_sessions/{run['id']}")
    assert "nothing" in shown["message"]
    assert shown["model_settings"]["errors"]["error"] == shown["message"]


def test_a_completed_run_tells_what_it_did(finished_run: dict[str, Any]) -> None:
    run = finished_run["run"]
    settings = run["model_settings"]
    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"
    assert (run["status"], settings["status"]) == ("completed", "completed")
    assert re.fullmatch(moment, settings["start_time"])
    assert re.fullmatch(moment, settings["end_time"])
    assert settings["completed_evaluations"] >= 3
    assert settings["total_evaluations"] == 3
    assert settings["evaluation_options"]["targetFeature"] == "species"
    assert settings["evaluation_options"]["dataset_nrows"] == 120
    assert run["top_score_value"] == finished_run["trials"][0]["score_value"]


def test_the_board_lists_the_best_trial_first(finished_run: dict[str, Any]) -> None:
    trials = finished_run["trials"]
    scores = [trial["score_value"] for trial in trials]
    assert len(scores) >= 3
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.8
    assert {trial["score_name"] for trial in trials} == {"accuracy"}
    assert all(re.fullmatch("[0-9A-F]{15}", trial["id"]) for trial in trials)


def test_the_board_is_found_below_its_run_too(hub: Client, finished_run: dict[str, Any]) -> None:
    run_id = finished_run["run"]["id"]
    board = hub.get("/trials", experiment_session_id=run_id)  # models fitted since are on it too
    assert hub.get(f"/experiment_sessions/{run_id}/trials") == board
    missing = hub.call("GET", "/experiment_sessions/none/trials")
    assert missing.errors == [("not_found", None, "Couldn't find ExperimentSession")]


def test_a_trial_carries_what_the_clients_read(hub: Client, finished_run: dict[str, Any]) -> None:
    trial = finished_run["trials"][0]
    raw = trial["raw_data"]
    assert hub.get(f"/trials/{trial['id']}") == trial
    assert trial["hyperparameter"]["algorithm_name"] == raw["algorithm_name"]
    assert trial["hyperparameter"]["algorithm_params"] == raw["algorithm_params"]
    assert raw["all_scores"]["accuracy"] == pytest.approx(statistics.mean(raw["fold_scores"]))
    assert raw["score"] == trial["score_value"] == raw["all_scores"][trial["score_name"]]
    assert len(raw["fold_scores"]) == len(raw["fold_times"]) == 2
    assert raw["evaluation_time"] > 0


def test_a_finished_run_shows_what_was_measured_and_tells_what_to_expect(
    finished_run: dict[str, Any],
) -> None:
    run, trials = finished_run["run"], finished_run["trials"]
    for trial in trials:
        raw = trial["raw_data"]
        assert trial["score_value"] == raw["score"] == raw["all_scores"][trial["score_name"]]
    expected = run["model_settings"]["expected"]
    assert expected["best"] == run["top_score_value"] == trials[0]["score_value"]
    assert trials[-1]["score_value"] <= expected["score"] <= expected["best"]
    assert expected["low"] <= expected["score"] <= expected["high"] <= 1
    assert (expected["metric"], expected["level"]) == ("accuracy", 0.95)


@pytest.mark.slow
def test_a_run_keeps_what_it_was_made_with(finished_run: dict[str, Any]) -> None:
    told = finished_run["run"]["model_settings"]["environment"]
    data = IRIS.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    assert told["data"] == {"bytes": len(data), "sha256": digest}
    assert told["python"] == platform.python_version()
    assert told["packages"]["scikit-learn"] == metadata.version("scikit-learn")
    assert finished_run["run"]["reproduces"] is None


def test_a_run_is_made_once_more_with_its_settings(
    hub: Client, finished_run: dict[str, Any]
) -> None:
    first = finished_run["run"]
    made = hub.post(
        "/experiment_sessions", experiment_id=first["experiment_id"], reproduces=first["id"]
    )
    assert (made["status"], made["reproduces"]) == ("waiting", first["id"])
    same = ("model_type", "project_file_id", "dataset_statistics")
    assert {name: made[name] for name in same} == {name: first[name] for name in same}
    asked, measured = made["model_settings"], {"expected", "best_trial_id", "environment"}
    assert asked["evaluation_options"] == first["model_settings"]["evaluation_options"]
    assert measured.isdisjoint(asked)


def test_what_cannot_be_made_once_more_is_said(
    hub: Client, finished_run: dict[str, Any], experiment: dict[str, Any]
) -> None:
    waiting = hub.post("/experiment_sessions", experiment_id=experiment["id"])
    for run_id, why in (
        (finished_run["run"]["id"], "is not a run of the experiment"),
        ("no-such-run", "is not a run of the experiment"),
        (waiting["id"], "is a run that was never started"),
    ):
        answer = hub.call(
            "POST", "/experiment_sessions", experiment_id=experiment["id"], reproduces=run_id
        )
        assert answer.errors == [("invalid_param", "reproduces", why)]


def test_two_runs_of_the_same_seed_have_trials_of_their_own(
    hub: Client, iris_project: dict[str, Any], finished_run: dict[str, Any]
) -> None:
    run = hub.add_run(iris_project["file"])
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "completed")
    ids = {trial["id"] for trial in hub.get("/trials", experiment_session_id=run["id"])}
    assert ids
    assert ids.isdisjoint({trial["id"] for trial in finished_run["trials"]})


def test_stopping_a_run_keeps_its_trials(hub: Client, iris_project: dict[str, Any]) -> None:
    run = hub.add_run(iris_project["file"], max_n_trials=500)
    hub.start_run(run["id"])

    def trials() -> list[Any]:
        return list(hub.get("/trials", experiment_session_id=run["id"]))

    assert wait_until(lambda: len(trials()) >= 2, seconds=40)
    assert hub.stop_run(run["id"]).data["status"] == "interrupted"
    lock = hub.home / "work" / f"run-{run['id']}.pid"
    assert wait_until(lambda: not lock.exists(), seconds=15)
    assert len(trials()) >= 2
    assert hub.get("/status", object="ExperimentSession", id=run["id"])["status"] == "interrupted"


@pytest.mark.slow
def test_undeploying_a_project_interrupts_its_runs(hub: Client) -> None:
    project = hub.add_project()
    run = hub.add_run(hub.add_file(project["id"]), max_n_trials=500)
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "started")
    hub.patch(f"/projects/{project['id']}/undeploy")
    hub.wait("Project", project["id"], "undeployed")
    status = hub.get("/status", object="ExperimentSession", id=run["id"])["status"]
    assert status == "interrupted"
    assert not (hub.home / "work" / f"run-{run['id']}.pid").exists()


@pytest.mark.slow
def test_a_run_waits_for_a_free_slot_of_its_projects_compute(hub: Client) -> None:
    project = hub.add_project()
    hub.patch(f"/projects/{project['id']}", workers_count=1)
    file = hub.add_file(project["id"])
    first, second = (hub.add_run(file, max_n_trials=500)["id"] for _ in range(2))
    hub.start_run(first)
    hub.wait("ExperimentSession", first, "started")
    hub.start_run(second)
    assert wait_until(lambda: len(hub.get("/trials", experiment_session_id=first)) >= 2, 40)
    assert hub.get(f"/experiment_sessions/{second}")["status"] == "preprocess"
    hub.stop_run(first)
    hub.wait("ExperimentSession", second, "started")
    hub.stop_run(second)
