"""What `select` says it writes is the file that it writes, whichever supplies the value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


def test_after_a_delete_no_other_file_names_the_next_one_to_go(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text("name: shop\norganization: acme\n")
    (folder / "config.yaml").write_text("name: other\n")
    deleted = user.run("project", "delete", "--yes")
    assert (deleted.code, "cleared in auger.yaml and config.yaml" in deleted.out) == (0, True)
    again = user.run("project", "delete", "--yes")
    assert (again.code, "no project is named" in again.err) == (1, True)
    assert "other" in user.run("project", "list").out


def test_a_select_clears_what_both_files_say_of_another_project(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text("name: shop\norganization: acme\ndataset: k2.csv\n")
    (folder / "config.yaml").write_text("dataset: k.csv\n")
    assert user.run("project", "select", "other").code == 0
    assert "k" not in (folder / "config.yaml").read_text().replace("dataset:", "")


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


def lock(file: Path) -> Path:
    """Let a file stand where nobody can put another in its place, an administrator included."""
    place = file.with_name("l" * 250)  # no name is left for the new one beside it
    file.rename(place)
    file.symlink_to(place)
    return place


NOT_WRITTEN = "cannot be written: File name too long; nothing was done\n"


@pytest.mark.parametrize(
    "command",
    [
        ("project", "create", "new"),
        ("project", "delete", "shop", "--yes"),
        ("dataset", "create", "a.csv"),
        ("experiment", "start"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
@pytest.mark.parametrize("env", [None, "prod"])
def test_nothing_is_asked_of_the_hub_where_the_name_cannot_be_stored(
    user: User, folder: Path, client: WorldClient, command: tuple[str, ...], env: str | None
) -> None:
    (folder / "a.csv").write_text("x,y\n1,2\n")
    (folder / "auger.yaml").write_text(
        "name: shop\nmodel_type: classification\ntarget: y\nsource: a.csv\n"
    )
    overlay = folder / "auger.prod.yaml"
    overlay.write_text("name: shop\n")
    written = overlay if env else folder / "auger.yaml"
    projects = len(client.changes)
    before = (written.read_text(), lock(written).stat().st_mtime_ns)
    answer = user.run(*(["--env", env] if env else []), *command)
    assert answer.code == 1
    assert f"error: {written.name} {NOT_WRITTEN}" in answer.err
    assert "`--no-select` leaves the file as it is" in answer.err
    assert len(client.changes) == projects
    assert (written.read_text(), written.stat().st_mtime_ns) == before


def test_a_select_that_cannot_be_stored_has_no_way_around_it(user: User, folder: Path) -> None:
    lock(folder / "auger.yaml")
    answer = user.run("project", "select", "other")
    assert (answer.code, answer.err.endswith(NOT_WRITTEN)) == (1, True)


def test_without_a_select_the_file_need_not_be_writable(user: User, folder: Path) -> None:
    lock(folder / "auger.yaml")
    assert user.run("project", "create", "new", "--no-select").code == 0


def test_a_name_that_cannot_be_stored_any_more_is_to_be_written_by_hand(
    user: User, folder: Path, client: WorldClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "auger.yaml").write_text("name: shop\norganization: acme\ndataset: a.csv\n")
    call = client.world.call

    def fill(method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        if (method, path) == ("POST", "projects"):
            lock(folder / "auger.yaml")  # as a disk that is filled meanwhile
        return call(method, path, body)

    monkeypatch.setattr(client.world, "call", fill)
    answer = user.run("project", "create", "new")
    assert answer.code == 1
    assert "auger.yaml cannot be written: File name too long" in answer.out
    assert "hint: what it lacks is `name: new`, `dataset: null`" in answer.out
    assert answer.out.endswith("what is left is to change the file by hand.\n")
    assert "Run the same command again" not in answer.out


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
