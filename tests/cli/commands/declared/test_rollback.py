"""`auger rollback`: back to the trial that was live before, and it stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from laws.world import World

from tests.cli.conftest import User
from tests.cli.world_hub import WorldClient, use_world

FILE = """\
name: shop            # the shop
organization: acme
datasets: {d.csv: {source: x.csv}}
experiments:
  exp: {dataset: d.csv, model_type: classification, target: target, max_n_trials: 1}
models:
  prod:               # what answers
    experiment: exp
    trial: best       # by f1
"""


@pytest.fixture(params=[True, False], ids=["names are kept", "names are not kept"])
def world(request: pytest.FixtureRequest) -> World:
    return World(keeps_names=request.param)


@pytest.fixture(autouse=True)
def client(folder: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> WorldClient:
    (folder / "auger.yaml").write_text(FILE)
    (folder / "x.csv").write_text("id,age,target\n1,2,3\n")
    return use_world(monkeypatch, world)


def live(world: World) -> list[str]:
    world.settle()
    rows = world.rows.get("pipelines", {}).values()
    return [row["trial_id"] for row in rows if row["status"] == "ready"]


def deploy_twice(user: User, folder: Path, world: World) -> tuple[str, str]:
    """Deploy a model and then another one of other data; return both trials."""
    assert user.run("apply", "--auto-approve").code == 0
    (first,) = live(world)
    (folder / "x.csv").write_text("id,age,target\n4,5,6\n")
    assert user.run("apply", "--auto-approve").code == 0
    (second,) = live(world)
    assert first != second
    return first, second


def test_what_was_live_before_is_live_again_and_stays(
    user: User, folder: Path, world: World
) -> None:
    first, _ = deploy_twice(user, folder, world)
    answer = user.run("rollback", "model.prod", "--auto-approve")
    assert answer.code == 0
    assert live(world) == [first]
    assert user.run("plan", "--detailed-exitcode").code == 0


def test_only_the_trial_in_the_file_changes(user: User, folder: Path, world: World) -> None:
    first, _ = deploy_twice(user, folder, world)
    user.run("rollback", "model.prod", "--auto-approve")
    assert (folder / "auger.yaml").read_text() == FILE.replace("trial: best", f"trial: {first}")


def test_the_new_one_is_made_before_the_old_one_goes(
    user: User, folder: Path, world: World, client: WorldClient
) -> None:
    _, second = deploy_twice(user, folder, world)
    client.sent.clear()
    user.run("rollback", "model.prod", "--auto-approve")
    assert [(method, path) for method, path, _ in client.changes] == [
        ("POST", "pipelines"),
        ("PATCH", f"pipelines/{second}"),
    ]


def test_without_the_edit_the_next_apply_moves_forward_again(
    user: User, folder: Path, world: World
) -> None:
    first, second = deploy_twice(user, folder, world)
    answer = user.run("rollback", "model.prod", "--auto-approve", "--no-edit")
    assert f"trial: {first}" in answer.err
    assert (folder / "auger.yaml").read_text() == FILE
    assert live(world) == [first]
    assert user.run("apply", "--auto-approve").code == 0
    assert live(world) == [second]


def test_a_rollback_is_shown_as_a_plan(
    user: User, folder: Path, world: World, client: WorldClient
) -> None:
    deploy_twice(user, folder, world)
    client.sent.clear()
    document = json.loads(user.run("rollback", "model.prod", "--plan", "--json").out)
    told = [(action["action"], action["name"]) for action in document["actions"]]
    assert told[0] == ("create", "prod")
    assert told[1][0] == "delete"
    assert told[2] == ("select", "prod")
    assert document["actions"][1]["loss"] == "traffic"
    assert client.changes == []
    assert (folder / "auger.yaml").read_text() == FILE


def test_without_consent_nothing_happens(
    user: User, folder: Path, world: World, client: WorldClient
) -> None:
    deploy_twice(user, folder, world)
    client.sent.clear()
    assert user.run("rollback", "model.prod").code == 1
    assert client.changes == []


def test_what_is_protected_is_not_rolled_back(user: User, folder: Path, world: World) -> None:
    _, second = deploy_twice(user, folder, world)
    with (folder / "auger.yaml").open("a") as file:
        file.write("    lifecycle: {prevent_destroy: true}\n")
    assert user.run("rollback", "model.prod", "--auto-approve").code == 1
    assert live(world) == [second]


def test_a_second_rollback_goes_forward_again(user: User, folder: Path, world: World) -> None:
    first, second = deploy_twice(user, folder, world)
    user.run("rollback", "model.prod", "--auto-approve")
    answer = user.run("rollback", "model.prod", "--auto-approve")
    assert (answer.code, live(world)) == (0, [second]), answer.err
    assert user.run("plan", "--detailed-exitcode").code == 0
    assert user.run("rollback", "model.prod", "--auto-approve").code == 0
    assert live(world) == [first]


def test_what_a_person_deployed_by_hand_is_not_brought_back(
    user: User, folder: Path, world: World
) -> None:
    assert user.run("apply", "--auto-approve").code == 0
    (mine,) = live(world)
    other = next(trial for trial in world.rows["trials"] if trial != mine)
    world.call("POST", "pipelines", {"trial_id": other})
    world.settle()
    world.call("PATCH", f"pipelines/{other}", {"status": "undeploying"})
    answer = user.run("rollback", "model.prod", "--auto-approve")
    assert (answer.code, live(world)) == (1, [mine])


def test_where_nothing_was_live_before_that_is_said(user: User, world: World) -> None:
    user.run("apply", "--auto-approve")
    answer = user.run("rollback", "model.prod", "--auto-approve")
    assert answer.code == 1
    assert "was live before" in answer.err


def test_only_models_are_rolled_back(user: User) -> None:
    answer = user.run("rollback", "experiment.exp")
    assert answer.code == 1
    assert "is no model" in answer.err


def test_nothing_is_deployed_where_the_trial_cannot_be_stored(
    user: User, folder: Path, world: World
) -> None:
    _, second = deploy_twice(user, folder, world)
    place = folder / ("l" * 250)  # no name is left for a new file beside it
    (folder / "auger.yaml").rename(place)
    (folder / "auger.yaml").symlink_to(place)
    answer = user.run("rollback", "model.prod", "--auto-approve")
    assert answer.code == 1
    assert "auger.yaml cannot be written: File name too long; nothing was done" in answer.err
    assert "`--no-edit` leaves the file as it is" in answer.err
    assert live(world) == [second]
