"""The processes of models that nobody asks any more are ended, and started again when needed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auger_hub.database.engine import Database
from auger_hub.database.tables import Organization, Pipeline, Prediction, Project
from auger_hub.fork_server.client import ForkServer, Running
from auger_hub.serving.predictions import Predictions
from auger_hub.settings import HubSettings
from auger_hub.store.local import Storage
from tests.hub.client import wait_until

MODEL = "A" * 15
REQUEST = {
    "features": ["sepal_length", "sepal_width", "petal_length", "petal_width"],
    "records": [[5.1, 3.5, 1.4, 0.2]],
    "file_url": None,
    "threshold": None,
    "options": {},
}


class Watched(ForkServer):
    """A fork server that remembers what it started."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[Running] = []

    def start(self, *command: Any, **streams: Any) -> Running:
        self.started.append(super().start(*command, **streams))
        return self.started[-1]


@pytest.fixture
def settings(tmp_path: Path, iris_model: Path) -> HubSettings:
    settings = HubSettings(home=tmp_path)
    settings.make_folders()
    shutil.copytree(iris_model, settings.models_folder / MODEL)
    return settings


@pytest.fixture
def database(settings: HubSettings) -> Iterator[Database]:
    database = Database(settings.database_url)
    database.migrate()
    with database.write() as session:
        organization = Organization(name="o", main_bucket="b")
        session.add(organization)
        session.flush()
        project = Project(organization_id=organization.id, name="p")
        session.add(project)
        session.flush()
        owners = {"organization_id": organization.id, "project_id": project.id}
        session.add(Pipeline(id=MODEL, status="ready", **owners))
        session.flush()
        for name in ("first", "second"):
            asked = Prediction(id=name, pipeline_id=MODEL, status="kept", request=REQUEST, **owners)
            session.add(asked)
    yield database
    database.close()


def predict(predictions: Predictions, database: Database, name: str) -> str:
    """Ask, wait for the end, and return the species."""
    with database.write() as session:
        session.get_one(Prediction, name).status = "requested"
    predictions.take_up()

    def found() -> Prediction:
        with database.read() as session:
            return session.get_one(Prediction, name)

    assert wait_until(lambda: found().status in ("done", "error"), seconds=60)
    return str((found().result or {})["data"][0][-1])


@pytest.mark.slow
def test_an_unused_model_is_ended_and_starts_again(
    settings: HubSettings, database: Database
) -> None:
    fork_server = Watched()
    storage = Storage(settings.files_folder)
    predictions = Predictions(settings, database, storage, fork_server, unused_seconds=0)
    assert predict(predictions, database, "first") == "setosa"
    predictions.take_up()
    assert [process.poll() is None for process in fork_server.started] == [False]
    assert predict(predictions, database, "second") == "setosa"
    assert len(fork_server.started) == 2
    predictions.stop()


@pytest.mark.slow
def test_a_model_just_used_stays_loaded(settings: HubSettings, database: Database) -> None:
    fork_server = Watched()
    predictions = Predictions(settings, database, Storage(settings.files_folder), fork_server)
    predict(predictions, database, "first")
    assert predict(predictions, database, "second") == "setosa"
    assert [process.poll() is None for process in fork_server.started] == [True]
    predictions.stop()
    assert [process.poll() is None for process in fork_server.started] == [False]
