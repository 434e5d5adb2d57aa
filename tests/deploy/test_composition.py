"""What deploy/compose.yml says, as processes: all of it answers, and nothing of it is left."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import psutil
import pytest
import requests

from deploy.local import composition
from deploy.local.composition import HUBS, CannotCompose, Composition, compose
from deploy.local.network import Network

pytest.importorskip("moto")


def test_what_is_missing_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    with pytest.raises(CannotCompose, match=r"^PostgreSQL is not installed"):
        Composition()


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "find_spec", lambda name: None if name == "moto" else name)
    with pytest.raises(CannotCompose, match=r"^moto is not installed: pip install '\.\[all\]'"):
        Composition()


@pytest.mark.slow
@pytest.mark.parametrize("has_network", [True, False])
def test_all_parts_answer_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, *, has_network: bool
) -> None:
    if shutil.which("initdb") is None and not list(Path("/usr/lib/postgresql").glob("*/bin")):
        pytest.skip("PostgreSQL is not installed")
    if not has_network:
        monkeypatch.setattr(Network, "is_possible", lambda: False)
    elif not Network.is_possible():
        pytest.skip("network namespaces need root on Linux")
    with compose() as running:
        folder = running.folder
        token = json.loads((running.home(HUBS[0]) / "auger.json").read_text())["token"]
        for name in HUBS:
            asked = {"params": {"token": token}, "timeout": 30}
            found = requests.get(f"{running.url(name)}/api/v1/projects", **asked)
            assert found.json()["data"] == []
        workers = [running.parts[name] for name in composition.WORKERS]
        workers[0].kill()
        assert not workers[0].is_alive
        assert composition.wait_until(lambda: workers[0].is_alive, 20)
    assert not folder.exists()
    assert not [one for one in psutil.process_iter() if is_of(one, folder)]


def is_of(process: psutil.Process, folder: Path) -> bool:
    try:
        return str(folder) in " ".join(process.cmdline())
    except psutil.Error:
        return False
