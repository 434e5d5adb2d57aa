"""One organization's slow servers and stuck models stop nobody else's predictions."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auger_hub.database.engine import Database
from auger_hub.database.tables import Organization, Pipeline, Prediction, Project
from auger_hub.fork_server.client import ForkServer, Running
from auger_hub.serving.predictions import InTurn, Predictions
from auger_hub.settings import HubSettings
from auger_hub.store.local import Storage
from auger_hub.store.models import ModelStore
from tests.hub.client import wait_until

REQUEST = {
    "features": ["sepal_length", "sepal_width", "petal_length", "petal_width"],
    "records": [[5.1, 3.5, 1.4, 0.2]],
    "file_url": None,
    "threshold": None,
    "options": {},
}
ANNA, BERT = "0" * 15, "1" * 15


class Watched(ForkServer):
    """A fork server that remembers what it started."""

    def __init__(self, settings: HubSettings) -> None:
        super().__init__(environment=settings.to_environment())
        self.started: list[Running] = []

    def start(self, *command: Any, **streams: Any) -> Running:
        self.started.append(super().start(*command, **streams))
        return self.started[-1]


@pytest.fixture
def slow() -> Iterator[str]:
    """The address of a server that sends a letter now and then."""
    listener = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def trickle(line: socket.socket) -> None:
        with line:
            try:
                line.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not is_over.wait(0.05):
                    line.sendall(b"a")
            except OSError:
                return

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=trickle, args=(line,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/rows.csv"
    is_over.set()
    listener.close()


@pytest.fixture
def settings(tmp_path: Path, iris_model: Path) -> HubSettings:
    settings = HubSettings(home=tmp_path)
    settings.make_folders()
    for model in (ANNA, BERT):
        shutil.copytree(iris_model, settings.models_folder / model)
    return settings


@pytest.fixture
def database(settings: HubSettings) -> Iterator[Database]:
    database = Database(settings.database_url)
    database.migrate()
    with database.write() as session:
        for number, model in enumerate((ANNA, BERT), 1):
            session.add(Organization(name=model, main_bucket=model))
            session.flush()
            session.add(Project(organization_id=number, name="p"))
            session.flush()
            owners = {"organization_id": number, "project_id": number}
            session.add(Pipeline(id=model, status="ready", **owners))
    yield database
    database.close()


@pytest.fixture
def fork_server(settings: HubSettings) -> Watched:
    return Watched(settings)


@pytest.fixture
def predictions(
    settings: HubSettings, database: Database, fork_server: Watched
) -> Iterator[Predictions]:
    storage = Storage(settings.files_folder)
    predictions = Predictions(settings, database, storage, fork_server)
    predictions.answer_seconds = 10.0
    yield predictions
    predictions.stop()


def ask(predictions: Predictions, database: Database, model: str, name: str, **more: Any) -> None:
    number = 1 if model == ANNA else 2
    owners = {"organization_id": number, "project_id": number}
    with database.write() as session:
        session.add(Prediction(id=name, pipeline_id=model, request=REQUEST | more, **owners))
    predictions.take_up()


def status_of(database: Database, name: str) -> str:
    with database.read() as session:
        return session.get_one(Prediction, name).status


def is_ended(database: Database, name: str, seconds: float) -> bool:
    return wait_until(lambda: status_of(database, name) in ("done", "error"), seconds)


@pytest.mark.slow
def test_slow_servers_of_one_stop_neither_others_nor_its_own_rows_nor_the_end(
    predictions: Predictions, database: Database, slow: str
) -> None:
    for number in range(5):
        ask(predictions, database, ANNA, f"slow{number}", file_url=slow)
    ask(predictions, database, BERT, "other")
    ask(predictions, database, ANNA, "own")
    assert is_ended(database, "other", 200)
    assert is_ended(database, "own", 200)
    assert {status_of(database, name) for name in ("other", "own")} == {"done"}
    began = time.monotonic()
    predictions.stop()
    assert time.monotonic() - began < 15
    assert {status_of(database, f"slow{number}") for number in range(5)} <= {"requested", "running"}


@pytest.mark.slow
def test_a_stopped_model_stops_no_other_and_is_replaced(
    predictions: Predictions, database: Database, fork_server: Watched
) -> None:
    ask(predictions, database, ANNA, "first")
    assert is_ended(database, "first", 200)
    os.kill(fork_server.started[0].pid, signal.SIGSTOP)
    for number in range(5):
        ask(predictions, database, ANNA, f"stuck{number}")
    ask(predictions, database, BERT, "other")
    for name in ("other", *(f"stuck{number}" for number in range(5))):
        assert is_ended(database, name, 300)
        assert status_of(database, name) == "done", name


@pytest.mark.slow
def test_a_model_whose_files_are_torn_says_so_and_what_helps(
    predictions: Predictions, database: Database, settings: HubSettings
) -> None:
    for file in (settings.models_folder / ANNA).iterdir():
        file.write_bytes(file.read_bytes()[:20])
    ask(predictions, database, ANNA, "one")
    assert is_ended(database, "one", 200)
    told = told_of(database, "one")
    assert "missing or damaged" in told
    assert "deploy it again" in told


def told_of(database: Database, name: str) -> str:
    with database.read() as session:
        return session.get_one(Prediction, name).error_message or ""


def test_a_model_that_is_gone_is_not_ready_once_it_was_asked(
    predictions: Predictions, database: Database, settings: HubSettings
) -> None:
    shutil.rmtree(settings.models_folder / ANNA)
    ask(predictions, database, ANNA, "one")
    assert is_ended(database, "one", 60)
    gone = "the fitted model is gone from the store of the hub: deploy the trial again"
    assert told_of(database, "one") == f"model should be in ready status: {gone}"
    with database.read() as session:
        model = session.get_one(Pipeline, ANNA)
    assert (model.status, model.error_message) == ("packaged_with_error", gone)


@pytest.mark.slow
def test_a_copy_that_the_disk_has_changed_is_taken_from_the_store_again(
    predictions: Predictions, database: Database, settings: HubSettings
) -> None:
    models = ModelStore(settings, Storage(settings.files_folder))
    with database.write() as session:
        digest = models.keep(ANNA, settings.models_folder / ANNA)
        session.get_one(Pipeline, ANNA).package_digest = digest
    for file in models.find(ANNA, digest).glob("model.*"):
        file.write_bytes(b"0" * file.stat().st_size)
    ask(predictions, database, ANNA, "one")
    assert is_ended(database, "one", 200)
    assert (status_of(database, "one"), told_of(database, "one")) == ("done", "")


def question(name: str) -> Prediction:
    return Prediction(id=name, organization_id=1, project_id=1, pipeline_id=ANNA, request=REQUEST)


def test_a_model_that_is_not_loaded_is_asked_in_turn(predictions: Predictions) -> None:
    with pytest.raises(InTurn):
        predictions.answer_now(question("now"), [])


@pytest.mark.slow
def test_a_loaded_model_answers_at_once_unless_it_is_stopped(
    predictions: Predictions, database: Database, fork_server: Watched, monkeypatch: Any
) -> None:
    ask(predictions, database, ANNA, "first")
    assert is_ended(database, "first", 60)
    assert predictions.answer_now(question("now"), [])["status"] == "done"
    monkeypatch.setattr("auger_hub.serving.predictions._NOW_SECONDS", 0.2)
    os.kill(fork_server.started[0].pid, signal.SIGSTOP)
    with pytest.raises(InTurn):
        predictions.answer_now(question("stopped"), [])
    ask(predictions, database, ANNA, "again")
    assert is_ended(database, "again", 60)
    assert status_of(database, "again") == "done"


def test_who_waits_is_called_when_it_is_done(predictions: Predictions, database: Database) -> None:
    called = threading.Event()
    predictions.call_when_done("first", called.set)
    ask(predictions, database, ANNA, "first")
    assert called.wait(60)
    assert status_of(database, "first") == "done"
