"""What is deleted leaves nothing behind on the disk."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub.conftest import IRIS, Client, wait_until


@pytest.fixture
def model(hub: Client, project: dict[str, Any]) -> dict[str, Any]:
    """A deployed model that was exported and has predicted a file."""
    file = hub.add_file(project["id"])
    run = hub.add_run(file, max_n_trials=1)
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "completed")
    trial_id = hub.get("/trials", experiment_session_id=run["id"])[0]["id"]
    hub.post("/pipelines", trial_id=trial_id)
    hub.wait("Pipeline", trial_id, "ready")
    export = hub.post("/pipeline_files", trial_id=trial_id)
    hub.post("/predictions", pipeline_id=trial_id, file_url=file["url"])
    path = f"/pipeline_files/{export['id']}"
    assert wait_until(lambda: bool(hub.get(path)["signed_s3_model_path"]), 40)
    assert wait_until(lambda: "predictions" in stored(hub, project), 40)
    return {"trial_id": trial_id, "experiment_id": run["experiment_id"]}


def stored(hub: Client, project: dict[str, Any]) -> dict[str, list[str]]:
    """Return the files of a project by the folder they are in."""
    found: dict[str, list[str]] = {}
    for folder in hub.home.glob(f"files/*/workspace/projects/{project['name']}/*"):
        names = [path.name for path in folder.rglob("*") if path.is_file()]
        if names:
            found[folder.name] = names
    return found


def test_a_deleted_experiment_takes_its_models_exports_and_predictions_along(
    hub: Client, project: dict[str, Any], model: dict[str, Any]
) -> None:
    folder = hub.home / "models" / model["trial_id"]
    assert folder.is_dir()
    assert set(stored(hub, project)) == {"files", "models", "predictions"}
    hub.call("DELETE", f"/experiments/{model['experiment_id']}")
    assert wait_until(lambda: not folder.exists())
    assert wait_until(lambda: set(stored(hub, project)) == {"files"})


def test_a_deleted_project_takes_all_its_files_along(
    hub: Client, project: dict[str, Any], model: dict[str, Any]
) -> None:
    hub.upload(project["id"], IRIS)  # never made a data set
    hub.call("DELETE", f"/projects/{project['id']}")
    assert wait_until(lambda: not stored(hub, project))
    assert wait_until(lambda: not (hub.home / "models" / model["trial_id"]).exists())


def test_files_under_a_name_that_another_project_had_before_are_kept(
    hub: Client, project: dict[str, Any]
) -> None:
    url = hub.add_file(project["id"])["url"]
    hub.patch(f"/projects/{project['id']}", name=f"{project['name']}-renamed")
    other = hub.post("/projects", name=project["name"])
    hub.call("DELETE", f"/projects/{other['id']}")
    gone = [("not_found", None, "Couldn't find Project")]
    assert wait_until(
        lambda: (
            hub.call("GET", f"/projects/{other['id']}").body.get("meta", {}).get("errors")
            is not None
        )
    )
    assert hub.call("GET", f"/projects/{other['id']}").errors == gone
    assert url.rpartition("/")[2] in stored(hub, project)["files"]


def test_uploads_of_a_new_project_of_the_same_name_are_kept(
    hub: Client, project: dict[str, Any]
) -> None:
    old = next(hub.home.glob(f"files/*/{stored_key(hub.add_file(project['id']))}"))
    hub.call("DELETE", f"/projects/{project['id']}")
    new = hub.post("/projects", name=project["name"])
    url = hub.upload(new["id"], IRIS)
    assert wait_until(lambda: not old.exists())
    assert stored(hub, project)["files"] == [url.rpartition("/")[2]]
    hub.call("DELETE", f"/projects/{new['id']}")
    assert wait_until(lambda: not stored(hub, project))


def stored_key(file: dict[str, Any]) -> str:
    """Return the path of a data set below its bucket."""
    return str(file["url"]).removeprefix("s3://127/")
