from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.hub.client import IRIS, OPTIONS, Client, wait_until

RECORDS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [5.1, None, 1.4, 0.2]]
FEATURES = OPTIONS["featureColumns"]
BAD_RECORDS = (
    "records should be an array of arrays of plain values, "
    "each records size should be equal to the features count"
)


def answered(hub: Client, prediction: dict[str, Any]) -> dict[str, Any]:
    """Poll the prediction as clients do."""
    found = prediction

    def is_over() -> bool:
        nonlocal found
        found = hub.get(f"/predictions/{prediction['id']}")
        return found["status"] not in ("requested", "running")

    assert wait_until(is_over, seconds=30)
    return found


def test_a_pipeline_has_the_id_of_its_trial(
    pipeline: dict[str, Any], finished_run: dict[str, Any]
) -> None:
    trial = finished_run["trials"][0]
    assert pipeline["id"] == pipeline["trial_id"] == trial["id"]
    assert pipeline["trial"] == trial
    assert pipeline["name"] == "best"
    assert pipeline["endpoint_pipelines"] == []
    assert pipeline["target_feature"] == "species"
    assert pipeline["datasource_manifest_name"] == "iris"


def test_deploying_a_live_model_again_gives_the_same_pipeline(
    hub: Client, pipeline: dict[str, Any]
) -> None:
    again = hub.post("/pipelines", trial_id=pipeline["id"])
    assert (again["id"], again["status"]) == (pipeline["id"], "ready")


@pytest.mark.parametrize("trial_id", ["FFFFFFFFFFFFFFF", 5])
def test_an_unknown_trial_is_not_deployed(hub: Client, trial_id: object) -> None:
    answer = hub.call("POST", "/pipelines", trial_id=trial_id)
    assert answer.errors == [("not_found", None, "Couldn't find Trial")]


def test_records_are_answered_with_the_target_behind_them(
    hub: Client, pipeline: dict[str, Any]
) -> None:
    asked = hub.post(
        "/predictions",
        pipeline_id=pipeline["id"],
        records=RECORDS,
        features=FEATURES,
        threshold=None,
    )
    assert asked["object"] == "prediction"
    assert asked["records_count"] == 3
    answer = answered(hub, asked)
    assert answer["status"] == "done"
    assert answer["result"]["columns"] == [*FEATURES, "species"]
    assert [row[:-1] for row in answer["result"]["data"]] == RECORDS
    assert [row[-1] for row in answer["result"]["data"]] == ["setosa", "virginica", "setosa"]
    assert answer["time_consumed_ms"] is not None


def test_a_threshold_adds_the_probability_of_every_class(
    hub: Client, pipeline: dict[str, Any]
) -> None:
    asked = hub.post(
        "/predictions",
        pipeline_id=pipeline["id"],
        records=RECORDS[:1],
        features=FEATURES,
        threshold=0.5,
    )
    columns = answered(hub, asked)["result"]["columns"]
    assert {"proba_setosa", "proba_versicolor", "proba_virginica"} <= set(columns)


def test_features_are_left_out_of_the_result_on_request(
    hub: Client, pipeline: dict[str, Any]
) -> None:
    asked = hub.post(
        "/predictions",
        pipeline_id=pipeline["id"],
        records=RECORDS[:1],
        features=FEATURES,
        no_features_in_result=True,
    )
    assert answered(hub, asked)["result"] == {"columns": ["species"], "data": [["setosa"]]}


def test_features_are_left_out_though_the_target_was_sent_among_them(
    hub: Client, pipeline: dict[str, Any]
) -> None:
    asked = hub.post(
        "/predictions",
        pipeline_id=pipeline["id"],
        records=[[*RECORDS[0], "virginica"]],
        features=[*FEATURES, "species"],
        no_features_in_result=True,
    )
    assert answered(hub, asked)["result"] == {"columns": ["species"], "data": [["setosa"]]}


def test_features_are_left_out_of_a_file_on_request(hub: Client, pipeline: dict[str, Any]) -> None:
    url = hub.upload(pipeline["project_id"], IRIS)
    ask = {"pipeline_id": pipeline["id"], "file_url": url, "no_features_in_result": True}
    answer = answered(hub, hub.post("/predictions", **ask))
    lines = requests.get(answer["result"]["signed_prediction_url"], timeout=10).text.splitlines()
    assert (lines[0], lines[1], len(lines)) == ("species", "setosa", 121)


