from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any

import pytest
import requests

from tests.hub.client import OPTIONS, Client, add_user, from_elsewhere, wait_until

FEATURES = OPTIONS["featureColumns"]
RECORDS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]


@pytest.fixture(scope="module")
def model_id(hub: Client, finished_run: dict[str, Any]) -> str:
    """The best trial of a run of its own, deployed."""
    run = finished_run["run"]
    file = hub.get(f"/project_files/{run['project_file_id']}")
    own = hub.add_run(file, max_n_trials=2)
    hub.start_run(own["id"])
    hub.wait("ExperimentSession", own["id"], "completed")
    trial_id = str(hub.get("/trials", experiment_session_id=own["id"])[0]["id"])
    hub.post("/pipelines", trial_id=trial_id)
    hub.wait("Pipeline", trial_id, "ready")
    return trial_id


@pytest.fixture
def endpoint(hub: Client, model_id: str) -> dict[str, Any]:
    return dict(hub.post("/endpoints", pipeline_id=model_id, name="watched"))


def performance(hub: Client, model_id: str) -> dict[str, float]:
    return dict(hub.get(f"/pipelines/{model_id}")["daily_model_performance"])


def answered(hub: Client, path: str) -> dict[str, Any]:
    assert wait_until(lambda: hub.get(path)["status"] in ("done", "error"), seconds=60)
    return dict(hub.get(path))


def test_actuals_are_scored_for_their_day(hub: Client, model_id: str) -> None:
    rows = [[*RECORDS[0], "setosa"], [*RECORDS[1], "virginica"]]
    columns = [*FEATURES, "species"]
    sent = {"actuals": rows, "actual_column_names": columns, "actuals_at": "2020-10-15"}
    hub.post("/actuals", pipeline_id=model_id, **sent)
    assert wait_until(lambda: "2020-10-15" in performance(hub, model_id), seconds=60)
    assert performance(hub, model_id)["2020-10-15"] == 1.0


def test_actuals_of_the_older_form_are_scored_though_all_are_texts(
    hub: Client, model_id: str
) -> None:
    row = dict(zip(FEATURES, map(str, RECORDS[0]), strict=True))
    rows = [{**row, "actual": "setosa"}, {**row, "actual": "virginica"}]
    hub.post("/actuals", pipeline_id=model_id, actuals=rows, actuals_at="2020-10-16T10:00:00Z")
    assert wait_until(lambda: "2020-10-16" in performance(hub, model_id), seconds=60)
    assert performance(hub, model_id)["2020-10-16"] == 0.5


def test_actuals_are_scored_and_deleted_by_their_own_dates(hub: Client, model_id: str) -> None:
    sent = {
        "actuals": [
            [*RECORDS[0], "setosa", "2021-03-01"],
            [*RECORDS[0], "setosa", "2021-03-02 10:00"],
            [*RECORDS[1], "setosa", "2021-03-02"],
        ],
        "actual_column_names": [*FEATURES, "species", "seen"],
        "actual_date_column": "seen",
    }
    hub.post("/actuals", pipeline_id=model_id, **sent)
    assert wait_until(lambda: "2021-03-02" in performance(hub, model_id), seconds=60)
    found = performance(hub, model_id)
    assert (found["2021-03-01"], found["2021-03-02"]) == (1.0, 0.5)
    count = hub.get(f"/pipelines/{model_id}")["stats"]["actuals_count"]
    hub.call("DELETE", "/actuals", pipeline_id=model_id, **{"from": "2021-03-02"}, to="2021-03-02")
    assert hub.get(f"/pipelines/{model_id}")["stats"]["actuals_count"] == count - 2
    assert "2021-03-01" in performance(hub, model_id)
    assert "2021-03-02" not in performance(hub, model_id)


def test_actuals_that_name_predictions_are_scored(hub: Client, model_id: str) -> None:
    ask = {"pipeline_id": model_id, "features": FEATURES}
    ids = [hub.post("/predictions", records=records, **ask)["id"] for records in (RECORDS, RECORDS)]
    for one in ids:
        answered(hub, f"/predictions/{one}")
    rows = [
        {"prediction_id": ids[0], "actual": "setosa"},
        {"prediction_id": ids[0], "actual": "virginica"},
        # which of the two records this one is about nobody can tell
        {"prediction_id": ids[1], "actual": "versicolor"},
        {"prediction_id": str(uuid.uuid4()), "actual": "versicolor"},
    ]
    hub.post("/actuals", pipeline_id=model_id, actuals=rows, actuals_at="2021-04-01")
    assert wait_until(lambda: "2021-04-01" in performance(hub, model_id), seconds=60)
    assert performance(hub, model_id)["2021-04-01"] == 1.0


