"""An alert of a client that asks for it runs the experiment again, and deploys what came of it."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from tests.hub.client import IRIS, OPTIONS, Client, wait_until

FEATURES = OPTIONS["featureColumns"]
OTHER = {"setosa": "virginica", "virginica": "versicolor", "versicolor": "setosa"}


def deployed(hub: Client, file: dict[str, Any]) -> dict[str, Any]:
    """The best trial of a run of its own, deployed."""
    run = hub.add_run(file, max_n_trials=2)
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "completed")
    trial = str(hub.get("/trials", experiment_session_id=run["id"])[0]["id"])
    hub.post("/pipelines", trial_id=trial)
    hub.wait("Pipeline", trial, "ready")
    return dict(hub.get(f"/pipelines/{trial}"))


def alert(hub: Client, model: str, actions: str, threshold: float) -> dict[str, Any]:
    endpoint = hub.post("/endpoints", pipeline_id=model, name="watched")
    sent = {"kind": "model_accuracy", "threshold": threshold, "sensitivity": 24}
    return dict(hub.post("/review_alerts", endpoint_id=endpoint["id"], actions=actions, **sent))


def tell_another_world(hub: Client, model: str, times: int) -> None:
    """Say of all rows, several times, that they are of another class than the model learned."""
    with IRIS.open() as file:
        rows = [[*row[:4], OTHER[row[4]]] for row in list(csv.reader(file))[1:]]
    columns = [*FEATURES, "species"]
    hub.post("/actuals", pipeline_id=model, actuals=rows * times, actual_column_names=columns)


def item_of(hub: Client, rule: dict[str, Any], *statuses: str) -> dict[str, Any]:
    def told() -> Any:
        items = hub.get("/review_alert_items", endpoint_id=rule["endpoint_id"])
        return items and items[0]["action_results"]

    assert wait_until(lambda: (told() or {}).get("status") in statuses, 120), told()
    (item,) = hub.get("/review_alert_items", endpoint_id=rule["endpoint_id"])
    return dict(item)


@pytest.fixture(scope="module")
def model(hub: Client, iris_project: dict[str, Any]) -> dict[str, Any]:
    return deployed(hub, hub.add_file(iris_project["project"]["id"], name="stream.csv"))


@pytest.fixture(scope="module")
def replaced(hub: Client, model: dict[str, Any]) -> dict[str, Any]:
    """An alert that was right, when all is done that it asks for."""
    rule = alert(hub, model["id"], "retrain_deploy", 0.5)
    tell_another_world(hub, model["id"], 5)
    return item_of(hub, rule, "done", "failed", "refused")


def test_the_new_model_answers_for_the_endpoint_and_the_old_one_stays_deployed(
    hub: Client, model: dict[str, Any], replaced: dict[str, Any]
) -> None:
    told = replaced["action_results"]
    assert (told["action"], told["status"]) == ("retrain_deploy", "done"), told
    endpoint = hub.get(f"/endpoints/{replaced['endpoint_id']}")
    assert endpoint["primary_pipeline_id"] == told["pipeline_id"] != model["id"]
    assert told["text"] == f"model {told['pipeline_id']} answers instead of {model['id']}"
    assert hub.get(f"/pipelines/{model['id']}")["status"] == "ready"


def test_the_run_learned_from_the_data_set_and_the_actuals(
    hub: Client, model: dict[str, Any], replaced: dict[str, Any]
) -> None:
    old = hub.get(f"/experiment_sessions/{model['experiment_session_id']}")
    new = hub.get(f"/experiment_sessions/{replaced['action_results']['experiment_session_id']}")
    base, data = (hub.get(f"/project_files/{one['project_file_id']}") for one in (old, new))
    rows = base["statistics"]["count"]
    assert data["statistics"]["count"] == rows + data["made_of"]["actuals"] == 6 * rows
    assert data["made_of"]["project_file_id"] == base["id"]
    assert data["name"] == f"stream with actuals-{data['id']}.parquet"
    (notice,) = (n for n in data["statistics"]["notices"] if n["code"] == "actuals-joined")
    assert notice["count"] == 5 * rows
    assert [c["column_name"] for c in data["statistics"]["stat_data"]] == [*FEATURES, "species"]


def test_a_cause_leads_to_one_run(hub: Client, model: dict[str, Any], replaced: Any) -> None:
    """Another alert of the same cause is answered by the run that was begun after it opened."""
    experiment = hub.get(f"/experiment_sessions/{model['experiment_session_id']}")["experiment_id"]
    runs = hub.get("/experiment_sessions", experiment_id=experiment)
    assert len(runs) == 2
    assert replaced["action_results"]["experiment_session_id"] == runs[0]["id"]


@pytest.fixture(scope="module")
def live(hub: Client, iris_project: dict[str, Any]) -> dict[str, Any]:
    return deployed(hub, iris_project["file"])


@pytest.mark.slow
def test_nothing_is_deployed_that_is_below_the_threshold(hub: Client, live: dict[str, Any]) -> None:
    rule = alert(hub, live["id"], "retrain_deploy", 0.99)
    tell_another_world(hub, live["id"], 1)
    told = item_of(hub, rule, "done", "failed", "refused")["action_results"]
    assert told["status"] == "refused"
    assert told["text"].startswith("nothing is deployed: accuracy ")
    assert hub.get(f"/endpoints/{rule['endpoint_id']}")["primary_pipeline_id"] == live["id"]


@pytest.mark.slow
def test_an_alert_that_is_open_when_its_action_is_set_gets_its_run(
    hub: Client, live: dict[str, Any]
) -> None:
    rule = alert(hub, live["id"], "no_actions", 0.99)
    tell_another_world(hub, live["id"], 2)  # the same as before would count once
    path = "/review_alert_items"
    assert wait_until(lambda: hub.get(path, endpoint_id=rule["endpoint_id"]), 60)
    assert hub.get(path, endpoint_id=rule["endpoint_id"])[0]["action_results"] is None
    hub.patch(f"/review_alerts/{rule['id']}", actions="retrain")
    told = item_of(hub, rule, "done", "failed")["action_results"]
    assert (told["action"], told["status"]) == ("retrain", "done")
    assert told["text"].startswith(f"run {told['experiment_session_id']} is completed: accuracy ")
