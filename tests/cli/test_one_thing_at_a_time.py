"""What commands about one thing leave behind: a valid file, and a hub that still is as declared."""

from __future__ import annotations

import json
import shlex
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from laws.world import World

from auger.api import AugerError, Context, DataSet, Experiment, Project
from auger_reconcile.address import Address
from auger_reconcile.applier.result import ApplyResult, Outcome, Status
from auger_reconcile.cli.views.apply.apply_text import render_result
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import Verb
from auger_reconcile.resources.search.runs import ExperimentObject, Run

from .conftest import Answer, User
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


SLOW = pytest.mark.slow
ENVIRONMENTS = [
    ("short, data changed", ()),
    ("long", ()),
    ("moved, data changed", ()),
    ("short, data changed", ("--env", "prod")),
    *(pytest.param(one, (), marks=SLOW) for one in ("short", "long, data changed", "moved")),
    pytest.param("long", ("--env", "prod"), marks=SLOW),
]


@pytest.mark.parametrize(("situation", "options"), ENVIRONMENTS)
def test_a_command_that_succeeds_leaves_a_valid_file_and_changes_what_it_says(
    user: User, folder: Path, world: World, situation: str, options: tuple[str, ...]
) -> None:
    before = reach(user, folder, world, situation)
    succeeded = 0
    for line in COMMANDS:
        before.restore()
        (folder / "auger.prod.yaml").write_text("organization: acme\n")
        command = [*options, *shlex.split(line.format(trial=next(iter(world.rows["trials"]))))]
        done = user.run(*command)
        text = (folder / "auger.yaml").read_text()
        if done.code != 0 or options:
            assert text == before._text, (command, done)
        if done.code != 0:
            assert done.code == 1
            continue
        succeeded += 1
        plan = user.run(*options, "plan")  # of a file that is not valid there is none
        is_told = any(word in done.out + done.err for word in TOLD)
        assert plan.code == 0, (command, text, plan)
        assert is_told or "No changes" in plan.out, (command, text, plan)
        if "select" in command:
            again = user.run(*command)
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


