"""What commands about one thing leave behind: a valid file, and a hub that still is as declared."""

from __future__ import annotations

import shlex
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from laws.world import World

from .conftest import User
from .world_hub import use_world

SEARCH = "model_type: classification, target: target, max_n_trials: 2"
SHORT = """\
name: shop
organization: acme
source: x.csv
model_type: classification
target: target
experiment: {name: exp, max_n_trials: 2}
"""
LONG = f"""\
name: shop
organization: acme
datasets:
  x.csv: {{source: x.csv}}
  y.csv: {{source: y.csv}}
experiments:
  a: {{dataset: x.csv, {SEARCH}}}
  b: {{dataset: y.csv, {SEARCH}}}
models:
  live: {{experiment: a}}
"""
MOVED = f"""\
name: shop
organization: acme
datasets:
  new.csv: {{source: x.csv}}
experiments:
  new: {{dataset: new.csv, {SEARCH}}}
models:
  live: {{experiment: new}}
moved:
  - {{from: dataset.x.csv, to: dataset.new.csv}}
  - {{from: experiment.a, to: experiment.new}}
  - {{from: model.old, to: model.live}}
"""
ELSEWHERE = SHORT.replace("x.csv", "w.csv").replace("exp,", "other,")
BEFORE_MOVE = MOVED.partition("moved:")[0].replace("new.csv:", "x.csv:").replace("new:", "a:")
BEFORE_MOVE = BEFORE_MOVE.replace("new.csv", "x.csv").replace("{experiment: new}", "{}")
BEFORE_MOVE = BEFORE_MOVE.replace("live: {}", "old: {experiment: a}")
OLD, NEW = "id,age,target\n1,2,3\n", "id,age,target\n1,2,3\n4,5,6\n"
DATA = {"x.csv": OLD, "y.csv": OLD.replace("2", "9"), "w.csv": OLD.replace("1", "7")}
# What is on the hub, and the file: each text is applied after the one before it.
SITUATIONS = {
    "short": [ELSEWHERE, SHORT],
    "short, data changed": [ELSEWHERE, SHORT, NEW],
    "long": [ELSEWHERE, LONG],
    "long, data changed": [ELSEWHERE, LONG, NEW],
    "moved": [BEFORE_MOVE, MOVED],
    "moved, data changed": [BEFORE_MOVE, MOVED, NEW],
}
NAMES = {
    "project": ["shop"],
    "dataset": ["x.csv", "x-1.csv", "y.csv", "w.csv", "new.csv", "nope.csv"],
    "experiment": ["exp", "exp-1", "a", "a-1", "b", "new", "other", "nope"],
}
COMMANDS = [
    *(f"{kind} select {name}" for kind, names in NAMES.items() for name in names),
    *(f"{kind} select {name}" for kind, names in NAMES.items() for name in names),
    *(f"experiment start {name}" for name in ["", *NAMES["experiment"]]),
    *(f"experiment start --no-select {name}" for name in ["", *NAMES["experiment"]]),
    *(f"experiment stop {name}" for name in ["", *NAMES["experiment"]]),
    *(f"dataset create {name}" for name in ["", "x.csv", "w.csv", "y.csv", "--no-select x.csv"]),
    "project create",
    "project start",
    "project stop",
    "model deploy {trial}",
]
# What a command says that it changes in the file is what the next plan may be about.
TOLD = ("about to change", "-> (not set)")


class Restored:
    """A world and a folder that are as they were before each command."""

    def __init__(self, world: World, file: Path) -> None:
        self._world, self._file = world, file
        self._state = deepcopy({k: v for k, v in vars(world).items() if k != "_lock"})
        self._text = file.read_text()

    def restore(self) -> None:
        vars(self._world).update(deepcopy(self._state))
        self._file.write_text(self._text)


def reach(user: User, folder: Path, world: World, situation: str) -> Restored:
    file = folder / "auger.yaml"
    for name, text in DATA.items():
        (folder / name).write_text(text)
    for text in SITUATIONS[situation]:
        if text == NEW:
            (folder / "x.csv").write_text(NEW)
        else:
            file.write_text(text)
        done = user.run("apply", "--auto-approve", "--wait")
        assert done.code == 0, done
    assert "No changes" in user.run("plan").out
    return Restored(world, file)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    use_world(monkeypatch, world)
    return world


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_command_that_succeeds_leaves_a_valid_file_and_changes_what_it_says(
    user: User, folder: Path, world: World, situation: str
) -> None:
    before = reach(user, folder, world, situation)
    succeeded = 0
    for line in COMMANDS:
        before.restore()
        command = line.replace("{trial}", next(iter(world.rows["trials"])))
        done = user.run(*shlex.split(command))
        text = (folder / "auger.yaml").read_text()
        if done.code != 0:
            assert (done.code, text) == (1, before._text), (command, done)
            continue
        succeeded += 1
        valid = user.run("validate")
        assert valid.code == 0, (command, text, valid)
        plan = user.run("plan")
        is_told = any(word in done.out + done.err for word in TOLD)
        assert plan.code == 0
        assert is_told or "No changes" in plan.out, (command, text, plan)
        again = user.run(*shlex.split(command))
        if "select" in command and "no-select" not in command:
            assert "selected already" in again.out, (command, again)
            assert (folder / "auger.yaml").read_text() == text
    assert succeeded > len(COMMANDS) / 4


