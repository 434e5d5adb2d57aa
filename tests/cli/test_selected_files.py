"""What `select` says it writes is the file that it writes, whichever supplies the value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from laws.world import World

from .conftest import User
from .world_hub import WorldClient, use_world

PLAIN = "name: {name}\norganization: acme\n"


@pytest.fixture(autouse=True)
def client(folder: Path, monkeypatch: pytest.MonkeyPatch, user: User) -> WorldClient:
    client = use_world(monkeypatch, World())
    for name in ("other", "shop"):
        (folder / "auger.yaml").write_text(PLAIN.format(name=name))
        assert user.run("project", "create").code == 0
    return client


LAYOUTS = {
    "alone": ({"auger.yaml": PLAIN.format(name="shop")}, [], "auger.yaml"),
    "overlay": (
        {"auger.yaml": PLAIN.format(name="base"), "auger.prod.yaml": "name: shop\n"},
        ["--env", "prod"],
        "auger.prod.yaml",
    ),
    "overlay that does not supply it": (
        {"auger.yaml": PLAIN.format(name="shop"), "auger.prod.yaml": "organization: acme\n"},
        ["--env", "prod"],
        "auger.prod.yaml",
    ),
    "two files": (
        {"auger.yaml": "organization: acme\n", "config.yaml": "name: shop\n"},
        [],
        "config.yaml",
    ),
    "another name": (
        {"auger.yaml": PLAIN.format(name="base"), "mine.yaml": PLAIN.format(name="shop")},
        ["-f", "mine.yaml"],
        "mine.yaml",
    ),
}


TOLD = {
    "alone": "auger.yaml declares `name`: about to change.",
    "overlay": "auger.prod.yaml sets `name`: about to change.",
    "overlay that does not supply it": (
        "auger.yaml declares `name`: about to change in auger.prod.yaml."
    ),
    "two files": "config.yaml declares `name`: about to change.",
    "another name": "mine.yaml declares `name`: about to change.",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_file_that_is_written_is_named(user: User, folder: Path, layout: str) -> None:
    files, options, written = LAYOUTS[layout]
    for name, text in files.items():
        (folder / name).write_text(text)
    shown = user.run(*options, "--json", "project", "select", "--plan", "other")
    [select] = json.loads(shown.out)["actions"]
    assert select["reason"] == f"stored in {written}"
    answer = user.run(*options, "project", "select", "other")
    assert answer.code == 0
    assert TOLD[layout] in answer.err
    assert f"stored in {written}" in answer.out
    changed = {name for name, text in files.items() if (folder / name).read_text() != text}
    assert changed == {written}


def test_each_of_two_files_is_named(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text("organization: acme\ndataset: a.csv\n")
    (folder / "config.yaml").write_text("name: shop\n")
    shown = user.run("--json", "project", "select", "--plan", "other")
    [select] = json.loads(shown.out)["actions"]
    assert select["reason"] == "stored in auger.yaml and config.yaml"


def test_a_cleared_name_is_cleared_where_it_stood(user: User, folder: Path) -> None:
    (folder / "auger.prod.yaml").write_text("name: shop\n")
    answer = user.run("--env", "prod", "project", "delete", "shop", "--yes")
    assert answer.code == 0
    assert "cleared in auger.prod.yaml" in answer.out


def test_the_file_that_cannot_be_written_is_named(
    user: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, _text: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    (folder / "auger.prod.yaml").write_text("name: shop\n")
    monkeypatch.setattr("auger_reconcile.config.edit.select.replace_file", refuse)
    answer = user.run("--env", "prod", "project", "select", "other")
    assert answer.code == 1
    assert "auger.prod.yaml cannot be written: Permission denied" in answer.err


def test_what_the_file_below_declares_holds_again_once_its_project_is_selected(
    user: User, folder: Path
) -> None:
    (folder / "auger.yaml").write_text("name: shop\norganization: acme\ndataset: a.csv\n")
    overlay = folder / "auger.prod.yaml"
    overlay.write_text("organization: acme\n")
    user.run("--env", "prod", "project", "select", "other")
    assert overlay.read_text() == "organization: acme\nname: other\ndataset: null\n"
    answer = user.run("--env", "prod", "project", "select", "shop")
    assert "dataset: (not set) -> a.csv" in answer.out
    assert overlay.read_text() == "organization: acme\n"


def test_a_variable_that_goes_is_told(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text("name: ${p}\norganization: acme\nvariables: {p: shop}\n")
    answer = user.run("project", "select", "other")
    assert "`name`: about to change, to a fixed value in the place of `${p}`.\n" in answer.err
