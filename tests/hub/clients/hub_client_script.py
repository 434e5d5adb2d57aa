"""All methods of auger-hub-api-client against one hub; runs with the library's own old Python.

Prints `what<TAB>found` lines. An unexpected answer ends it with the library's own exception.
"""
# ruff: noqa: T201 - its lines are its answer

import json
import sys
import time
from pathlib import Path

import requests
from auger.hub_api_client import HubApiClient

URL, EMAIL, PASSWORD, ORGANIZATION, TABLE = sys.argv[1:6]
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
FLOWER = [5.1, 3.5, 1.4, 0.2]
MEASURED = dict(zip(FEATURES, FLOWER))  # noqa: B905 - Python 3.8 knows no `strict`
OPTIONS = {
    "targetFeature": "species",
    "featureColumns": FEATURES,
    "categoricalFeatures": ["species"],
    "timeSeriesFeatures": [],
    "labelEncodingFeatures": [],
    "binaryClassification": False,
    "classification": True,
    "crossValidationFolds": 3,
    "max_total_time_mins": 5,
    "max_eval_time_mins": 1,
    "max_n_trials": 400,
    "use_ensemble": True,
    "scoring": "accuracy",
}


def say(what, found):
    """Print one step; objects are told by what they are."""
    text = json.dumps(found) if isinstance(found, (dict, list)) else str(found)
    print(what + "\t" + text.replace("\n", " ")[:110], flush=True)


def brief(answer):
    """Return what an object is, in a few words."""
    data = answer["data"]
    if isinstance(data, list):
        return f"{len(data)} of {answer['meta'].get('pagination', {}).get('total', len(data))}"
    return " ".join(str(data[name]) for name in ("object", "id", "name", "status") if name in data)


def refused(what, kind, call):
    """Say how the hub refuses; anything else is a failure."""
    try:
        call()
    except kind as error:
        say(what, f"{type(error).__name__}: {str(error)[:90]}")
    else:
        raise AssertionError(what + " was not refused")


def poll(client, kind, object_id, waiting):
    """Follow the status until it is final; return it."""
    seen = []
    while True:
        if hasattr(client, "get_status"):
            status = client.get_status(object=kind, id=object_id)["data"]["status"]
        else:
            asked = {"object": kind, "id": object_id}
            status = client.get("/api/v1/status", asked)["data"]["status"]
        if status not in seen:
            seen.append(status)
        if status not in waiting:
            say(kind + " status", " > ".join(seen))
            return status
        time.sleep(0.3)


def connect():
    """Log in; return the client and the organization."""
    client = HubApiClient(hub_app_url=URL)
    wrong = {"email": EMAIL, "password": "wrong"}
    refused("log in, wrongly", client.FatalApiError, lambda: client.create_token(**wrong))
    token = client.create_token(email=EMAIL, password=PASSWORD)["data"]["token"]
    client = HubApiClient(hub_app_url=URL, token=token, retry_wait_seconds=1)
    organization = client.get_organizations(name=ORGANIZATION)["data"][0]
    say("log in", brief(client.get_organization(organization["id"])))
    return client, organization


def start_project(client, organization):
    """Return a running project."""
    project = client.create_project(name="judged", organization_id=organization["id"])["data"]
    say("project create", brief({"data": project}))
    say("project list", brief(client.get_projects(organization_id=organization["id"])))
    client.update_project(project["id"], cluster_autoterminate_minutes=60)
    size = {"worker_type_id": 1, "workers_count": 2, "kubernetes_stack": "stable"}
    say("project start", brief(client.deploy_project(project["id"], **size)))
    waiting = ("undeployed", "deployed", "deploying", "scaling")
    assert poll(client, "Project", project["id"], waiting) == "running"
    return project


def add_file(client, project):
    """Return a processed data set."""
    where = client.create_project_file_url(project_id=project["id"], file_path="x/iris.csv")["data"]
    with Path(TABLE).open("rb") as file:
        done = requests.post(where["url"], data=where["fields"], files={"file": file})
    say("upload", done.status_code)
    url = "s3://127/" + where["fields"]["key"]
    asked = {"name": "iris", "project_id": project["id"], "file_name": "iris.csv", "url": url}
    file = client.create_project_file(**asked)["data"]
    say("data set create", brief({"data": file}))
    assert poll(client, "ProjectFile", file["id"], ("processing",)) == "processed"
    refused(
        "data set create again",
        client.InvalidParamsError,
        lambda: client.create_project_file(**dict(asked, name="again")),
    )
    say("data set list", brief(client.get_project_files(project_id=project["id"])))
    file = client.get_project_file(file["id"])["data"]
    columns = file["statistics"]["stat_data"]
    say("statistics", [one["column_name"] + ":" + one["datatype"] for one in columns])
    name = url.rsplit("/", 1)[1]
    signed = client.get_project_file_urls(project_id=project["id"], file_path=name)["data"]["url"]
    say("data set download", f"{len(requests.get(signed).content)} bytes")
    return file