def stored(folder: Path) -> Any:
    from auger_reconcile.config.load import read_settings

    settings = read_settings(folder / "auger.yaml", environ={})
    return settings.get("dataset"), (settings.get("experiment") or {}).get("name")


@pytest.mark.parametrize("situation", ["short, data changed", "long, data changed"])
def test_no_command_stores_the_name_of_a_revision(
    user: User, folder: Path, world: World, situation: str
) -> None:
    before = reach(user, folder, world, situation)
    name = "exp" if situation.startswith("short") else "a"
    for command in (
        "dataset create x.csv",
        "dataset select x-1.csv",
        f"experiment select {name}-1",
        f"experiment start {name}",
    ):
        before.restore()
        assert user.run(*command.split()).code == 0
        data, experiment = stored(folder)
        assert (data, experiment) in {(None, name), ("x.csv", None), ("x.csv", name)}, command


def test_an_older_revision_is_refused_with_what_decides_on_it(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short, data changed")
    (folder / "x.csv").write_text(NEW + "7,8,9\n")
    assert user.run("apply", "--auto-approve", "--wait").code == 0
    told = user.run("dataset", "select", "x-1.csv").err
    assert "`x-1.csv` is a revision of dataset `x.csv`, which stands for `x-2.csv` now" in told
    assert "the content of its `source` says which one it is" in told
    assert "exp-2" in user.run("experiment", "select", "exp-1").err
    assert "exp-2" in user.run("experiment", "start", "exp-1").err
    told = user.run("dataset", "select", "x.csv").err
    assert "`x.csv` stands for `x-2.csv`" in told


def test_an_experiment_of_other_data_is_refused_with_its_data(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    told = user.run("experiment", "select", "other")
    assert told.code == 1
    assert "`other` learns from `w.csv`, and auger.yaml declares `x.csv`" in told.err
    assert user.run("dataset", "select", "w.csv").code == 0
    assert user.run("experiment", "select", "other").code == 0
    assert "No changes" in user.run("plan").out


def test_what_the_long_form_does_not_declare_is_refused_before_anything_is_done(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "long")
    text = (folder / "auger.yaml").read_text()
    answer = user.run("experiment", "select", "other")
    assert answer.code == 1
    assert "`other` is not declared below `experiments` of auger.yaml" in answer.err
    assert "declared are `a`, `b`" in answer.err
    (folder / "auger.yaml").write_text(one := text.replace("  b: {", "  #b: {"))
    runs = len(world.rows["experiment_sessions"])
    assert "`c` is not declared below" in user.run("experiment", "start", "c").err
    assert len(world.rows["experiment_sessions"]) == runs
    assert (folder / "auger.yaml").read_text() == one


def test_an_edit_that_would_make_the_file_invalid_is_refused_with_its_place(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    text = (folder / "auger.yaml").read_text()
    (folder / "z.csv").write_text("id,age\n1,2\n")
    files = len(world.rows["project_files"])
    answer = user.run("dataset", "create", "z.csv")
    assert answer.code == 1
    assert "the file would not be valid with this, and is left as it is" in answer.err
    assert "auger.yaml:6:9" in answer.err  # where the target is
    assert "`--no-select`" in answer.err
    assert (folder / "auger.yaml").read_text() == text
    assert len(world.rows["project_files"]) == files
    assert user.run("dataset", "create", "z.csv", "--no-select").code == 0


def test_a_cleared_name_that_leaves_the_file_incomplete_is_told(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    answer = user.run("project", "delete", "--yes")
    assert answer.code == 0
    assert "warning[missing-field]: a field is missing: `name`" in answer.err


@pytest.mark.parametrize("supplied", ["", "name: shop\n", "dataset: x.csv\n"])
def test_with_an_environment_its_overlay_is_written_whatever_it_supplies(
    user: User, folder: Path, world: World, supplied: str
) -> None:
    reach(user, folder, world, "short")
    overlay = folder / "auger.prod.yaml"
    assert user.run("project", "create", "other", "--no-select").code == 0
    before = Restored(world, folder / "auger.yaml")
    for command in (
        "project select other",
        "dataset select w.csv",
        "dataset create w.csv",
        "experiment start another",
    ):
        before.restore()
        overlay.write_text(f"organization: acme\n{supplied}")
        answer = user.run("--env", "prod", *command.split())
        assert answer.code == 0, (command, answer)
        assert "stored in auger.prod.yaml" in answer.out
        assert (folder / "auger.yaml").read_text() == before._text
        assert command.split()[2] in overlay.read_text()
        assert user.run("--env", "prod", "validate").code == 0
        assert "No changes" in user.run("plan").out


@pytest.mark.parametrize(
    ("named", "why"),
    [
        (["-f", "-"], "the standard input is none"),
        (["-f", "a.yaml", "-f", "b.yaml"], "this command is about one file, and 2 are named"),
        (["-f", "missing.yaml"], "there is no `missing.yaml`"),
    ],
)
def test_a_file_that_no_name_can_be_stored_in_is_refused_at_once(
    user: User, folder: Path, named: list[str], why: str
) -> None:
    for name in "ab":
        (folder / f"{name}.yaml").write_text(SHORT)
    for command in ("dataset select x.csv", "experiment start", "project create"):
        answer = user.run(*named, *command.split())
        assert answer.code == 64
        assert why in answer.err