def scored(hub: Client, model_id: str, day: str) -> int:
    return int(hub.get(f"/pipelines/{model_id}")["actual_days"].get(day, 0))


def test_the_same_upload_sent_again_counts_once_and_is_told(hub: Client, model_id: str) -> None:
    rows = [[*RECORDS[0], "setosa"], [*RECORDS[0], "setosa"]]
    sent = {
        "actuals": rows,
        "actual_column_names": [*FEATURES, "species"],
        "actuals_at": "2020-12-01",
    }
    first, again = (hub.post("/actuals", pipeline_id=model_id, **sent) for _ in range(2))
    assert first == {}
    assert [one["text"] for one in again["notices"]] == [
        "2 rows were there already and count once."
    ]
    other = hub.post("/actuals", pipeline_id=model_id, part=1, **sent)
    assert other == {}, "a file may have the same rows in two of its parts"
    assert wait_until(lambda: scored(hub, model_id, "2020-12-01") == 4, seconds=60)


def test_one_row_by_itself_is_an_event_that_may_happen_again(hub: Client, model_id: str) -> None:
    sent = {
        "actuals": [[*RECORDS[0], "setosa"]],
        "actual_column_names": [*FEATURES, "species"],
        "actuals_at": "2020-12-02",
    }
    assert [hub.post("/actuals", pipeline_id=model_id, **sent) for _ in range(2)] == [{}, {}]
    assert wait_until(lambda: scored(hub, model_id, "2020-12-02") == 2, seconds=60)


def test_an_actual_of_a_prediction_replaces_the_one_before(hub: Client, model_id: str) -> None:
    ask = {"pipeline_id": model_id, "features": FEATURES, "predicted_at": "2020-12-03T10:00:00Z"}
    ids = [hub.post("/predictions", records=RECORDS[:1], **ask)["id"] for _ in range(2)]
    for one in ids:
        answered(hub, f"/predictions/{one}")
    path = f"/pipelines/{model_id}"
    before = hub.get(path)["stats"]["actuals_count"]
    wrong, right = (
        [{"prediction_id": one, "actual": actual} for one in ids]
        for actual in ("virginica", "setosa")
    )
    hub.post("/actuals", pipeline_id=model_id, actuals=wrong)
    assert wait_until(lambda: performance(hub, model_id).get("2020-12-03") == 0.0, seconds=60)
    hub.post("/actuals", pipeline_id=model_id, actuals=right[1:])
    assert wait_until(lambda: performance(hub, model_id).get("2020-12-03") == 0.5, seconds=60)
    assert wait_until(lambda: scored(hub, model_id, "2020-12-03") == 2, seconds=60)
    assert hub.get(path)["stats"]["actuals_count"] == before + 2


def test_a_file_that_has_grown_counts_its_old_rows_once(hub: Client, model_id: str) -> None:
    flowers = [[*RECORDS[n % 2], "setosa", f"2022-01-{n + 1:02}"] for n in range(6)]
    sent = {
        "pipeline_id": model_id,
        "actual_column_names": [*FEATURES, "species", "seen"],
        "actuals_at": "2020-12-08",
        "part": 0,
    }
    told = [hub.post("/actuals", actuals=flowers[:length], **sent) for length in (3, 5, 6, 6)]
    known = [[one["count"] for one in answer.get("notices", [])] for answer in told]
    assert known == [[], [3], [5], [6]]
    assert wait_until(lambda: scored(hub, model_id, "2020-12-08") == 6, seconds=60)
    in_other_order = [flowers[1], flowers[0], *flowers[2:]]
    assert hub.post("/actuals", actuals=in_other_order, **sent) == {}, "these are other rows"


def not_scored(answer: Any) -> list[tuple[str, int]]:
    return [(one["code"], one["count"]) for one in answer.get("notices", [])]


