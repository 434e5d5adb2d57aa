"""Commands without a name are about what auger.yaml stands for now, also after a change of data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from laws.world import World

from auger.api import Context, Experiment

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


def test_data_that_has_to_be_sent_has_to_be_here(user: User, folder: Path) -> None:
    (folder / "x.csv").unlink()
    assert "error[missing-source]" in user.run("plan", "--target", "experiment.exp").err
    assert "error[missing-source]" in user.run("experiment", "start").err
    assert user.run("graph").code == 0  # which sends none


MANY = """\
name: shop
organization: acme
datasets: {k.csv: {source: k.csv}, big.csv: {source: big.csv}}
experiments:
  e: {dataset: k.csv, model_type: classification, target: target, max_n_trials: 2}
"""


@pytest.fixture
def of_many(user: User, folder: Path) -> None:
    """Two data sets; k.csv was applied and has changed, big.csv was not applied and is gone."""
    (folder / "auger.yaml").write_text(MANY)
    (folder / "k.csv").write_text(OLD)
    applied = user.run("apply", "--target", "experiment.e", "--auto-approve", "--wait")
    assert applied.code == 0, applied  # though big.csv is not here
    (folder / "k.csv").write_text(NEW)


@pytest.mark.usefixtures("of_many")
@pytest.mark.parametrize(
    "command",
    [
        "plan --target experiment.e",
        "plan --target dataset.k.csv",
        "plan --exclude dataset.big.csv",
        "drift --target dataset.k.csv",
        "explain dataset.k.csv",
        "experiment start e --plan",
    ],
)
def test_data_that_is_here_is_read_whatever_else_is_missing(user: User, command: str) -> None:
    answer = user.run(*command.split())
    assert "the content has changed" in answer.out, answer
    assert "cannot be read here" not in answer.out + answer.err


@pytest.mark.usefixtures("of_many")
def test_a_search_starts_on_the_data_that_is_here(user: User, folder: Path, world: World) -> None:
    with Context(folder / "auger.yaml", environ={}) as context:
        plan = Experiment(context, experiment_name="e").plan_start()
    assert [action.name for action in plan.actions if action.address.kind == "dataset"] == [
        "k-1.csv"
    ]
    answer = user.run("experiment", "start", "e", "--wait")
    assert answer.code == 0, answer
    data = {row["name"]: key for key, row in world.rows["project_files"].items()}
    made = [str(row["project_file_id"]) for row in world.rows["experiments"].values()]
    assert made == [data["k.csv"], data["k-1.csv"]]


@pytest.mark.usefixtures("of_many")
def test_a_plan_that_needs_missing_data_says_so_of_that_alone(user: User, folder: Path) -> None:
    (folder / "k.csv").unlink()
    answer = user.run("plan", "--target", "dataset.big.csv")
    assert (answer.code, answer.err.count("error[missing-source]")) == (1, 1)
    assert "dataset.big.csv" in answer.err
    assert user.run("validate").err.count("error[missing-source]") == 2


@pytest.mark.usefixtures("of_many")
@pytest.mark.parametrize("command", ["graph", "pull shop"])
def test_what_sends_no_bytes_needs_none(user: User, command: str) -> None:
    answer = user.run(*command.split())
    assert "missing-source" not in answer.err
    assert answer.code == 0, answer


@pytest.mark.usefixtures("of_many")
def test_a_saved_plan_is_stale_by_what_has_changed(user: User, folder: Path) -> None:
    saved = folder / "saved.json"
    user.run("plan", "--target", "dataset.k.csv", "--out", str(saved))
    (folder / "k.csv").write_text(OLD + "7,8,9\n")
    assert "the files have changed" in user.run("apply", str(saved), "--auto-approve").err
    (folder / "k.csv").unlink()
    assert "dataset.k.csv" in user.run("apply", str(saved), "--auto-approve").err
