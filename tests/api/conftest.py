"""A real hub, a user's surroundings, and a project that has learned something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from auger_reconcile.api import Context, DataSet, Experiment, Model
from tests.api.live_hub import LiveHub, start_hub, write_project


@pytest.fixture(scope="session")
def hub(hub_lane: None) -> LiveHub:
    return start_hub()


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory; nothing of the real surroundings is seen."""
    for name in ("AUGER_CREDENTIALS", "AUGER_CREDENTIALS_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AUGER_HUB_HOME", str(tmp_path / "home" / "hub"))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def name() -> str:
    """The name of a project that nobody else has."""
    return f"p-{uuid4().hex[:8]}"


OpenContext = Callable[..., Context]


@pytest.fixture
def open_context(hub: LiveHub, work: Path) -> Iterator[OpenContext]:
    """Open contexts as the hub's user; all are closed in the end."""
    opened: list[Context] = []

    def open_one(path: Path = work) -> Context:
        opened.append(Context(path, environ=hub.environ, home=work))
        return opened[-1]

    yield open_one
    for context in opened:
        context.close()


@dataclass(frozen=True)
class Trained:
    """A project with a completed run and a model that is deployed and downloaded."""

    folder: Path
    project: str
    run_id: str
    model_id: str


@pytest.fixture(scope="session")
def trained(hub: LiveHub, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Made once, for tests that only read it."""
    folder = tmp_path_factory.mktemp("trained")
    project = f"trained-{uuid4().hex[:8]}"
    write_project(folder, project)
    with Context(folder, environ=hub.environ, home=folder) as context:
        DataSet(context).create(select=True)
        _, run_id = Experiment(context).start(wait=True, select=True)
        rows, _ = Experiment(context).leaderboard()
        model_id = Model(context).deploy(rows[0]["id"])
        Model(context).deploy(model_id, locally=True)
    return Trained(folder, project, run_id, model_id)
