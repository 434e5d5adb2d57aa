"""A hub whose disk is lost goes on with its database and its store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auger_hub.processes import daemon
from auger_hub.settings import HubSettings
from tests.hub.client import OPTIONS, Client, connect, try_hub, wait_until
from tests.hub.routes.test_models import answered

pytestmark = pytest.mark.slow

ROW = {"features": OPTIONS["featureColumns"], "records": [[5.1, 3.5, 1.4, 0.2]]}


@pytest.fixture
def settings(own_hub: HubSettings, tmp_path: Path) -> Iterator[HubSettings]:
    """A hub whose rows and files are elsewhere than its disk."""
    settings = HubSettings(
        home=own_hub.home,
        database=f"sqlite:///{tmp_path / 'rows.db'}",
        storage=str(tmp_path / "store"),
    )
    yield settings
    daemon.stop(settings)


def start(settings: HubSettings) -> Client:
    daemon.start(settings)
    return connect(settings)


def run_and_deploy(hub: Client) -> tuple[str, str]:
    """Return the ids of a deployed trial, and of one that is not deployed."""
    project = hub.add_project()
    run = hub.add_run(hub.add_file(project["id"]), max_n_trials=2, deploy="bag")
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "completed")
    first, other = (one["id"] for one in hub.get("/trials", experiment_session_id=run["id"])[:2])
    deploy(hub, first)
    return str(first), str(other)


def deploy(hub: Client, trial_id: str) -> None:
    hub.post("/pipelines", trial_id=trial_id)
    hub.wait("Pipeline", trial_id, "ready")


def ask(hub: Client, model: str) -> dict[str, Any]:
    return dict(answered(hub, hub.post("/predictions", pipeline_id=model, **ROW)))


def test_a_new_disk_serves_what_the_old_one_did(settings: HubSettings, tmp_path: Path) -> None:
    hub = start(settings)
    deployed, other = run_and_deploy(hub)
    before = ask(hub, deployed)["result"]["data"]
    daemon.stop(settings)
    shutil.rmtree(settings.home)
    hub = start(settings)
    assert ask(hub, deployed)["result"]["data"] == before
    assert hub.get(f"/pipelines/{deployed}/health")["columns"]
    export = f"/pipeline_files/{hub.post('/pipeline_files', trial_id=deployed)['id']}"
    assert wait_until(lambda: bool(hub.get(export)["signed_s3_model_path"]), 40)
    deploy(hub, other)  # an old trial, of whose run the disk had nothing either
    assert ask(hub, other)["status"] == "done"
    assert (
        json.loads(try_hub(settings.home, "backup", str(tmp_path / "b.tgz")).stdout)["missing"] == 0
    )


def test_a_model_that_the_store_has_lost_is_deployed_again(settings: HubSettings) -> None:
    hub = start(settings)
    deployed, _ = run_and_deploy(hub)
    daemon.stop(settings)
    shutil.rmtree(settings.home)
    for archive in Path(settings.storage).rglob(f"*{deployed}/*.zip"):
        archive.unlink()
    hub = start(settings)
    hub.wait("Pipeline", deployed, "packaged_with_error")
    told = hub.call("POST", "/predictions", pipeline_id=deployed, **ROW).errors[0][2]
    assert told.endswith(
        "the fitted model is gone from the store of the hub: deploy the trial again"
    )
    deploy(hub, deployed)
    assert ask(hub, deployed)["status"] == "done"
