"""Commands without a name are about what auger.yaml stands for now, also after a change of data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from laws.world import World

from .conftest import User
from .world_hub import WorldClient, use_world

FILE = """\
name: shop
organization: acme
source: x.csv
model_type: classification
target: target
experiment: {name: exp, max_n_trials: 2}
"""
OLD, NEW = "id,age,target\n1,2,3\n", "id,age,target\n1,2,3\n4,5,6\n"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def client(folder: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> WorldClient:
    (folder / "auger.yaml").write_text(FILE)
    (folder / "x.csv").write_text(OLD)
    return use_world(monkeypatch, world)


@pytest.fixture
def changed(user: User, folder: Path) -> None:
    """The data was applied, and has changed and was applied again; the second run goes on."""
    assert user.run("apply", "--auto-approve", "--wait").code == 0
    (folder / "x.csv").write_text(NEW)
    assert user.run("apply", "--auto-approve").code == 0


def starred(user: User, kind: str) -> list[str]:
    lines = user.run(kind, "list").out.splitlines()
    return [line.split()[1] for line in lines if line.startswith("* ")]


@pytest.mark.usefixtures("changed")
def test_the_star_marks_what_the_file_stands_for(user: User) -> None:
    assert starred(user, "dataset") == ["x-1.csv"]
    assert starred(user, "experiment") == ["exp-1"]


@pytest.mark.usefixtures("changed")
def test_the_leaderboard_is_about_the_new_run_and_the_history_about_all(
    user: User, world: World
) -> None:
    old, new = world.rows["experiment_sessions"]
    history = json.loads(user.run("--json", "experiment", "history").out)
    assert [run["id"] for run in history] == [new, old]
    shown = json.loads(user.run("--json", "experiment", "leaderboard").out)["trials"]
    of = {trial["id"]: trial["experiment_session_id"] for trial in world.rows["trials"].values()}
    assert {of[trial["id"]] for trial in shown} <= {new}
    assert old in of.values()


@pytest.mark.usefixtures("changed")
def test_start_is_about_the_new_data(user: User, folder: Path) -> None:
    told = user.run("experiment", "start", "--no-select")
    assert "is there already" in told.out
    file = folder / "auger.yaml"
    file.write_text(file.read_text().replace("max_n_trials: 2", "max_n_trials: 3"))
    assert "exp-1" in user.run("experiment", "start", "--no-select", "--plan").out
    assert user.run("experiment", "start", "--no-select", "--wait").code == 0
    assert "No changes" in user.run("plan").out


@pytest.mark.usefixtures("changed")
def test_stop_is_about_the_new_run(user: User, world: World, client: WorldClient) -> None:
    _, new = world.rows["experiment_sessions"]
    world.rows["experiment_sessions"][new]["status"] = "started"
    client.sent.clear()
    assert user.run("experiment", "stop").code == 0
    assert [path for _, path, *_ in client.changes] == [f"experiment_sessions/{new}"]


@pytest.mark.usefixtures("changed")
def test_data_that_is_not_here_stands_for_its_newest_revision(user: User, folder: Path) -> None:
    (folder / "x.csv").unlink()
    assert starred(user, "experiment") == ["exp-1"]


@pytest.mark.usefixtures("changed")
def test_a_name_that_is_given_means_itself(user: User) -> None:
    shown = user.run("experiment", "delete", "exp", "--plan")
    assert "experiment.exp " in shown.out
    assert "exp-1" not in shown.out
    assert "experiment.exp-1" in user.run("experiment", "delete", "--plan").out


def test_what_needs_no_content_works_without_the_data(user: User, folder: Path) -> None:
    assert user.run("apply", "--auto-approve", "--wait").code == 0
    (folder / "x.csv").unlink()
    assert user.run("show").code == 0
    assert user.run("wait").code == 0
    assert "not compared" in user.run("explain", "experiment.exp").out
    assert "Not compared: dataset.x.csv" in user.run("drift").out
    assert "delete" in user.run("plan", "--destroy").out
    narrowed = user.run("plan", "--target", "project.shop")
    assert (narrowed.code, "hub matches" in narrowed.out) == (0, False)


def test_what_needs_the_content_refuses_without_the_data(user: User, folder: Path) -> None:
    assert user.run("apply", "--auto-approve", "--wait").code == 0
    (folder / "x.csv").unlink()
    for command in (["plan"], ["apply", "--auto-approve"], ["validate"]):
        answer = user.run(*command)
        assert answer.code == 1
        assert "missing-source" in answer.err


def test_the_file_is_left_alone_when_nothing_is_to_be_selected(user: User, folder: Path) -> None:
    assert user.run("apply", "--auto-approve", "--wait").code == 0
    (folder / "other.csv").write_text(NEW)
    assert user.run("dataset", "create", "other.csv", "--no-select").code == 0
    assert user.run("dataset", "delete", "other.csv", "--no-select", "--yes").code == 0
    assert (folder / "auger.yaml").read_text() == FILE


def test_a_command_says_which_declared_keys_it_is_about_to_change(user: User, folder: Path) -> None:
    (folder / "other.csv").write_text(NEW)
    told = user.run("dataset", "create", "other.csv", "--plan")
    assert "`source`: about to change; `--no-select` leaves" in told.err
    assert "about to change" not in user.run("dataset", "create", "--plan").err
    assert "about to change" not in user.run("dataset", "create", "other.csv", "--no-select").err
    assert user.run("project", "create", "other", "--no-select").code == 0
    selected = user.run("project", "select", "other", "--plan").err
    assert "declares `name`: about to change.\n" in selected


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize(
    "command",
    [
        "plan --target experiment.exp",
        "graph",
        "graph --format mermaid",
        "plan --exclude dataset.x.csv",
    ],
)
def test_without_the_data_what_needs_none_of_its_bytes_works(
    user: User, folder: Path, command: str
) -> None:
    (folder / "x.csv").unlink()
    answer = user.run(*command.split())
    assert answer.code == 0, answer
    is_told = "x.csv" in answer.out + answer.err
    assert is_told


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("command", ["plan", "plan --target dataset.x.csv"])
def test_what_compares_the_data_needs_it(user: User, folder: Path, command: str) -> None:
    (folder / "x.csv").unlink()
    answer = user.run(*command.split())
    assert answer.code == 1
    assert "error[missing-source]" in answer.err


@pytest.mark.parametrize("command", ["plan --target experiment.exp", "graph"])
def test_data_that_has_to_be_sent_has_to_be_here(user: User, folder: Path, command: str) -> None:
    (folder / "x.csv").unlink()
    assert "error[missing-source]" in user.run(*command.split()).err