def test_what_cannot_be_scored_is_told_at_once(hub: Client, model_id: str) -> None:
    ask = {"pipeline_id": model_id, "features": FEATURES}
    asked = hub.post("/predictions", records=RECORDS[:1], **ask)["id"]
    rows = [
        {"prediction_id": asked, "actual": "setosa"},
        {"prediction_id": "nobody's", "actual": "setosa"},
        {"prediction_id": asked + "x", "actual": ""},
    ]
    sent = {"pipeline_id": model_id, "actuals_at": "2034-01-01"}
    answer = hub.post("/actuals", actuals=rows, **sent)
    assert not_scored(answer) == [("actuals-without-outcome", 1), ("actuals-not-matched", 2)]
    answer = hub.post("/actuals", actuals=[{"species": "setosa", "a": 1}], **sent)
    assert not_scored(answer) == [("actuals-without-columns", 1)]
    forget(hub, model_id, "2034-01-01")


def forget(hub: Client, model_id: str, day: str) -> None:
    hub.call("DELETE", "/actuals", pipeline_id=model_id, **{"from": day}, to=day)


def test_what_was_not_scored_is_told_with_the_health(hub: Client, model_id: str) -> None:
    rows = [
        [*RECORDS[0], "setosa"],
        [*RECORDS[0], None],
        [*RECORDS[0], "no such flower"],
        [*RECORDS[1], "no such flower"],
    ]
    hub.post(
        "/actuals",
        pipeline_id=model_id,
        actuals=rows,
        actual_column_names=[*FEATURES, "species"],
        actuals_at="2035-01-01",
    )

    def told() -> str:
        found = hub.get(f"/pipelines/{model_id}/health")["notices"]
        return " ".join(one["text"] for one in found if one["code"] == "actuals-not-scored")

    assert wait_until(told, seconds=60)
    assert told() == (
        "3 rows of 4 actuals not scored: of a class that the model never met (2);"
        " without a value of the target (1)."
    )
    forget(hub, model_id, "2035-01-01")


def test_what_could_not_be_scored_may_be_sent_again(hub: Client, model_id: str) -> None:
    rows = [{"prediction_id": f"late-{n}", "actual": "setosa"} for n in range(2)]
    path = f"/pipelines/{model_id}"
    before = hub.get(path)["stats"]["actuals_count"]

    def failed() -> bool:
        told = hub.get(path)["stats"]["error_messages"]
        return any("no `prediction_id` is the id" in one for one in told)

    sent = {"pipeline_id": model_id, "actuals": rows}
    assert not_scored(hub.post("/actuals", **sent)) == [("actuals-not-matched", 2)]
    assert wait_until(failed, seconds=60)
    assert not_scored(hub.post("/actuals", **sent)) == [("actuals-not-matched", 2)]
    assert hub.get(path)["stats"]["actuals_count"] == before + 2


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (
            {"actuals": [{"prediction_id": "nobody's", "actual": "setosa"}]},
            "no `prediction_id` is the id of a prediction of this model",
        ),
        (
            {"actuals": [{"species": "setosa"}], "actual_date_column": "seen"},
            "there is no column `seen`",
        ),
    ],
)
def test_actuals_that_cannot_be_scored_are_told_of(
    hub: Client, model_id: str, sent: dict[str, Any], sentence: str
) -> None:
    hub.post("/actuals", pipeline_id=model_id, **sent)

    def told() -> str:
        return str(hub.get(f"/pipelines/{model_id}")["stats"]["error_messages"])

    assert wait_until(lambda: sentence in told(), seconds=60)


def test_a_prediction_is_scored_on_request(hub: Client, model_id: str) -> None:
    records = [[*RECORDS[0], "setosa"], [*RECORDS[1], "setosa"]]
    asked = hub.post(
        "/predictions",
        pipeline_id=model_id,
        records=records,
        features=[*FEATURES, "species"],
        score=True,
    )
    answer = answered(hub, f"/predictions/{asked['id']}")
    assert answer["result"]["scores"]["accuracy"] == 0.5
    assert answer["result"]["columns"][-1] == "species"