def test_a_file_is_answered_with_a_file(hub: Client, pipeline: dict[str, Any]) -> None:
    url = hub.upload(pipeline["project_id"], IRIS)
    asked = hub.post("/predictions", pipeline_id=pipeline["id"], file_url=url, records=None)
    answer = answered(hub, asked)
    assert answer["status"] == "done", answer["error_message"]
    assert answer["result"]["count"] == answer["records_count"] == 120
    assert answer["result"]["result_path"].startswith("s3://")
    download = requests.get(answer["result"]["signed_prediction_url"], timeout=10)
    assert download.headers["content-type"].startswith("text/csv")
    lines = download.text.splitlines()
    asked_about = IRIS.read_text().splitlines()
    assert lines[0] == f"{asked_about[0]},species_predicted"
    assert lines[1].startswith(f"{asked_about[1]},")
    assert len(lines) == 121


def test_a_file_that_is_not_there_is_an_error_with_a_reason(
    hub: Client, pipeline: dict[str, Any]
) -> None:
    asked = hub.post("/predictions", pipeline_id=pipeline["id"], file_url="s3://b/no.csv")
    answer = answered(hub, asked)
    assert answer["status"] == "error"
    assert answer["error_message"] == "there is no uploaded file at `no.csv`"


def test_a_disk_that_fails_ends_a_prediction_and_the_next_one_is_answered(
    hub: Client, pipeline: dict[str, Any]
) -> None:
    url = hub.upload(pipeline["project_id"], IRIS)
    project = hub.get(f"/projects/{pipeline['project_id']}")
    (folder,) = (hub.home / "files").glob(f"*/workspace/projects/{project['name']}")
    answers = folder / "predictions"
    aside = answers.rename(folder / "aside") if answers.exists() else None
    answers.write_text("no folder")
    ask = {"pipeline_id": pipeline["id"], "file_url": url, "records": None}
    failed = answered(hub, hub.post("/predictions", **ask))
    assert failed["status"] == "error"
    assert failed["error_message"].startswith("an internal error occurred")
    answers.unlink()
    if aside:
        aside.rename(answers)
    assert answered(hub, hub.post("/predictions", **ask))["status"] == "done"
    assert hub.get(f"/predictions/{failed['id']}") == failed


@pytest.mark.slow
def test_a_file_that_cannot_be_scored_leaves_nothing_behind(
    hub: Client, pipeline: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "no_truth.csv").write_text(",".join(FEATURES) + "\n5.1,3.5,1.4,0.2\n")
    url = hub.upload(pipeline["project_id"], tmp_path / "no_truth.csv")
    ask = {"pipeline_id": pipeline["id"], "file_url": url, "score": True}
    answer = answered(hub, hub.post("/predictions", **ask))
    assert "has no column `species`, which holds the truth" in answer["error_message"]
    assert not list((hub.home / "files").rglob(f"*{answer['id']}*"))


def test_a_missing_column_is_an_error_with_its_name(hub: Client, pipeline: dict[str, Any]) -> None:
    asked = hub.post(
        "/predictions", pipeline_id=pipeline["id"], records=[[1.0]], features=FEATURES[:1]
    )
    answer = answered(hub, asked)
    assert answer["status"] == "error"
    assert "sepal_width" in answer["error_message"]


@pytest.mark.parametrize(
    "records", [[[1, 2, 3]], [[1, 2, 3, [4]]], [{"a": 1}], "text", [[1, 2, 3, 4, 5]]]
)
def test_records_that_do_not_fit_the_features_are_refused(
    hub: Client, pipeline: dict[str, Any], records: object
) -> None:
    answer = hub.call(
        "POST", "/predictions", pipeline_id=pipeline["id"], records=records, features=FEATURES
    )
    assert answer.status == 400
    assert answer.errors == [("invalid_param", "records", BAD_RECORDS)]


def test_predictions_and_prediction_groups_are_the_same_thing(
    hub: Client, pipeline: dict[str, Any]
) -> None:
    asked = hub.post(
        "/prediction_groups", pipeline_id=pipeline["id"], records=RECORDS, features=FEATURES
    )
    assert asked["object"] == "prediction_group"
    assert answered(hub, asked)["object"] == "prediction"
    listed = hub.get("/prediction_groups", pipeline_id=pipeline["id"])
    assert asked["id"] in {found["id"] for found in listed}