def search(client, project, file):
    """Start a search, look at it live, stop it; return its best trial."""
    experiment = client.create_experiment(
        name="e", project_id=project["id"], data_path=file["url"]
    )["data"]
    client.update_experiment(experiment["id"], name="judged")
    client.get_experiment(experiment["id"])
    listed = client.get_experiments(project_id=project["id"], name="judged")
    say("experiment create", brief(listed))
    settings = {"evaluation_options": OPTIONS}
    run = client.create_experiment_session(
        experiment_id=experiment["id"], model_type="classification", model_settings=settings
    )["data"]
    started = client.update_experiment_session(run["id"], status="preprocess")
    say("experiment start", brief(started))
    while len(client.get_trials(experiment_session_id=run["id"])["data"]) < 3:
        time.sleep(0.5)
    say("leaderboard, live", brief(client.get_experiment_session(run["id"])))
    say("experiment stop", brief(client.update_experiment_session(run["id"], status="interrupted")))
    poll(client, "ExperimentSession", run["id"], ("waiting", "preprocess", "started"))
    refused(
        "experiment stop again",
        client.InvalidParamsError,
        lambda: client.update_experiment_session(run["id"], status="interrupted"),
    )
    say("history", brief(client.get_experiment_sessions(experiment_id=experiment["id"])))
    trials = client.get_trials(experiment_session_id=run["id"])["data"]
    for trial in trials[:3]:
        name = trial["hyperparameter"]["algorithm_name"]
        say("leaderboard", f"{trial['id']} {trial['score_value']:.4f} {name}")
    client.get_trial(trials[0]["id"], experiment_session_id=run["id"])
    return experiment, trials[0]


def deploy_and_predict(client, trial):
    """Return the deployed model."""
    pipeline = client.create_pipeline(trial_id=trial["id"])["data"]
    waiting = ("creating_files", "packaging", "deploying")
    assert poll(client, "Pipeline", pipeline["id"], waiting) == "ready"
    say("model deploy", brief(client.get_pipeline(pipeline["id"])))
    asked = {"pipeline_id": pipeline["id"], "records": [FLOWER], "features": FEATURES}
    answer = client.create_prediction(**asked)["data"]
    while answer["status"] in ("requested", "running"):
        time.sleep(0.2)
        answer = client.get_prediction(answer["id"])["data"]
    assert answer["result"]["data"][0][-1] == "setosa", answer
    say("model predict", answer["result"]["data"])
    say("predictions", brief(client.get_predictions(pipeline_id=pipeline["id"])))
    refused(
        "model predict, bad records",
        client.InvalidParamsError,
        lambda: client.create_prediction(**dict(asked, records=[[1]])),
    )
    actual = {name: str(value) for name, value in MEASURED.items()}
    sent = client.create_actual(pipeline_id=pipeline["id"], actuals=[dict(actual, actual="setosa")])
    say("model actual", sent)
    export = client.create_pipeline_file(trial_id=trial["id"])["data"]
    while export["s3_model_path_status"] in ("not_requested", "pending"):
        time.sleep(0.5)
        export = client.get_pipeline_file(export["id"])["data"]
    size = len(requests.get(export["signed_s3_model_path"]).content)
    say("model export", f"{export['s3_model_path_status']}, {size} bytes")
    client.get_pipeline_files(trial_id=trial["id"])
    return pipeline


def small_resources(client, project):
    """Touch what has no life of its own."""
    say("instance types", brief(client.get_instance_types()))
    say("hyperparameters", brief(client.get_hyperparameters()))
    made = client.create_hyperparameter(algorithm_name="SVM", algorithm_params={"C": 1})["data"]
    say("hyperparameter", brief(client.get_hyperparameter(made["id"])))
    manifest = "m-" + EMAIL
    client.create_dataset_manifest(id=manifest, name="m", statistics={"x": 1})
    say("dataset manifest", brief(client.update_dataset_manifest(manifest, dataset_url="s3://x")))
    say("dataset manifests", brief(client.get_dataset_manifests()))
    name = "auger_ml.tasks_queue.tasks.list_project_files"
    task = client.create_cluster_task(name=name, project_id=project["id"], queue=None, args=None)
    say("cluster task", brief(task))
    say("cluster tasks", brief(client.get_cluster_tasks()))
    say("pod logs", brief(client.get_pod_logs(project_id=project["id"])))
    if hasattr(client, "get_project_logs"):
        say("project logs", client.get_project_logs(project["id"]) or "(empty)")


