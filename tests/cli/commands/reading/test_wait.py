"""`auger wait`: what is under way is followed to its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from laws.world import World

from tests.cli.conftest import User
from tests.cli.world_hub import WorldClient, use_world

FILE = """\
name: shop
organization: acme
datasets: {d.csv: {source: x.csv}}
experiments: {exp: {dataset: d.csv, model_type: classification, target: target}}
"""


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def client(folder: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> WorldClient:
    (folder / "auger.yaml").write_text(FILE)
    (folder / "x.csv").write_text("id,age,target\n1,2,3\n")
    return use_world(monkeypatch, world)


def apply(user: User) -> None:
    assert user.run("apply", "--auto-approve").code == 0


def test_a_run_is_followed_to_its_end(user: User, world: World) -> None:
    apply(user)
    answer = user.run("wait")
    assert (answer.code, answer.out) == (0, "experiment.exp: done\n1 wait ended well.\n")
    assert "experiment.exp: started" in answer.err
    statuses = [run["status"] for run in world.rows["experiment_sessions"].values()]
    assert statuses == ["completed"]


def test_nothing_under_way_is_said(user: User) -> None:
    apply(user)
    user.run("wait")
    answer = user.run("wait")
    assert (answer.code, answer.out) == (0, "Nothing is under way.\n")


def test_waiting_only_reads(user: User, client: WorldClient) -> None:
    apply(user)
    client.sent.clear()
    user.run("wait")
    assert client.changes == []


@pytest.mark.parametrize("fate", ["error", "interrupted"])
def test_a_run_that_ends_badly_is_a_failure(fate: str, user: User, world: World) -> None:
    world.fates = [fate]
    apply(user)
    answer = user.run("wait", "experiment.exp")
    assert answer.code == 1
    assert f"ended with status `{fate}`" in answer.out
    assert "0 waits ended well, 1 badly." in answer.out


def test_a_run_that_has_ended_badly_before_is_a_failure(user: User, world: World) -> None:
    world.fates = ["error"]
    apply(user)
    world.settle()
    assert user.run("wait").code == 1


def test_data_that_cannot_be_read_is_a_failure(user: User, world: World) -> None:
    apply(user)
    for row in world.rows["project_files"].values():
        row.update(status="processed_with_error")
    answer = user.run("wait", "dataset.d.csv")
    assert answer.code == 1
    assert "the hub could not read it" in answer.out


def test_an_address_narrows_what_is_waited_for(user: User) -> None:
    apply(user)
    assert user.run("wait", "dataset.d.csv").out == "Nothing is under way.\n"


def test_a_cluster_and_a_data_set_on_their_way_are_followed(user: User, world: World) -> None:
    apply(user)
    world.settle()
    (project,) = world.rows["projects"].values()
    (data,) = world.rows["project_files"].values()
    project["status"], data["status"] = "deploying", "processing"
    out = user.run("wait").out
    assert out.endswith("2 waits ended well.\n")
    assert (project["status"], data["status"]) == ("running", "processed")


def test_what_is_declared_stopped_is_not_waited_for(user: User, folder: Path, world: World) -> None:
    world.fates = ["interrupted"]
    apply(user)
    world.settle()
    (folder / "auger.yaml").write_text(
        FILE.replace("target: target", "target: target, state: stopped")
    )
    assert user.run("wait").code == 0


def test_a_wait_ends_with_its_time(
    user: User, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(user)
    monkeypatch.setattr(world, "_move", lambda *_: None)
    answer = user.run("wait", "--timeout", "0.1s")
    assert answer.code == 1
    assert "has not come to its end" in answer.out


def test_endings_as_json(user: User) -> None:
    apply(user)
    (ending,) = json.loads(user.run("wait", "--json").out)["endings"]
    assert ending == {
        "address": "experiment.exp",
        "project": "shop",
        "outcome": "done",
        "error": None,
    }


def test_what_is_not_declared_cannot_be_waited_for(user: User) -> None:
    assert user.run("wait", "model.ghost").code == 1


def test_what_is_excluded_is_not_waited_for(user: User, world: World) -> None:
    apply(user)
    answer = user.run("wait", "--exclude", "experiment.exp")
    assert (answer.code, answer.out) == (0, "Nothing is under way.\n")
    assert [run["status"] for run in world.rows["experiment_sessions"].values()] != ["completed"]


def test_a_target_is_waited_for_and_told_as_json(user: User) -> None:
    apply(user)
    answer = user.run("wait", "--target", "experiment.exp", "--json")
    document = json.loads(answer.out)
    assert answer.code == 0
    assert [one["address"] for one in document["endings"]] == ["experiment.exp"]
