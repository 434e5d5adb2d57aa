"""Who is asked thinks for a while: what is carried out is what was shown, or nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from laws.world import World

from auger_reconcile.cli.main import main

from .conftest import Answer, User
from .world_hub import use_world

FILE = """\
name: shop
organization: acme
datasets: {d.csv: {source: d.csv}}
experiments:
  exp: {dataset: d.csv, model_type: classification, target: target, max_n_trials: 1}
models:
  prod: {experiment: exp}
"""
DATA = "id,age,target\n1,2,3\n"
Ask = Callable[[list[str], Callable[[], object]], Answer]


@pytest.fixture(autouse=True)
def world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    use_world(monkeypatch, world)
    (folder / "auger.yaml").write_text(FILE)
    (folder / "d.csv").write_text(DATA)
    return world


@pytest.fixture
def ask(user: User, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a command at a terminal, where something happens before somebody answers `yes`."""

    def run(arguments: list[str], meanwhile: Callable[[], object]) -> Answer:
        class Thinking:
            def isatty(self) -> bool:
                return True

            def readline(self) -> str:
                meanwhile()
                return "yes\n"

        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", Thinking())
            patch.setattr(sys.stderr, "isatty", lambda: True)
            patch.setenv("TERM", "dumb")
            return user.run(*arguments)

    return run


def apply() -> None:
    assert main(["apply", "--auto-approve", "--wait"]) == 0


def rows(world: World) -> dict[str, list[str]]:
    """Return the names, or else ids, of what is on the hub."""
    world.settle()
    kinds = ("projects", "project_files", "experiments", "experiment_sessions", "pipelines")
    return {
        kind: [str(row.get("name") or row["id"]) for row in world.rows.get(kind, {}).values()]
        for kind in kinds
    }


def test_what_nobody_touched_is_carried_out(ask: Ask, world: World) -> None:
    apply()
    answer = ask(["destroy"], lambda: None)
    assert answer.code == 0, answer
    assert not any(rows(world).values())


def test_a_destroy_is_not_that_of_new_data_and_a_protected_experiment(
    ask: Ask, folder: Path, world: World
) -> None:
    apply()
    left = {}

    def others() -> None:
        protected = FILE.replace("n_trials: 1", "n_trials: 1, lifecycle: {prevent_destroy: true}")
        (folder / "auger.yaml").write_text(protected)
        (folder / "d.csv").write_text(DATA + "4,5,6\n")
        apply()
        left.update(rows(world))

    answer = ask(["destroy"], others)
    assert answer.code == 3
    told = "the files changed while the question was open: dataset.d.csv, experiment.exp, "
    assert f"{told}experiment.exp is protected now" in answer.err
    assert rows(world) == left


@pytest.mark.parametrize("lock", ["auger.lock.yaml", "auger.prod.lock.yaml"])
def test_a_destroy_is_not_that_of_what_a_lock_file_lists_by_now(
    ask: Ask, folder: Path, world: World, lock: str
) -> None:
    apply()
    before, text = rows(world), "protected:\n  shop:\n    - model.prod\n"
    answer = ask(["destroy"], lambda: (folder / lock).write_text(text))
    assert answer.code == 3
    assert "the files changed while the question was open: model.prod is protected" in answer.err
    assert rows(world) == before


def test_files_that_are_not_valid_any_more_are_told(ask: Ask, folder: Path, world: World) -> None:
    answer = ask(["apply"], lambda: (folder / "auger.yaml").write_text("nam: shop\n"))
    assert answer.code == 3
    assert "the files changed while the question was open: " in answer.err
    assert not any(rows(world).values())


def test_of_two_applies_the_second_makes_no_second_model(ask: Ask, world: World) -> None:
    answer = ask(["apply", "--wait"], apply)
    assert answer.code == 3
    assert "the hub changed while the question was open: project.shop" in answer.err
    assert len(rows(world)["pipelines"]) == 1
    assert main(["plan", "--detailed-exitcode"]) == 0


def test_a_prune_is_not_that_of_what_came_since(ask: Ask, folder: Path, world: World) -> None:
    (folder / "e.csv").write_text(DATA + "7,8,9\n")
    (folder / "f.csv").write_text(DATA + "8,8,9\n")
    apply()
    assert main(["dataset", "create", "e.csv", "--no-select"]) == 0

    def other() -> None:
        assert main(["dataset", "create", "f.csv", "--no-select"]) == 0

    answer = ask(["apply", "--prune"], other)
    assert answer.code == 3
    assert "dataset.f.csv: a delete of `f.csv` has come" in answer.err
    assert rows(world)["project_files"] == ["d.csv", "e.csv", "f.csv"]


def test_what_has_moved_is_told_by_its_field(ask: Ask, world: World) -> None:
    apply()

    def stop() -> None:
        (run,) = world.rows["experiment_sessions"].values()
        run["status"] = "interrupted"

    answer = ask(["destroy", "--target", "experiment.exp"], stop)
    assert answer.code == 3
    assert "experiment.exp: `runs` has " in answer.err
    assert "whose `status` was 'completed' and is 'interrupted'" in answer.err


@pytest.mark.parametrize(
    ("lock", "what"), [("", "hub"), ("protected:\n  shop:\n    - dataset.e.csv\n", "files")]
)
def test_a_command_about_one_thing_reads_again_too(
    ask: Ask, folder: Path, world: World, lock: str, what: str
) -> None:
    (folder / "e.csv").write_text(DATA + "7,8,9\n")
    apply()
    assert main(["dataset", "create", "e.csv", "--no-select"]) == 0

    def others() -> None:
        if lock:
            (folder / "auger.lock.yaml").write_text(lock)
            return
        found = next(one for one in world.rows["project_files"].values() if one["name"] == "e.csv")
        found["status"] = "failed"

    answer = ask(["dataset", "delete", "e.csv"], others)
    assert answer.code == 3, answer
    assert f"the {what} changed while the question was open: dataset.e.csv" in answer.err
    assert rows(world)["project_files"] == ["d.csv", "e.csv"]
    (folder / "auger.lock.yaml").unlink(missing_ok=True)
    assert ask(["dataset", "delete", "e.csv"], lambda: None).code == 0


def test_a_name_that_is_selected_by_somebody_else_is_not_replaced(
    ask: Ask, folder: Path, world: World
) -> None:
    (folder / "auger.yaml").write_text("name: shop\norganization: acme\nsource: d.csv\n")
    apply()
    assert main(["dataset", "select", "d.csv"]) == 0

    def other() -> None:
        file = folder / "auger.yaml"
        file.write_text(file.read_text().replace("dataset: d.csv", "dataset:"))

    answer = ask(["dataset", "delete", "d.csv"], other)
    assert answer.code == 3, answer
    assert "the files changed while the question was open" in answer.err
    assert rows(world)["project_files"] == ["d.csv"]


def test_a_rollback_reads_again_too(ask: Ask, folder: Path, world: World) -> None:
    apply()
    (folder / "d.csv").write_text("id,age,target\n4,5,6\n")
    apply()
    before = rows(world)["pipelines"]
    answer = ask(
        ["rollback", "model.prod"], lambda: (folder / "d.csv").write_text(DATA + "9,9,9\n")
    )
    assert answer.code == 3
    assert "the files changed while the question was open: dataset.d.csv" in answer.err
    assert rows(world)["pipelines"] == before
