"""`auger pull`: what the hub has, as an auger.yaml of which the plan is empty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from laws.world import World

from .conftest import User
from .world_hub import WorldClient, use_world

FILE = """\
name: shop            # the shop
organization: acme
cluster: {max_nodes: 1, min_nodes: 1}
datasets:
  d.csv: {source: x.csv}
  far.csv: {source: https://data.test/far.csv}
experiments:
  exp:                # by hand
    dataset: d.csv
    model_type: classification
    target: target
    exclude: [id]
    max_n_trials: 3   # few
models:
  prod: {experiment: exp}
"""


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def client(folder: Path, world: World, user: User, monkeypatch: pytest.MonkeyPatch) -> WorldClient:
    (folder / "auger.yaml").write_text(FILE)
    (folder / "x.csv").write_text("id,age,target\n1,2,3\n")
    client = use_world(monkeypatch, world)
    assert user.run("apply", "--auto-approve", "--wait").code == 0
    client.sent.clear()
    return client


def elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = folder / "elsewhere"
    place.mkdir()
    monkeypatch.chdir(place)
    return place / "auger.yaml"


def test_the_plan_of_what_was_pulled_is_empty(
    user: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = elsewhere(folder, monkeypatch)
    answer = user.run("pull", "shop")
    assert (answer.code, answer.out) == (0, "Written: auger.yaml\n")
    assert user.run("plan", "--detailed-exitcode").code == 0
    assert user.run("drift").code == 0
    assert user.run("validate").code == 0
    assert user.run("fmt", "--check").code == 0
    assert file.read_text() == PULLED


def test_what_is_pulled_says_what_matters(user: User) -> None:
    assert user.run("pull", "shop", "--out", "-").out == PULLED


PULLED = """\
organization: acme
name: shop
cluster: {type: standard, min_nodes: 1, max_nodes: 1, stack_version: stable}

datasets:
  d.csv: {}
  far.csv:
    source: 'https://data.test/far.csv'

experiments:
  exp:
    dataset: d.csv
    model_type: classification
    target: target
    exclude: [id]
    metric: f1_macro
    max_n_trials: 3
    optimizers: {random: {}}

models:
  prod:
    experiment: exp
"""


def test_pulling_only_reads_the_hub(user: User, client: WorldClient) -> None:
    user.run("pull", "shop", "--out", "-")
    user.run("pull")
    assert client.changes == []


def test_a_file_that_says_it_already_is_left_alone(user: User, folder: Path) -> None:
    answer = user.run("pull")
    assert (answer.code, answer.out) == (0, "Nothing to change in auger.yaml.\n")
    assert (folder / "auger.yaml").read_text() == FILE


def test_only_the_values_that_differ_are_changed(user: User, folder: Path) -> None:
    text = FILE.replace("max_n_trials: 3 ", "max_n_trials: 2 ")
    (folder / "auger.yaml").write_text(text)
    assert user.run("pull").out == "Written: auger.yaml\n"
    assert (folder / "auger.yaml").read_text() == FILE
    assert user.run("plan", "--detailed-exitcode").code == 0


def test_a_resized_cluster_is_taken_over(user: User, folder: Path, world: World) -> None:
    for project in world.rows["projects"].values():
        project["workers_count"] = 4
    user.run("pull")
    assert (folder / "auger.yaml").read_text() == FILE.replace("max_nodes: 1", "max_nodes: 4")


def test_what_cannot_be_taken_over_is_told(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text(FILE.replace("exclude: [id]", "exclude: [age]"))
    answer = user.run("pull")
    assert answer.code == 0
    assert "experiment.exp changed: exclude is ['id']" in answer.err


def test_the_short_form_keeps_its_form(user: User, folder: Path, world: World) -> None:
    short = (
        "name: shop\nsource: x.csv\ndataset: d.csv\nmodel_type: classification\ntarget: target\n"
    )
    short += "exclude: [id]\nexperiment:\n  name: exp\n  max_n_trials: 9  # c\n"
    (folder / "auger.yaml").write_text(short)
    user.run("pull")
    assert (folder / "auger.yaml").read_text() == short.replace("9  # c", "3  # c")


def test_a_file_of_another_project_is_not_touched(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text("name: other\n")
    answer = user.run("pull", "shop")
    assert answer.code == 1
    assert "`--force`" in answer.err
    assert (folder / "auger.yaml").read_text() == "name: other\n"


def test_force_replaces_a_file(user: User, folder: Path) -> None:
    assert user.run("pull", "shop", "--force").code == 0
    assert (folder / "auger.yaml").read_text() == PULLED


def test_a_secret_in_a_url_is_not_written(user: User, world: World) -> None:
    for row in world.rows["project_files"].values():
        row["url"] = row["url"].replace("https://data", "https://anna:pa55w0rd@data")
    out = user.run("pull", "shop", "--out", "-").out
    assert "pa55w0rd" not in out
    assert "far.csv: {}" in out


@pytest.mark.parametrize("name", ["a: b", "${x}", "no", "0123", "ü", "#", "a, b", "'", "\u2028x"])
def test_odd_names_are_written_so_that_they_are_read_back(
    name: str, user: User, folder: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere(folder, monkeypatch)
    rows: dict[str, dict[str, Any]] = world.rows
    for row in [*rows["project_files"].values(), *rows["experiments"].values()]:
        row["name"] = f"{name}{row['id']}"
    assert user.run("pull", "shop").code == 0
    answer = user.run("plan", "--detailed-exitcode")
    assert (answer.code, answer.err) == (0, "")


def test_a_name_that_no_file_can_have_is_left_out(user: User, world: World) -> None:
    next(iter(world.rows["project_files"].values()))["name"] = "a/b.csv"
    answer = user.run("pull", "shop", "--out", "-")
    assert "dataset.a/b.csv: cannot be declared as it is" in answer.err


def test_pulled_as_json(user: User) -> None:
    document = json.loads(user.run("pull", "shop", "--out", "-", "--json").out)
    assert (document["text"], document["file"], document["written"]) == (PULLED, None, False)


def test_a_project_that_is_not_there_is_an_error(user: User) -> None:
    answer = user.run("pull", "ghost", "--out", "-")
    assert (answer.code, answer.out) == (1, "")
    assert "project `ghost` does not exist" in answer.err


def test_a_trial_that_a_person_made_live_is_taken_over(
    user: User, folder: Path, world: World
) -> None:
    (live,) = world.rows["pipelines"].values()
    trials = world.rows["trials"]
    other = next(trial for trial in trials.values() if trial["id"] != live["trial_id"])
    world.call("PATCH", f"pipelines/{live['id']}", {"status": "undeploying"})
    world.call("POST", "pipelines", {"trial_id": other["id"], "name": "prod"})
    world.settle()
    user.run("pull")
    expected = FILE.replace("{experiment: exp}", f"{{trial: {other['id']}, experiment: exp}}")
    assert (folder / "auger.yaml").read_text() == expected
    assert user.run("plan", "--detailed-exitcode").code == 0
