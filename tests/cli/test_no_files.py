"""A pipe, a device or a folder where a file belongs is refused, and never waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .conftest import User

FILE = "name: shop\n"


def put(path: Path, what: str) -> None:
    path.unlink(missing_ok=True)
    if what == "a pipe":
        os.mkfifo(path)
    elif what == "a device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()


WHAT = pytest.mark.parametrize("what", ["a pipe", "a device", "a folder"])


@WHAT
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("auger.lock.yaml", "validate"),
        ("auger.prod.yaml", "--env prod validate"),
        ("auger.prod.yaml", "--env prod dataset list"),
        ("config.yaml", "validate"),
        ("auger.lock.yaml", "dataset delete x --yes"),
        ("plan.json", "apply plan.json"),
        ("plan.json", "show plan.json"),
    ],
)
@pytest.mark.usefixtures("empty_hub")
def test_what_is_no_file_is_refused_with_its_name(
    user: User, folder: Path, name: str, command: str, what: str
) -> None:
    (folder / "auger.yaml").write_text(FILE)
    put(folder / name, what)
    answer = user.run(*command.split())
    assert answer.code in {1, 64}  # a folder as an argument is wrong usage
    assert name in answer.err
    assert what in answer.err
    assert "bug" not in answer.err


@pytest.mark.parametrize("what", ["a pipe", "a device"])
@pytest.mark.parametrize("command", ["validate", "plan", "fmt", "project list"])
@pytest.mark.usefixtures("empty_hub")
def test_so_is_auger_yaml_itself(user: User, folder: Path, command: str, what: str) -> None:
    put(folder / "auger.yaml", what)
    answer = user.run(*command.split())
    assert answer.code == 1
    assert "auger.yaml" in answer.err
    assert what in answer.err


@WHAT
def test_so_are_credentials(
    user: User, folder: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder / "auger.json", what)
    monkeypatch.delenv("AUGER_CREDENTIALS", raising=False)
    monkeypatch.setenv("AUGER_CREDENTIALS_PATH", str(folder))
    answer = user.run("auth", "whoami")
    assert answer.code in {1, 4}
    assert "auger.json" in answer.err