def test_the_source_stays_where_the_selected_data_set_was_made_of_it(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    (folder / "auger.yaml").write_text(
        SHORT.replace("source: x.csv", "source: x.csv\ndataset: w.csv")
    )
    assert user.run("dataset", "select", "x.csv").code == 0
    assert "source: x.csv\ndataset: x.csv\n" in (folder / "auger.yaml").read_text()


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


def test_a_data_set_without_the_target_is_not_selected(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    text = (folder / "auger.yaml").read_text()
    (folder / "auger.yaml").write_text(text.replace("target: target", "target: age"))
    assert user.run("dataset", "select", "w.csv").code == 0
    for row in world.rows["project_files"].values():
        if row["name"] == "x.csv":
            stat = row["statistics"]["stat_data"]
            row["statistics"]["stat_data"] = [one for one in stat if one["column_name"] != "age"]
    before = (folder / "auger.yaml").read_text()
    answer = user.run("dataset", "select", "x.csv")
    assert answer.code == 1
    assert "error[invalid-edit]" in answer.err
    assert "column `age`" in answer.err
    assert "auger.yaml has to name columns of this data" in answer.err
    assert (folder / "auger.yaml").read_text() == before


def test_what_was_wrong_before_forbids_no_edit(user: User, folder: Path, world: World) -> None:
    reach(user, folder, world, "short")
    wrong = SHORT.replace("target: target", "target: nothing")
    for text in (wrong, wrong.replace("experiment: {name: exp,", "experiment: {")):
        (folder / "auger.yaml").write_text(text)
        assert user.run("validate").code == 1
        answer = user.run("experiment", "select", "exp")
        assert answer.code == 0, answer
        assert "name: exp" in (folder / "auger.yaml").read_text()


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


@pytest.mark.parametrize("situation", ["moved", "moved, data changed"])
def test_commands_and_addresses_know_what_was_moved(
    user: User, folder: Path, world: World, situation: str
) -> None:
    reach(user, folder, world, situation)

    def shown(line: str) -> str:
        done = user.run(*line.split())
        assert done.code == 0, (line, done)
        return done.out

    for line in (
        "experiment history {}",
        "experiment leaderboard {}",
        "experiment report {} --format json",
        "explain experiment.{}",
        "plan --target experiment.{}",
        "plan --exclude experiment.{}",
        "plan --replace experiment.{}",
        "drift --target experiment.{}",
        "wait experiment.{}",
        "graph --target experiment.{}",
    ):
        assert shown(line.format("a")) == shown(line.format("new")), line
    for line in ("explain dataset.{}", "plan --target dataset.{}"):
        assert shown(line.format("x.csv")) == shown(line.format("new.csv")), line
    assert shown("model undeploy old --plan") == shown("model undeploy live --plan")
    text = (folder / "auger.yaml").read_text()
    assert user.run("experiment", "start", "a", "--again", "--wait").code == 0
    assert "name: new" in (folder / "auger.yaml").read_text().replace(text, "")


def test_the_board_of_an_experiment_is_shown_by_its_name(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "long, data changed")
    boards = [user.run("--json", "experiment", "leaderboard", name).out for name in ("a", "b")]
    runs = [json.loads(board)["run_id"] for board in boards]
    assert runs[0] != runs[1]
    assert user.run("--json", "experiment", "leaderboard", runs[1]).out == boards[1]
    answer = user.run("experiment", "leaderboard", "nope")
    assert answer.code == 1
    assert "there is no run and no experiment `nope`" in answer.err
    assert "auger experiment history NAME" in answer.err


@pytest.mark.parametrize("command", ["report", "leaderboard"])
def test_a_trial_in_the_place_of_a_run_is_told_to_be_one(
    user: User, folder: Path, world: World, command: str
) -> None:
    reach(user, folder, world, "short")
    board = json.loads(user.run("--json", "experiment", "leaderboard").out)
    trial = board["trials"][0]["id"]
    answer = user.run("experiment", command, trial)
    assert answer.code == 1
    assert f"`{trial}` is a trial, and no run" in answer.err
    advised = f"auger experiment report {board['run_id']} --trial {trial}"
    assert commands_in(answer) == [advised]
    assert user.run(*advised.split()[1:]).code == 0


def commands_in(answer: Answer) -> list[str]:
    """Return the commands that an answer advises, each as it is printed."""
    lines = [line.strip() for line in (answer.out + answer.err).splitlines()]
    return [line for line in lines if line.startswith("auger ")]


def test_runs_on_the_data_of_before_are_in_the_history_and_can_be_compared(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short, data changed")
    runs = json.loads(user.run("--json", "experiment", "history").out)
    assert [run["experiment"] for run in runs] == ["exp-1", "exp"]
    assert user.run("experiment", "compare", *(run["id"] for run in runs)).code == 0
    answer = user.run("experiment", "compare", "exp", "exp-1")
    assert answer.code == 1
    assert f"`exp` and `exp-1` are the same run, {runs[0]['id']}" in answer.err
    assert "auger experiment history" in answer.err


@pytest.mark.parametrize(
    ("situation", "options"),
    [
        ("short", ["--env", "prod"]),
        ("long", ["-f", "mine.yaml"]),
        ("long, data changed", []),
        pytest.param("short", [], marks=SLOW),
        pytest.param("short", ["-f", "mine.yaml"], marks=SLOW),
        pytest.param("long, data changed", ["--env", "prod"], marks=SLOW),
    ],
)
def test_what_is_advised_works_as_it_is_printed(
    user: User, folder: Path, world: World, situation: str, options: list[str]
) -> None:
    reach(user, folder, world, situation)
    (folder / "auger.prod.yaml").write_text("organization: acme\n")
    if "-f" in options:
        (folder / "auger.yaml").rename(folder / "mine.yaml")
    name = "exp" if situation == "short" else "a"
    filled = {"FILE": "x.csv", "NAME": name, "MODEL_ID": next(iter(world.rows["trials"]))}
    tried = 0
    for line in (
        f"experiment start {name} --again --wait",
        "experiment leaderboard",
        f"experiment leaderboard {name}",
        "experiment leaderboard nope",
        "experiment reproduce nope",
        "model health nope",
        "model deploy nope",
        "model undeploy nope",
        "model explain nope",
        f"experiment start {name} --again",
        "apply --replace experiment." + name + " --auto-approve --wait",
    ):
        answer = user.run(*options, *line.split())
        for command in commands_in(answer):
            words = [filled.get(word, word) for word in shlex.split(command)[1:]]
            if "predict" in words:
                continue  # this hub answers no prediction
            followed = user.run(*words)
            assert followed.code == 0, (line, answer, command, followed)
            tried += 1
    assert tried > 5


@pytest.mark.parametrize("name", ["two words", "it's", 'a "quoted" name', "Größe ✓", "-x"])
def test_what_is_advised_of_an_odd_name_works(
    user: User, folder: Path, world: World, name: str
) -> None:
    for file, text in DATA.items():
        (folder / file).write_text(text)
    quoted = json.dumps(name, ensure_ascii=False)
    text = LONG.replace("  a: {", f"  {quoted}: {{").replace(
        "experiment: a", f"experiment: {quoted}"
    )
    (folder / "auger.yaml").write_text(text)
    answer = user.run("apply", "--auto-approve", "--wait")
    assert answer.code == 0, answer
    boards = [line for line in commands_in(answer) if "leaderboard" in line]
    assert len(boards) == 2
    for line in boards:
        assert user.run(*shlex.split(line)[1:]).code == 0, line


def test_the_board_does_not_advise_to_deploy_what_is_live(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "long")
    assert "The best one is live" in user.run("experiment", "leaderboard", "a").out
    assert "Deploy the best one" in user.run("experiment", "leaderboard", "b").out


def test_a_slip_in_removed_is_told(user: User, folder: Path, world: World) -> None:
    reach(user, folder, world, "long")
    with (folder / "auger.yaml").open("a") as file:
        file.write("removed:\n  - address: experiment.othre\n  - address: experiment.other\n")
    answer = user.run("plan")
    assert answer.code == 0
    assert "No changes" in answer.out
    assert "warning[unknown-removed]" in answer.err
    assert "auger.yaml:12:14" in answer.err
    assert "there is `experiment.other`" in answer.err
    assert answer.err.count("unknown-removed") == 1


def test_a_lock_without_an_environment_protects_in_one_too(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    (folder / "auger.prod.yaml").write_text("cluster: {max_nodes: 3}\n")
    (folder / "auger.lock.yaml").write_text('protected:\n  "shop":\n    - "dataset.kept.csv"\n')
    (folder / "kept.csv").write_text("a,b\n1,2\n")
    assert user.run("dataset", "create", "kept.csv", "--no-select").code == 0
    for line in (["dataset", "delete", "kept.csv"], ["plan", "--prune"]):
        answer = user.run("--env", "prod", *line)
        assert (answer.code, "auger.lock.yaml:3" in answer.err) == (1, True), answer.err


def test_a_saved_plan_of_another_environment_is_told_from_changed_files(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    (folder / "auger.prod.yaml").write_text("cluster: {max_nodes: 3}\n")
    assert user.run("plan", "--out", "p.json").code == 0
    assert user.run("--env", "prod", "plan", "--out", "prod.json").code == 0
    other = user.run("apply", "prod.json")
    assert (other.code, "auger --env prod apply prod.json" in other.err) == (3, True), other
    plain = user.run("--env", "prod", "apply", "p.json")
    assert (plain.code, "it is applied without `--env`" in plain.err) == (3, True), plain


def test_a_saved_plan_heeds_the_lock_file_of_now(user: User, folder: Path, world: World) -> None:
    reach(user, folder, world, "short")
    (folder / "kept.csv").write_text("a,b\n1,2\n")
    assert user.run("dataset", "create", "kept.csv", "--no-select").code == 0
    assert user.run("plan", "--prune", "--max-deletes", "9", "--out", "p.json").code == 0
    lock = folder / "auger.lock.yaml"
    for listed, told in (("kept.csv", "protected resource"), ("lost.csv", "neither declared nor")):
        lock.write_text(f'protected:\n  "shop":\n    - "dataset.{listed}"\n')
        answer = user.run("apply", "p.json")
        assert (answer.code, told in answer.err) == (1, True), answer
        assert "auger.lock.yaml:3" in answer.err
    lock.unlink()
    assert user.run("apply", "p.json").code == 0


def test_a_refused_plan_does_not_say_that_nothing_changes(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    lock = folder / "auger.lock.yaml"
    lock.write_text('protected:\n  "shop":\n    - "dataset.gone.csv"\n')
    for form in ("text", "markdown", "html"):
        answer = user.run("plan", "--format", form)
        assert answer.code == 1
        assert "No changes" not in answer.out
        assert "hub matches" not in answer.out
        assert "Refused" in answer.out


def test_a_reproduction_that_is_interrupted_is_followed_by_itself() -> None:
    action = Action(
        id="start:e",
        address=Address("shop", "experiment", "e"),
        verb=Verb.START,
        name="e",
        reason="asked for",
        object=ExperimentObject("e", "e", 7, (run := Run("r", "started", {}, 0.5, "2026"),), run),
    )
    plan = Plan("http://hub", "shop", 1, "", actions=(action,))
    ended = ApplyResult(plan, (Outcome(action, Status.APPLIED),), interrupted=True)
    assert render_result(ended, color=False).splitlines()[-1] == "  auger experiment reproduce r"
    done = ApplyResult(plan, (Outcome(action, Status.APPLIED),))
    assert "Next" not in render_result(done, color=False)


def declare(folder: Path, world: World, user: User, setting: str) -> None:
    reach(user, folder, world, "short")
    text = SHORT.replace("max_n_trials: 2", f"max_n_trials: 3, {setting}")
    (folder / "auger.yaml").write_text(text)


def test_an_experiment_that_is_declared_created_is_started_by_its_command(
    user: User, folder: Path, world: World
) -> None:
    declare(folder, world, user, "state: created")
    assert "No changes" in user.run("plan").out
    runs = len(world.rows["experiment_sessions"])
    answer = user.run("experiment", "start", "--wait")
    assert "experiment.exp                     start" in answer.out
    assert len(world.rows["experiment_sessions"]) == runs + 1
    assert "is there already" in user.run("experiment", "start").out
    assert "No changes" in user.run("plan").out


@pytest.mark.parametrize("state", ["stopped", "absent"])
def test_an_experiment_whose_run_would_be_undone_is_not_started(
    user: User, folder: Path, world: World, state: str
) -> None:
    declare(folder, world, user, f"state: {state}")
    answer = user.run("experiment", "start")
    assert answer.code == 1
    assert f"auger.yaml declares experiment `exp` {state}" in answer.err
    assert "`state: created` leaves runs to this command" in answer.err


def test_what_the_next_apply_brings_back_is_told(user: User, folder: Path, world: World) -> None:
    before = reach(user, folder, world, "long")
    trial = next(iter(world.rows["pipelines"]))
    for line, address in {
        "dataset delete y.csv": "dataset.y.csv",
        "experiment delete b": "experiment.b",
        f"model undeploy {trial}": "model.live",
    }.items():
        before.restore()
        answer = user.run(*line.split(), "--yes")
        assert answer.code == 0
        assert "the next apply brings it back" in answer.err, line
        assert f"`{address}`" in answer.err, line
        assert "create" in user.run("plan").out
    before.restore()
    told = user.run("dataset", "delete", "w.csv", "--yes")
    assert (told.code, "brings it back" in told.err) == (0, False)


@pytest.mark.parametrize(("state", "verb"), [("running", "stop"), ("stopped", "start")])
def test_a_cluster_that_the_next_apply_turns_back_is_told(
    user: User, folder: Path, world: World, state: str, verb: str
) -> None:
    reach(user, folder, world, "short")
    (folder / "auger.yaml").write_text(f"{SHORT}state: {state}\n")
    assert user.run("apply", "--auto-approve").code == 0
    answer = user.run("project", verb)
    assert (
        f"auger.yaml declares the project {state}, so that the next apply undoes it" in answer.err
    )


def test_what_is_declared_absent_is_not_made(user: User, folder: Path, world: World) -> None:
    reach(user, folder, world, "long")
    absent = "datasets:\n  w.csv: {source: w.csv, state: absent}\n"
    (folder / "auger.yaml").write_text(LONG.replace("datasets:\n", absent))
    answer = user.run("dataset", "create", "w.csv")
    assert answer.code == 1
    assert "auger.yaml declares data set `w.csv` absent" in answer.err


def test_nothing_of_another_project_is_selected_in_silence(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    text = (folder / "auger.yaml").read_text()
    with Context(folder) as context:
        other = Project(context, "other").create()
        with pytest.raises(AugerError, match=r"`auger\.yaml` is about project `shop`"):
            DataSet(context, other).create("w.csv", select=True)
        assert DataSet(context, other).create("w.csv").name == "w.csv"
    assert (folder / "auger.yaml").read_text() == text


def test_a_saved_plan_of_an_address_is_carried_out(user: User, folder: Path, world: World) -> None:
    reach(user, folder, world, "moved")
    for address in ("experiment.new", "experiment.a", "shop/experiment.new"):
        assert user.run("plan", "--replace", address, "--target", address, "--out", "p").code == 0
        answer = user.run("apply", "p", "--wait")
        assert answer.code == 0, (address, answer)
        assert "started" in answer.err


def test_a_name_that_is_not_there_gets_what_is_near_or_the_list(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    assert "there is `other`" in user.run("experiment", "select", "othre").err
    assert "auger experiment list" in user.run("experiment", "history", "zzz").err
    assert "auger dataset list" in user.run("dataset", "show", "zzz").err


@pytest.mark.parametrize("situation", ["short", "long"])
def test_a_search_learns_from_the_data_as_it_is_now(
    user: User, folder: Path, world: World, situation: str
) -> None:
    before = reach(user, folder, world, situation)
    name = "exp" if situation == "short" else "a"
    (folder / "x.csv").write_text(NEW)
    for options in ([], ["--again"], ["--no-select"]):
        before.restore()
        answer = user.run("experiment", "start", name, *options, "--wait")
        assert answer.code == 0, answer
        assert "x-1.csv" in answer.out
        assert f"{name}-1" in answer.out
        targets = ["--target", f"experiment.{name}"]
        assert "No changes" in user.run("plan", *targets).out


def test_a_search_on_data_that_does_not_do_or_is_not_here_is_told(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    (folder / "x.csv").write_text("id,age\n1,2\n")
    runs = len(world.rows["experiment_sessions"])
    for options in ([], ["--again"]):
        assert "error[unknown-column]" in user.run("experiment", "start", *options).err
    (folder / "x.csv").unlink()
    answer = user.run("experiment", "start")
    assert (answer.code, "is there already" in answer.out) == (0, True)
    assert "warning[not-compared]: the newest data on the hub is taken" in answer.err
    assert len(world.rows["experiment_sessions"]) == runs


def test_commands_about_one_thing_look_for_the_file_in_folders_above(
    user: User, folder: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(user, folder, world, "long")
    (below := folder / "below").mkdir()
    monkeypatch.chdir(below)
    for line in ("dataset list", "experiment leaderboard a", "model list"):
        answer = user.run(*line.split())
        assert (answer.code, "Using ../auger.yaml." in answer.err) == (0, True), answer
    assert "stored in ../auger.yaml" in user.run("experiment", "select", "a").out
    assert "name: a" in (folder / "auger.yaml").read_text()
    (below / ".git").mkdir()
    assert "Using" not in user.run("dataset", "list").err


def test_a_model_that_was_deployed_by_hand_and_then_declared_is_superseded(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    best = json.loads(user.run("--json", "experiment", "leaderboard").out)["trials"][0]["id"]
    assert user.run("model", "deploy", best).code == 0
    with (folder / "auger.yaml").open("a") as file:
        file.write("models:\n  production: {experiment: exp}\n")
    assert "No changes" in user.run("plan").out
    (folder / "x.csv").write_text(NEW)
    plan = user.run("plan").out
    assert "+/- model.production" in plan
    assert best in plan
    assert user.run("apply", "--auto-approve", "--wait").code == 0
    live = [one["name"] for one in world.rows["pipelines"].values() if one["status"] == "ready"]
    assert live == ["production"]
    answer = user.run("plan")
    assert "No changes" in answer.out
    assert "live-besides" not in answer.err
    # one more of the past, deployed by hand beside a model with the name, is told and left alone
    assert user.run("model", "deploy", best).code == 0
    answer = user.run("plan")
    assert "No changes" in answer.out
    assert "warning[live-besides]" in answer.err
    assert f"`auger model undeploy {best}`" in answer.err
    assert user.run("model", "undeploy", best, "--yes").code == 0
    assert "live-besides" not in user.run("plan").err


@pytest.mark.parametrize(("kind", "name"), [("dataset", "x.csv"), ("experiment", "exp")])
def test_a_name_of_an_old_revision_that_is_declared_too_is_told_and_stays_in_the_file(
    user: User, folder: Path, world: World, kind: str, name: str
) -> None:
    reach(user, folder, world, "short, data changed")
    assert user.run("dataset", "select", "x.csv").code == 0
    text = (folder / "auger.yaml").read_text()
    later = "x-1.csv" if kind == "dataset" else "exp-1"
    answer = user.run(kind, "delete", name, "--yes")
    assert answer.code == 0
    assert "warning[stands-for]" in answer.err
    assert f"`{name}` is not `{later}`" in answer.err
    assert f"auger {kind} delete {later}" in answer.err
    assert (folder / "auger.yaml").read_text() == text
    assert "No changes" in user.run("plan").out
    answer = user.run(kind, "delete", "--yes")
    assert "stands-for" not in answer.err
    assert (folder / "auger.yaml").read_text() != text


def test_a_data_set_is_shown_by_every_name_that_it_has(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short, data changed")
    told = user.run("dataset", "show", "x.csv")
    assert "x.csv" in told.out
    assert "warning[stands-for]" in told.err
    assert "auger dataset show x-1.csv" in told.err
    for name in ("x-1.csv", "w.csv"):
        assert "stands-for" not in user.run("dataset", "show", name).err
    assert "stands-for" not in user.run("dataset", "show").err


@pytest.mark.parametrize("is_applied", [False, True])
def test_a_data_set_that_is_moved_is_shown_by_both_names(
    user: User, folder: Path, world: World, *, is_applied: bool
) -> None:
    reach(user, folder, world, "moved" if is_applied else "long")
    (folder / "auger.yaml").write_text(MOVED)
    for name in ("x.csv", "new.csv"):
        answer = user.run("dataset", "show", name)
        assert answer.code == 0, answer
    with Context(folder) as context:
        assert Experiment(context, experiment_name="new").properties()["name"] == "a"
    assert "dataset list" in user.run("dataset", "show", "nope.csv").err


def test_what_is_declared_and_not_on_the_hub_is_told_with_the_command_that_makes_it(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    several = LONG.replace("  a: {", "  'alpha one': {").replace("experiment: a", "state: absent")
    (folder / "auger.yaml").write_text(several)
    command = "auger experiment start 'alpha one'"
    answer = user.run("experiment", "start")
    assert "which experiment is meant?" in answer.err
    assert command in answer.err
    answer = user.run("experiment", "start", "alfa one")
    assert "experiment `alfa one` is not declared in auger.yaml" in answer.err
    assert "there is `alpha one`" in answer.err
    assert command in answer.err
    assert "it declares `alpha one`, `b`" in user.run("experiment", "start", "zzz").err
    answer = user.run("experiment", "select", "alpha one")
    assert "experiment `alpha one` is declared, but not on the hub" in answer.err
    assert command in answer.err
    assert "auger apply --target dataset.y.csv" in user.run("dataset", "select", "y.csv").err
    for line in (command, "auger apply --target dataset.y.csv --auto-approve"):
        assert user.run(*shlex.split(line)[1:]).code == 0, line


def test_a_stop_tells_what_comes_back_where_it_does(user: User, folder: Path, world: World) -> None:
    reach(user, folder, world, "short")
    for options in ([], ["exp"]):
        assert user.run("experiment", "start", "--again", *options).code == 0
        answer = user.run("experiment", "stop")
        assert answer.code == 0
        assert "brings it back" not in answer.err
        assert "No changes" in user.run("plan").out
    text = (folder / "auger.yaml").read_text()
    (folder / "auger.yaml").write_text(text.replace("max_n_trials: 2", "max_n_trials: 3"))
    assert user.run("experiment", "start").code == 0
    assert "brings it back" in user.run("experiment", "stop").err
    assert "start" in user.run("plan").out


def test_of_several_data_sets_none_is_made_by_a_guess(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "short")
    (folder / "auger.yaml").write_text(LONG)
    answer = user.run("dataset", "create")
    assert answer.code == 1
    assert "which data set is meant?" in answer.err
    assert "declares `x.csv`, `y.csv`; one is made by" in answer.err
    assert "auger dataset create SOURCE" in answer.err
    assert user.run("dataset", "create", "y.csv").code == 0
    assert "is there already" in user.run("dataset", "create").out


def test_of_a_model_and_what_stands_beside_it_the_name_means_the_one_that_answers(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "long")
    (live,) = (one["id"] for one in world.rows["pipelines"].values())
    file = folder / "auger.yaml"
    file.write_text(LONG.replace("{experiment: a}", "{experiment: a, rollout: {shadow: 9d}}"))
    (folder / "x.csv").write_text(NEW)
    assert user.run("apply", "--auto-approve", "--wait").code == 0
    assert len(world.rows["pipelines"]) == 2
    assert live in user.run("model", "undeploy", "live", "--plan").out


@pytest.mark.parametrize(
    "overlay", ["models: {live: null}\n", "models: null\n", "models: {live: {state: absent}}\n"]
)
def test_what_an_environment_does_not_declare_is_undeployed_by_its_name(
    user: User, folder: Path, world: World, overlay: str
) -> None:
    reach(user, folder, world, "long")
    (folder / "auger.prod.yaml").write_text(overlay)
    prod = ("--env", "prod", "model")
    before = user.run(*prod, "health", "live").err
    assert ("id is `" in before) == ("absent" not in overlay)
    assert user.run(*prod, "undeploy", "live", "--yes").code == 0
    assert not [one for one in world.rows["pipelines"].values() if one["status"] == "ready"]
    again = user.run(*prod, "undeploy", "live", "--yes")
    assert again.code == 1
    told = "declared to be absent, and is" if "absent" in overlay else "is not deployed in project"
    assert told in again.err


def test_of_several_models_of_one_name_an_id_says_which_is_meant(
    user: User, folder: Path, world: World
) -> None:
    reach(user, folder, world, "long")
    (row,) = world.rows["pipelines"].values()
    world.rows["pipelines"]["other"] = {**row, "id": "other"}
    (folder / "auger.prod.yaml").write_text("models: null\n")
    answer = user.run("--env", "prod", "model", "undeploy", "live", "--yes")
    assert answer.code == 1
    assert "2 models of project `shop` are called `live`" in answer.err
    assert f"the id says which one is meant: `{row['id']}`, `other`" in answer.err


@pytest.mark.parametrize("verb", ["leaderboard", "stop", "history", "delete", "report", "start"])
def test_which_of_several_is_meant_is_asked_with_the_command_that_was_typed(
    user: User, folder: Path, world: World, verb: str
) -> None:
    reach(user, folder, world, "long")
    answer = user.run("experiment", verb)
    assert answer.code == 1
    assert "which experiment is meant?" in answer.err
    assert f"\n       auger experiment {verb} a" in answer.err
