"""What is deleted leaves nothing behind on the disk."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from auger_hub.background.sweep import sweep_work
from auger_hub.processes.child_process import hold_job
from auger_hub.settings import HubSettings
from tests.hub.client import IRIS, Client, wait_until


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
    refit = hub.post("/trials", id=trial_id, refit_data_path=file["url"])["id"]
    hub.post("/pipelines", trial_id=refit)
    hub.wait("Pipeline", refit, "ready")
    return {"trial_id": trial_id, "refit": refit, "experiment_id": run["experiment_id"]}


def stored(hub: Client, project: dict[str, Any]) -> dict[str, list[str]]:
    """Return the files of a project by the folder they are in."""
    found: dict[str, list[str]] = {}
    for folder in hub.home.glob(f"files/*/workspace/projects/{project['name']}/*"):
        names = [path.name for path in folder.rglob("*") if path.is_file()]
        if names:
            found[folder.name] = names
    return found


def fitted(hub: Client) -> set[str]:
    """Return the ids of the models on the disk and in the store."""
    stored = (hub.home / "files" / ".auger-hub" / "models").glob("*/*.zip")
    on_disk = (path.name.partition("-")[0] for path in (hub.home / "models").iterdir())
    return {*on_disk, *(path.parent.name for path in stored)}


@pytest.mark.slow
def test_a_deleted_experiment_takes_its_models_exports_and_predictions_along(
    hub: Client, project: dict[str, Any], model: dict[str, Any]
) -> None:
    assert {model["trial_id"], model["refit"]} <= fitted(hub)
    assert set(stored(hub, project)) == {"files", "models", "predictions"}
    hub.call("DELETE", f"/experiments/{model['experiment_id']}")
    assert wait_until(lambda: not {model["trial_id"], model["refit"]} & fitted(hub))
    assert wait_until(lambda: set(stored(hub, project)) == {"files"})


@pytest.mark.slow
def test_a_deleted_data_set_leaves_the_export_that_it_was_registered_from(
    hub: Client, finished_run: dict[str, Any]
) -> None:
    trial = finished_run["trials"][-1]
    path = f"/pipeline_files/{hub.post('/pipeline_files', trial_id=trial['id'])['id']}"
    assert wait_until(lambda: bool(hub.get(path)["signed_s3_model_path"]), 40)
    export = hub.get(path)
    sent = {"name": "export", "url": export["s3_model_path"]}
    file = hub.post("/project_files", project_id=trial["project_id"], **sent)
    hub.call("DELETE", f"/project_files/{file['id']}")
    assert requests.get(export["signed_s3_model_path"], timeout=30).status_code == 200


@pytest.mark.slow
def test_a_deleted_experiment_leaves_the_data_set_made_of_its_predictions(
    hub: Client, project: dict[str, Any], model: dict[str, Any]
) -> None:
    (name,) = stored(hub, project)["predictions"]
    url = f"s3://127/workspace/projects/{project['name']}/predictions/{name}"
    file = hub.post("/project_files", name="predicted", project_id=project["id"], url=url)
    hub.wait("ProjectFile", file["id"], "processed")
    hub.call("DELETE", f"/experiments/{model['experiment_id']}")
    assert wait_until(lambda: "models" not in stored(hub, project))
    assert stored(hub, project)["predictions"] == [name]


@pytest.mark.slow
def test_a_deleted_project_takes_all_its_files_along(
    hub: Client, project: dict[str, Any], model: dict[str, Any]
) -> None:
    hub.upload(project["id"], IRIS)  # never made a data set
    hub.call("DELETE", f"/projects/{project['id']}")
    assert wait_until(lambda: not stored(hub, project))
    assert wait_until(lambda: model["trial_id"] not in fitted(hub))


@pytest.mark.slow
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


@pytest.fixture
def settings(tmp_path: Path) -> HubSettings:
    settings = HubSettings(home=tmp_path)
    settings.make_folders()
    return settings


def fill(*folders: Path) -> None:
    for folder in folders:
        folder.mkdir()
        (folder / "data.pickle").write_bytes(b"rows")


def test_what_killed_processes_left_is_removed(settings: HubSettings) -> None:
    work, models = settings.work_folder, settings.models_folder
    fill(work / "run-a", work / "export-1", work / "source-old", models / ".packaging-x")
    os.utime(work / "source-old", (0, time.time() - 2 * 24 * 3600))
    for name in ("run-a.lock", "run-a.pid", "profile-7.lock"):
        (work / name).touch()
    sweep_work(settings, set())
    assert (list(work.iterdir()), list(models.iterdir())) == ([], [])


def test_what_somebody_works_with_is_kept(settings: HubSettings) -> None:
    work, models = settings.work_folder, settings.models_folder
    fill(work / "run-a", work / "source-new", models / ".packaging-x", models / ("0" * 15))
    others = [work / "cluster-1.json", work / "compute-all.lock", work / "package-b.lock"]
    for path in others:
        path.touch()
    with hold_job(settings, "run-a"):
        before = sorted(settings.home.rglob("*"))
        sweep_work(settings, {"package-b"})
        assert sorted(settings.home.rglob("*")) == before