def clusters(client, organization):
    """Drive clusters, which only the older library knows."""
    other = client.create_project(name="clustered", organization_id=organization["id"])["data"]
    cluster = client.create_cluster(
        project_id=other["id"],
        organization_id=organization["id"],
        kubernetes_stack="stable",
        autoterminate_minutes=30,
        worker_nodes_count=2,
        instance_type="c5.large",
    )["data"]
    poll(client, "Cluster", cluster["id"], ("waiting", "provisioning", "bootstrapping"))
    say("cluster", brief(client.get_cluster(cluster["id"])))
    say("cluster statuses", brief(client.get_cluster_statuses(cluster_id=cluster["id"])))
    say("clusters", brief(client.get_clusters(organization_id=organization["id"])))
    client.delete_cluster(cluster["id"])
    poll(client, "Cluster", cluster["id"], ("running", "terminating"))
    client.delete_project(other["id"])


def endpoints(client, project, pipeline, file):
    """Drive watched models, which only the newer library knows."""
    made = client.create_endpoint(pipeline_id=pipeline["id"], name="watched")["data"]
    key = made["id"]
    say("endpoint create", brief({"data": made}))
    say("endpoint update", brief(client.update_endpoint(key, name="seen")))
    say("endpoints", brief(client.get_endpoints(project_id=project["id"])))
    asked = {"records": [FLOWER], "features": FEATURES}
    answer = client.create_endpoint_prediction(endpoint_id=key, **asked)["data"]
    while answer["status"] in ("requested", "running"):
        time.sleep(0.2)
        answer = client.get_endpoint_prediction(answer["id"], endpoint_id=key)["data"]
    say("endpoint predict", answer["result"]["data"])
    say("endpoint predictions", brief(client.get_endpoint_predictions(endpoint_id=key)))
    actual = dict(MEASURED, species="setosa")
    say("endpoint actual", client.create_endpoint_actual(endpoint_id=key, actuals=[actual]))
    expressions = ["A > 1", "$sepal_length >"]
    validation = client.create_endpoint_roi_validation(endpoint_id=key, expressions=expressions)
    say("roi validation", brief(validation))
    _alerts(client, key)
    link = {"endpoint_id": key, "pipeline_id": pipeline["id"], "active": False}
    linked = client.create_endpoint_pipeline(**link)["data"]
    say("endpoint pipeline", brief(client.update_endpoint_pipeline(linked["id"], active=True)))
    client.delete_endpoint_pipeline(linked["id"])
    deleted = client.delete_endpoint_actuals(endpoint_id=key, with_predictions=False)
    say("delete endpoint actuals", brief(deleted))
    say("endpoint delete", brief(client.delete_endpoint(key)))
    group = client.create_prediction_group(pipeline_id=pipeline["id"], **asked)
    say("prediction group", brief(group))
    say("refit", brief(client.create_trial(id=pipeline["trial_id"], refit_data_path=file["url"])))
    deleted = client.delete_actuals(pipeline_id=pipeline["id"], with_predictions=True)
    say("delete actuals", brief(deleted))


def _alerts(client, endpoint_id):
    alert = client.create_review_alert(
        endpoint_id=endpoint_id,
        kind="model_accuracy",
        threshold=0.9,
        sensitivity=72,
        actions="retrain",
        notifications="no_notifications",
        active=True,
        threshold_policy="all_values",
    )["data"]
    say("review alert", brief(client.update_review_alert(alert["id"], threshold=0.5)))
    say("review alerts", brief(client.get_review_alerts(endpoint_id=endpoint_id)))
    say("review alert items", brief(client.get_review_alert_items(endpoint_id=endpoint_id)))
    client.get_review_alert(alert["id"])
    client.delete_review_alert(alert["id"])


def main():
    """Live."""
    client, organization = connect()
    project = start_project(client, organization)
    file = add_file(client, project)
    experiment, trial = search(client, project, file)
    pipeline = deploy_and_predict(client, trial)
    small_resources(client, project)
    if hasattr(client, "create_cluster"):
        clusters(client, organization)
    if hasattr(client, "create_endpoint"):
        endpoints(client, project, pipeline, file)
    say("model undeploy", brief(client.update_pipeline(pipeline["id"], status="undeploying")))
    found = []
    client.iterate_all_resource_pages("get_projects", lambda one: found.append(one["id"]), limit=1)
    say("all pages of projects", f"{len(found)} projects")
    client.delete_experiment(experiment["id"])
    refused(
        "experiment delete again",
        client.FatalApiError,
        lambda: client.delete_experiment(experiment["id"]),
    )
    client.undeploy_project(project["id"])
    assert poll(client, "Project", project["id"], ("running", "undeploying")) == "undeployed"
    say("data set delete", brief(client.delete_project_file(file["id"])))
    say("project delete", brief(client.delete_project(project["id"])))
    say("the end", "all of it")


main()
