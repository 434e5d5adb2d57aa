"""One hub, a browser on it, and a folder of each test's own to work in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.api.live_hub import LiveHub, start_hub
from tests.contract.places import Place
from tests.hub.pages.conftest import Browser


@pytest.fixture(scope="session")
def hub(hub_lane: None) -> LiveHub:
    return start_hub()


@pytest.fixture(scope="session")
def browser(hub: LiveHub) -> Iterator[Browser]:
    with requests.Session() as session:
        visitor = Browser(hub.url, session)
        assert visitor.post("/log-in", {"user": hub.username, "password": hub.password}).ok
        yield visitor


@pytest.fixture
def place(
    hub: LiveHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Place:
    for name in [name for name in os.environ if name.startswith("AUGER_H")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Place(folder, hub, capsys)
