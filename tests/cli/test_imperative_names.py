"""Lists, names and selections: what a person sees of them, and what auger.yaml keeps."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from auger_reconcile.client.hub_client import HubClient
from tests.api.live_hub import LiveHub, write_flowers

from .conftest import User

pytestmark = pytest.mark.slow

ODD_NAMES = [
    "with space",
    "ünï 花 🌸",
    "2024",
    "0123",
    "1e5",
    "true",
    "a.b.c",
    "#x: y",
    "it's",
    "-x",
]
IMPOSSIBLE_NAMES = ["a/b", "..", ".", "a\\b", " ", "tab\there", "x" * 300]


@pytest.fixture(autouse=True)
def logged_in(hub: LiveHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)


@pytest.mark.parametrize("odd", ODD_NAMES)
def test_an_odd_name_works_everywhere_and_is_kept_byte_by_byte(
    user: User, folder: Path, odd: str
) -> None:
    name = f"{odd} {uuid4().hex[:4]}" if not odd[0].isdigit() else f"{odd}{uuid4().int % 10**6}"
    file = folder / "auger.yaml"
    file.write_bytes(b"# mine\r\nproject:   # here\r\nsource: a.csv # there\r\n")
    done = user.run("project", "create", "--json", "--", name)
    assert done.code == 0, done
    text = file.read_bytes().decode()
    assert text.startswith("# mine\r\nproject: ")
    assert text.endswith("   # here\r\nsource: a.csv # there\r\n")
    listed = json.loads(user.run("project", "list", "--json").out)
    assert name in [item["name"] for item in listed]
    assert f"* {name} " in user.run("project", "list").out
    assert user.run("project", "select", "--json", "--", name).code == 0
    assert user.run("project", "delete", "--yes", "--json", "--", name).code == 0
    assert file.read_bytes() == b"# mine\r\nproject:   # here\r\nsource: a.csv # there\r\n"


@pytest.mark.parametrize("odd", ["ünï 花 🌸", "2024", "it's", "-x"])
def test_an_odd_file_makes_a_data_set_of_its_name(user: User, folder: Path, odd: str) -> None:
    (folder / "auger.yaml").write_text(f"name: odd-{uuid4().hex[:8]}\n")
    (folder / f"{odd}.csv").write_text("a,b\n1,x\n3,y\n")
    assert user.run("dataset", "create", "--json", "--", f"{odd}.csv").code == 0
    assert f"* {odd}.csv " in user.run("dataset", "list").out
    assert user.run("dataset", "select", "--", f"{odd}.csv").out == "It is selected already.\n"
    assert user.run("dataset", "download", "--to", "back", "--", f"{odd}.csv").code == 0
    assert (folder / "back" / f"{odd}.csv").read_text() == "a,b\n1,x\n3,y\n"
    assert user.run("dataset", "delete", "--yes", "--", f"{odd}.csv").code == 0
    assert "dataset:\n" in (folder / "auger.yaml").read_text()


@pytest.mark.parametrize("name", IMPOSSIBLE_NAMES)
def test_an_impossible_name_is_refused_before_the_hub_is_asked(
    user: User, folder: Path, name: str
) -> None:
    (folder / "auger.yaml").write_text("name: mine\n")
    done = user.run("project", "create", "-v", "--", name)
    assert (done.code, done.out) == (1, "")
    assert "cannot name a project" in done.err
    assert "/api/v1" not in done.err
    assert (folder / "auger.yaml").read_text() == "name: mine\n"


@pytest.mark.parametrize("name", IMPOSSIBLE_NAMES)
def test_an_impossible_name_is_not_found(user: User, folder: Path, name: str) -> None:
    (folder / "auger.yaml").write_text(before := "name: mine\n")
    for command in (["select"], ["delete", "--yes"], ["start"], ["stop"]):
        done = user.run("project", *command, "--", name)
        assert done.code == 1
        assert "does not exist" in done.err
        assert (folder / "auger.yaml").read_text() == before


def test_lists_are_complete_beyond_a_page(user: User, hub: LiveHub, folder: Path) -> None:
    prefix = f"many-{uuid4().hex[:6]}"
    with HubClient(hub.url, hub.token) as client, ThreadPoolExecutor(4) as pool:
        names = [f"{prefix}-{number}" for number in range(205)]
        bodies = [{"name": name} for name in names]
        list(pool.map(lambda body: client.call("POST", "projects", body), bodies))
    (folder / "auger.yaml").write_text(f"name: {names[-1]}\n")
    table = user.run("project", "list").out.splitlines()
    assert sum(prefix in line for line in table) == 205
    assert [line.split()[1] for line in table if line.startswith("*")] == [names[-1]]
    listed = json.loads(user.run("project", "list", "--json").out)
    assert {item["name"] for item in listed} >= set(names)
    with HubClient(hub.url, hub.token) as client, ThreadPoolExecutor(4) as pool:
        mine = [f"projects/{item['id']}" for item in listed if item["name"].startswith(prefix)]
        list(pool.map(lambda path: client.call("DELETE", path), mine))


def test_commands_work_outside_a_project_folder(user: User, folder: Path) -> None:
    name = f"outside-{uuid4().hex[:6]}"
    for command in (["create", name], ["start", name], ["stop", name], ["delete", name, "--yes"]):
        assert user.run("project", *command).code == 0
    assert list(folder.iterdir()) == []


def test_a_name_cannot_be_selected_where_it_cannot_be_stored(user: User, folder: Path) -> None:
    done = user.run("project", "select", "any")
    assert (done.code, done.out) == (1, "")
    assert "there is no `auger.yaml` to store the name in" in done.err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [["dataset", "list"], ["dataset", "create", "flowers.csv"], ["project", "start"]],
    ids=" ".join,
)
def test_a_command_that_needs_a_project_says_so(
    user: User, folder: Path, command: list[str]
) -> None:
    write_flowers(folder)
    done = user.run(*command)
    assert done.code == 1
    assert done.err.startswith("error: no project is named\n")


@pytest.mark.parametrize("kind", ["project", "dataset", "experiment"])
def test_nothing_is_deleted_without_a_yes(user: User, folder: Path, kind: str) -> None:
    name = f"kept-{uuid4().hex[:6]}"
    (folder / "auger.yaml").write_text(f"name: {name}\nsource: flowers.csv\n")
    write_flowers(folder)
    assert user.run("project", "create").code == 0
    if kind == "dataset":
        assert user.run("dataset", "create").code == 0
    done = user.run(kind, "delete")
    assert done.code == 1
    if kind != "experiment":
        assert "needs consent" in done.err
        assert name in user.run("project", "list").out


def test_a_plan_is_shown_and_nothing_done(user: User, folder: Path) -> None:
    name = f"planned-{uuid4().hex[:6]}"
    write_flowers(folder)
    (folder / "auger.yaml").write_text(before := f"name: {name}\n")
    plan = json.loads(user.run("dataset", "create", "flowers.csv", "--plan", "--json").out)
    told = [(action["action"], action["address"]) for action in plan["actions"]]
    assert told == [
        ("create", f"project.{name}"),
        ("start", f"project.{name}"),
        ("create", "dataset.flowers.csv"),
        ("select", "dataset.flowers.csv"),
    ]
    assert (folder / "auger.yaml").read_text() == before
    assert name not in user.run("project", "list").out


def test_applied_events_are_one_json_object_a_line(user: User) -> None:
    name = f"json-{uuid4().hex[:6]}"
    done = user.run("project", "create", name, "--json")
    events = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, done.err) == (0, "")
    assert events[0]["plan"]["summary"]["create"] == 1
    assert user.run("project", "delete", name, "--yes").code == 0


def test_what_auger_yaml_protects_is_not_deleted(user: User, folder: Path) -> None:
    name = f"protected-{uuid4().hex[:6]}"
    file = folder / "auger.yaml"
    file.write_text(before := f"name: {name}\nlifecycle: {{prevent_destroy: true}}\n")
    assert user.run("project", "create").code == 0
    done = user.run("project", "delete", "--yes")
    assert done.code == 1
    assert "prevent-destroy" in done.err
    assert file.read_text() == before
    assert name in user.run("project", "list").out
    file.unlink()
    assert user.run("project", "delete", name, "--yes").code == 0


@pytest.mark.parametrize(
    "line",
    [
        ["project", "delete", "", "--yes"],
        ["project", "select", ""],
        ["dataset", "delete", "", "--yes"],
        ["experiment", "history", ""],
        ["model", "predict", "", "--model-id", "x"],
        ["model", "predict", "a.csv", "--model-id", ""],
    ],
)
def test_an_empty_name_does_not_mean_the_one_of_the_file(
    user: User, folder: Path, line: list[str]
) -> None:
    (folder / "auger.yaml").write_text(f"name: kept-{uuid4().hex[:6]}\nsource: a.csv\n")
    done = user.run(*line)
    assert done.code == 64
    assert "empty" in done.err
