"""A user with a home folder, credentials and a working directory, all of them temporary."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from auger_reconcile.cli.main import main
from auger_reconcile.cli.views.typed import remember_options
from tests.api.live_hub import LiveHub, start_hub

from .static_hub import StaticHub, serve


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


class User:
    """Runs commands in this process, where nothing is a terminal."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, *arguments: str) -> Answer:
        self._capsys.readouterr()
        code = main(arguments)
        out, err = self._capsys.readouterr()
        return Answer(code, out, err)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, which is no home folder; nothing of the real surroundings is seen."""
    for name in [name for name in os.environ if name.startswith("AUGER")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AUGER_HUB_HOME", str(tmp_path / "home" / "hub"))
    (tmp_path / "home").mkdir()
    (tmp_path / ".git").mkdir()  # above which no auger.yaml is looked for
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    remember_options({})  # those of the command before
    return work


@pytest.fixture
def user(capsys: pytest.CaptureFixture[str]) -> User:
    return User(capsys)


@pytest.fixture(scope="session")
def hub(hub_lane: None) -> LiveHub:
    """The real hub of this run."""
    return start_hub()


@pytest.fixture
def empty_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[StaticHub]:
    """A hub with nothing in it, which the user is logged in to."""
    with serve({}) as hub:
        monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
        yield hub