def test_an_endpoint_asks_its_newest_active_model(
    hub: Client, endpoint: dict[str, Any], model_id: str
) -> None:
    path = f"/endpoints/{endpoint['id']}"
    assert endpoint["primary_pipeline_id"] == model_id
    asked = hub.post(f"{path}/predictions", records=RECORDS, features=FEATURES)
    assert (asked["object"], asked["endpoint_id"]) == ("prediction_group", endpoint["id"])
    answer = answered(hub, f"{path}/predictions/{asked['id']}")
    assert [row[-1] for row in answer["result"]["data"]] == ["setosa", "virginica"]
    model = endpoint["endpoint_pipelines"][0]
    hub.patch(f"/endpoint_pipelines/{model['id']}", active=False)
    refused = hub.call("POST", f"{path}/predictions", records=RECORDS, features=FEATURES)
    message = "endpoint has no active model"
    assert refused.errors == [("invalid_param", "endpoint_id", message)]


def test_a_pipeline_names_the_endpoints_it_answers_for(
    hub: Client, endpoint: dict[str, Any], model_id: str
) -> None:
    models = hub.get(f"/pipelines/{model_id}")["endpoint_pipelines"]
    assert endpoint["id"] in {model["endpoint_id"] for model in models}
    gone = hub.call("DELETE", f"/endpoints/{endpoint['id']}").data
    assert (gone["deleted"], gone["endpoint_pipelines"]) == (True, [])
    models = hub.get(f"/pipelines/{model_id}")["endpoint_pipelines"]
    assert endpoint["id"] not in {model["endpoint_id"] for model in models}


def test_an_alert_opens_when_the_model_does_badly(
    hub: Client, endpoint: dict[str, Any], model_id: str
) -> None:
    sent = {"kind": "model_accuracy", "threshold": 0.9, "sensitivity": 24}
    hub.post("/review_alerts", endpoint_id=endpoint["id"], threshold_policy="any_value", **sent)
    wrong = [[*RECORDS[0], "virginica"]]
    day = datetime.now(timezone.utc).isoformat()
    columns = [*FEATURES, "species"]
    body = {"actuals": wrong, "actual_column_names": columns, "actuals_at": day}
    hub.post(f"/endpoints/{endpoint['id']}/actuals", **body)

    def opened() -> list[dict[str, Any]]:
        return list(hub.get("/review_alert_items", endpoint_id=endpoint["id"]))

    assert wait_until(lambda: bool(opened()), seconds=60)
    assert [(item["kind"], item["values"]) for item in opened()] == [("model_accuracy", [0.0])]


def test_an_unknown_kind_of_alert_is_refused(hub: Client, endpoint: dict[str, Any]) -> None:
    sent = {"endpoint_id": endpoint["id"], "kind": "mood", "threshold": 1, "sensitivity": 1}
    errors = hub.call("POST", "/review_alerts", **sent).errors
    listed = '["model_accuracy", "feature_average_range", "runtime_errors_burst"]'
    assert errors == [("invalid_param", "kind", f"is not in the list {listed}")]


def test_expressions_are_read_and_never_run(hub: Client, endpoint: dict[str, Any]) -> None:
    expressions = ["$income > 5", "$income >", "(" * 900]
    task = hub.post(f"/endpoints/{endpoint['id']}/roi_validations", expressions=expressions)
    hub.wait("ClusterTask", task["id"], "success")
    result = hub.get(f"/cluster_tasks/{task['id']}")["result"]
    assert [found["is_valid"] for found in result] == [True, False, False]


def test_a_refitted_trial_is_deployed_beside_the_first(
    hub: Client, model_id: str, finished_run: dict[str, Any]
) -> None:
    file = hub.get(f"/project_files/{finished_run['run']['project_file_id']}")
    pipeline = hub.post("/pipelines", trial_id=model_id, refit_data_path=file["url"])
    assert pipeline["id"] != model_id
    assert pipeline["trial"]["raw_data"]["refit_data_path"] == file["url"]
    hub.wait("Pipeline", pipeline["id"], "ready")


def test_a_model_from_elsewhere_is_listed_and_predicts_nothing(
    hub: Client, project: dict[str, Any]
) -> None:
    sent = {"project_id": project["id"], "name": "theirs", "target_column": "y"}
    pipeline = hub.post("/pipelines", score_value=0.5, algorithm_name="X", **sent)
    assert (pipeline["provider"], pipeline["status"]) == ("external", "ready")
    assert hub.get(f"/pipelines/{pipeline['id']}")["target_feature"] == "y"
    refused = hub.call(
        "POST", "/predictions", pipeline_id=pipeline["id"], records=[[1]], features=["a"]
    )
    message = "model should be in ready status"
    assert refused.errors == [("invalid_param", "pipeline_id", message)]