def test_a_model_is_exported_as_a_zip_that_predicts(hub: Client, pipeline: dict[str, Any]) -> None:
    export = hub.post("/pipeline_files", trial_id=pipeline["trial_id"])
    assert export["signed_s3_model_path_status"] == "pending"

    def shown() -> dict[str, Any]:
        return dict(hub.get(f"/pipeline_files/{export['id']}"))

    assert wait_until(lambda: shown()["s3_model_path_status"] == "success", seconds=30)
    done = shown()
    assert done["signed_s3_model_path_status"] == "success"
    path = done["signed_s3_model_path"].partition("?")[0]
    assert path.endswith(f"/export_{pipeline['trial_id']}.zip")
    content = requests.get(done["signed_s3_model_path"], timeout=10).content
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert {"client.py", "README.md", "requirements.txt"} <= set(names)
    assert (export["sha256"], done["sha256"]) == (None, hashlib.sha256(content).hexdigest())


def test_actuals_are_stored_and_counted(hub: Client, pipeline: dict[str, Any]) -> None:
    path = f"/pipelines/{pipeline['id']}"
    before = hub.get(path)["stats"]["actuals_count"]
    rows = [{"prediction_id": "p", "actual": "setosa"}, {"prediction_id": "q", "actual": "x"}]
    hub.post("/actuals", pipeline_id=pipeline["id"], actuals=rows)
    assert hub.get(path)["stats"]["actuals_count"] == before + 2


def test_actuals_are_deleted_by_a_task(hub: Client, pipeline: dict[str, Any]) -> None:
    hub.post("/actuals", pipeline_id=pipeline["id"], actuals=[["setosa"]])
    answer = hub.call(
        "DELETE", "/actuals", pipeline_id=pipeline["id"], with_predictions=False, to=None
    )
    hub.wait("ClusterTask", answer.data["id"], "success")
    assert hub.get(f"/pipelines/{pipeline['id']}")["stats"]["actuals_count"] == 0


def test_actuals_of_an_unknown_model_are_refused(hub: Client) -> None:
    answer = hub.call("POST", "/actuals", pipeline_id="FFFFFFFFFFFFFFF", actuals=[{"a": "1"}])
    assert answer.errors == [("not_found", None, "Couldn't find Pipeline")]


def test_pipelines_are_listed_with_their_trial(hub: Client, pipeline: dict[str, Any]) -> None:
    listed = hub.get("/pipelines", project_id=pipeline["project_id"], active=True)
    found = next(one for one in listed if one["id"] == pipeline["id"])
    assert found["trial"]["hyperparameter"]["algorithm_name"]


@pytest.mark.slow
def test_an_undeployed_model_stays_listed_and_is_deployed_again(
    hub: Client, finished_run: dict[str, Any]
) -> None:
    trial_id = finished_run["trials"][1]["id"]
    hub.post("/pipelines", trial_id=trial_id)
    hub.wait("Pipeline", trial_id, "ready")
    assert hub.patch(f"/pipelines/{trial_id}", status="undeploying")["status"] == "undeploying"
    hub.wait("Pipeline", trial_id, "undeployed")
    assert not list((hub.home / "models").glob(f"{trial_id}*"))
    stored = hub.home / "files" / ".auger-hub" / "models" / trial_id
    assert wait_until(lambda: not list(stored.glob("*")))
    refused = hub.call(
        "POST", "/predictions", pipeline_id=trial_id, records=RECORDS, features=FEATURES
    )
    message = "model should be in ready status"
    assert refused.errors == [("invalid_param", "pipeline_id", message)]
    again = hub.call("PATCH", f"/pipelines/{trial_id}", status="undeploying")
    assert again.errors == [("invalid_param", "status", "transition to this status impossible")]
    assert trial_id in {found["id"] for found in hub.get("/pipelines")}
    assert hub.post("/pipelines", trial_id=trial_id)["status"] == "packaging"
    hub.wait("Pipeline", trial_id, "ready")


def test_hyperparameters_are_created_and_shown(hub: Client) -> None:
    parameters = {"x": 1, "y": None}
    created = hub.post("/hyperparameters", algorithm_name="SVM", algorithm_params=parameters)
    assert hub.get(f"/hyperparameters/{created['id']}")["algorithm_params"] == parameters


def test_instance_types_say_how_big_they_are(hub: Client) -> None:
    first = hub.get("/instance_types")[0]
    assert (first["id"], first["description"]) == ("c5.large", "2xCPU 4.0 GB RAM")