def test_a_cluster_has_the_status_of_its_project(hub: Client) -> None:
    project = hub.post("/projects", name=f"c-{uuid.uuid4().hex[:8]}")
    cluster = hub.post("/clusters", project_id=project["id"], workers_count=1)
    hub.wait("Cluster", cluster["id"], "running")
    shown = hub.get(f"/projects/{project['id']}")
    assert (shown["status"], shown["cluster_id"]) == ("running", cluster["id"])
    assert hub.get("/cluster_statuses", cluster_id=cluster["id"])[0]["memory"] >= 0
    hub.call("DELETE", f"/clusters/{cluster['id']}")
    hub.wait("Cluster", cluster["id"], "terminated")
    hub.wait("Project", project["id"], "undeployed")


def test_a_cluster_takes_files_as_the_body_itself(hub: Client) -> None:
    project = hub.post("/projects", name=f"c-{uuid.uuid4().hex[:8]}")
    cluster = hub.post("/clusters", project_id=project["id"])
    service = hub.get(f"/clusters/{cluster['id']}")["file_uploader_service"]
    answer = requests.post(service["url"], params=service["params"], data=b"a,b\n1,2\n", timeout=30)
    path = answer.text.removeprefix("path=").replace("%2F", "/")
    url = "files/" + path.rpartition("files/")[2]
    file = hub.post("/project_files", name="x", project_id=project["id"], url=url)
    hub.wait("ProjectFile", file["id"], "processed")
    forged = requests.post(service["url"], params={"auger_token": "0" * 64}, data=b"a", timeout=30)
    assert forged.status_code == 403


def test_a_manifest_has_the_id_its_owner_chose(hub: Client) -> None:
    key = uuid.uuid4().int % 10**9
    made = hub.post("/dataset_manifests", id=key, name="m", statistics={"x": 1})
    assert made["id"] == str(key)
    changed = hub.patch(f"/dataset_manifests/{key}", dataset_url="s3://b/x.csv")
    assert changed["dataset_url"] == "s3://b/x.csv"
    again = hub.call("POST", "/dataset_manifests", id=key, name="m", statistics={})
    assert again.errors == [("invalid_param", "id", "has already been taken")]


def test_an_unknown_task_fails_and_says_so(hub: Client, project: dict[str, Any]) -> None:
    task = hub.post("/cluster_tasks", name="x.y", project_id=project["id"], args_encoded="[{}]")
    assert hub.wait("ClusterTask", task["id"], "failure") == "failure"
    assert hub.get(f"/cluster_tasks/{task['id']}")["exception"] == "this hub has no task `x.y`"


def test_the_oldest_client_learns_what_a_search_tries(hub: Client, project: dict[str, Any]) -> None:
    name = "auger_ml.tasks_queue.tasks.get_experiment_configs_task"
    task = hub.post("/cluster_tasks", name=name, project_id=project["id"], args_encoded="[{}]")
    assert hub.wait("ClusterTask", task["id"], "success") == "success"
    told = hub.get(f"/cluster_tasks/{task['id']}")["result"]
    of_classes = told["user_config_dict"]["model_group"]["classification"]["learning_algorithms"]
    of_series = told["timeseries_config_dict"]["timeseries"]["learning_algorithms"]
    assert "sklearn.svm.SVC" in of_classes
    assert {"sklearn.svm.SVR", "auger_hub.search.pipelines.forecast.SeasonalNaive"} <= set(
        of_series
    )


def test_whoever_tries_passwords_has_to_wait(hub: Client) -> None:
    elsewhere = from_elsewhere()
    name = f"victim-{uuid.uuid4().hex[:8]}"
    user = add_user(hub, name)
    url = f"{hub.url}/api/v1/tokens"
    statuses = [
        elsewhere.post(url, json={"email": name, "password": "x"}, timeout=30).status_code
        for _ in range(11)
    ]
    assert statuses == [401] * 10 + [429]
    good = elsewhere.post(url, json={"email": name, "password": user["password"]}, timeout=30)
    assert good.status_code == 429
