"""A saved plan is carried out where the files are that it was made of, wherever that is."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from laws.world import World

from auger_reconcile.config.syntax import text

from .conftest import User
from .world_hub import use_world

FILE = "name: shop\norganization: acme\ndatasets: {d.csv: {source: d.csv}}\n"
PROTECTED = FILE.replace("d.csv}", "d.csv, lifecycle: {prevent_destroy: true}}")
DATA = "id,age,target\n1,2,3\n"
Pipe = Callable[[str], None]


@pytest.fixture(autouse=True)
def world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    use_world(monkeypatch, world)
    (folder / "auger.yaml").write_text(FILE)
    (folder / "d.csv").write_text(DATA)
    (folder / ".git").mkdir()
    return world


@pytest.fixture
def elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, which is beside that of the files."""
    other = folder.parent / "else where"
    (other / ".git").mkdir(parents=True)
    return other


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Pipe:
    def give(content: str) -> None:
        text._standard_input.cache_clear()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))

    return give


def data_sets(world: World) -> list[str]:
    world.settle()
    return [row["name"] for row in world.rows.get("project_files", {}).values()]


def advised(err: str) -> list[str]:
    (line,) = [told.strip() for told in err.splitlines() if told.strip().startswith("auger ")]
    return shlex.split(line)[1:]


@pytest.mark.parametrize("way", ["from there", "by -C"])
@pytest.mark.parametrize("has_others", [False, True], ids=["no files", "other files"])
def test_a_destroy_that_was_forbidden_since_is_not_carried_out_elsewhere(  # noqa: PLR0917 - fixtures
    user: User,
    folder: Path,
    world: World,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    has_others: bool,
) -> None:
    user.run("apply", "--auto-approve")
    user.run("plan", "--destroy", "--out", "pd.json")
    (folder / "auger.yaml").write_text(PROTECTED)
    assert user.run("apply", "--auto-approve").code == 0
    if has_others:
        (elsewhere / "auger.yaml").write_text("name: other\n")
    if way == "by -C":
        answer = user.run("-C", str(elsewhere), "apply", str(folder / "pd.json"))
    else:
        monkeypatch.chdir(elsewhere)
        answer = user.run("apply", "../work/pd.json")
    assert answer.code == 3
    assert advised(answer.err) == ["-C", str(folder), "apply", "pd.json"]
    assert data_sets(world) == ["d.csv"]
    monkeypatch.chdir(elsewhere)
    again = user.run(*advised(answer.err))  # where the protection is seen
    assert (again.code, "the files have changed" in again.err) == (3, True)
    assert data_sets(world) == ["d.csv"]


def test_the_way_leads_to_where_the_plan_is_carried_out(
    user: User, folder: Path, world: World, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "prod").mkdir()
    (folder / "auger.yaml").rename(folder / "prod" / "shop.yaml")
    (folder / "prod" / "shop.e.yaml").write_text("cluster: {max_nodes: 3}\n")
    shutil.copy(folder / "d.csv", folder / "prod")
    (folder / "plans").mkdir()
    options = ["-f", "prod/shop.yaml", "--env", "e"]
    assert user.run(*options, "plan", "--out", "plans/a plan.json").code == 0
    monkeypatch.chdir(elsewhere)
    answer = user.run("apply", "../work/plans/a plan.json")
    assert answer.code == 3
    assert advised(answer.err) == ["-C", str(folder), *options, "apply", "plans/a plan.json"]
    assert user.run(*advised(answer.err)).code == 0
    assert data_sets(world) == ["d.csv"]


def test_a_plan_that_was_carried_away_names_no_folder(
    user: User, folder: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.run("plan", "--out", "p.json")
    (folder / "p.json").rename(elsewhere / "p.json")
    monkeypatch.chdir(elsewhere)
    answer = user.run("apply", "p.json")
    assert answer.code == 3
    assert advised(answer.err) == ["-C", "FOLDER", "apply", str(elsewhere / "p.json")]


def test_another_checkout_of_the_same_files_will_do(
    user: User, folder: Path, world: World, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.run("plan", "--out", "p.json")
    for name in ("auger.yaml", "d.csv", "p.json"):
        (folder / name).rename(elsewhere / name)
    monkeypatch.chdir(elsewhere)
    assert user.run("apply", "p.json").code == 0
    assert data_sets(world) == ["d.csv"]


def test_a_destroy_needs_no_data_where_it_was_made_without_it(
    user: User, folder: Path, world: World
) -> None:
    user.run("apply", "--auto-approve")
    (folder / "d.csv").unlink()
    assert user.run("plan", "--destroy", "--out", "p.json").code == 0
    answer = user.run("apply", "p.json")
    assert answer.code == 0, answer
    assert data_sets(world) == []


def test_a_plan_of_before_is_one_of_files(user: User, folder: Path) -> None:
    from auger_reconcile.planner.saved.document import seal_of

    user.run("plan", "--out", "p.json")
    document = json.loads((folder / "p.json").read_text())
    for name in ("files", "refresh_sources", "hub_id"):
        del document[name]
    (folder / "p.json").write_text(json.dumps({**document, "seal": seal_of(document)}))
    (folder / "auger.yaml").rename(folder / "other.yaml")
    assert user.run("apply", "p.json").code == 3
    (folder / "other.yaml").rename(folder / "auger.yaml")
    assert user.run("apply", "p.json").code == 0


@pytest.mark.parametrize("beside", [None, "name: other\n", "name: ["])
def test_what_was_piped_is_carried_out_without_files(
    user: User, folder: Path, world: World, pipe: Pipe, beside: str | None
) -> None:
    (folder / "auger.yaml").unlink()
    pipe(PROTECTED)
    assert user.run("-f", "-", "plan", "--out", "p.json").code == 0
    if beside:
        (folder / "auger.yaml").write_text(beside)
    answer = user.run("apply", "p.json")
    assert answer.code == 0, answer
    assert data_sets(world) == ["d.csv"]
    assert '- "dataset.d.csv"' in (folder / "auger.lock.yaml").read_text()


def test_what_was_piped_heeds_the_lock_files_of_now(
    user: User, folder: Path, world: World, pipe: Pipe
) -> None:
    user.run("apply", "--auto-approve")
    (folder / "auger.yaml").unlink()
    pipe(FILE)
    assert user.run("-f", "-", "plan", "--destroy", "--out", "p.json").code == 0
    for name in ("auger.lock.yaml", "auger.prod.lock.yaml"):
        (folder / name).write_text("protected:\n  shop:\n    - dataset.d.csv\n")
        answer = user.run("apply", "p.json")
        assert (answer.code, "protected resource" in answer.err) == (1, True), answer
        (folder / name).unlink()
    assert data_sets(world) == ["d.csv"]


def test_data_of_what_was_piped_is_read_again_before_anything_is_done(  # noqa: PLR0917 - fixtures
    user: User,
    folder: Path,
    world: World,
    elsewhere: Path,
    pipe: Pipe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe(FILE)
    assert user.run("-f", "-", "plan", "--out", "p.json").code == 0
    (folder / "d.csv").write_text(DATA + "4,5,6\n")
    answer = user.run("apply", "p.json")
    assert (answer.code, "`d.csv` has changed" in answer.err) == (3, True), answer
    monkeypatch.chdir(elsewhere)
    answer = user.run("apply", "../work/p.json")
    assert (answer.code, "`d.csv` cannot be read" in answer.err) == (3, True), answer
    assert not world.rows.get("projects")


def test_what_was_piped_is_piped_again_for_a_new_plan(
    user: User, folder: Path, world: World, pipe: Pipe
) -> None:
    pipe(FILE)
    assert user.run("-f", "-", "plan", "--target", "dataset.d.csv", "--out", "p.json").code == 0
    (folder / "d.csv").write_text(DATA + "4,5,6\n")
    answer = user.run("--hub", "https://hub.test", "apply", "p.json")
    assert answer.code == 3
    again = "-f - --hub https://hub.test plan --target dataset.d.csv --out p.json"
    assert advised(answer.err) == shlex.split(again)
    pipe(FILE)
    assert user.run(*advised(answer.err)).code == 0
    assert user.run("--env", "e", "apply", "p.json").code == 3
    assert user.run("apply", "p.json").code == 0
    assert data_sets(world) == ["d.csv"]


def test_what_is_piped_now_is_compared(user: User, world: World, pipe: Pipe) -> None:
    pipe(FILE)
    assert user.run("-f", "-", "plan", "--out", "p.json").code == 0
    pipe(PROTECTED)
    assert user.run("-f", "-", "apply", "p.json").code == 3
    pipe(FILE)
    assert user.run("-f", "-", "apply", "p.json").code == 0
    assert data_sets(world) == ["d.csv"]


def test_a_plan_for_one_hub_is_not_carried_out_on_another_at_the_same_address(
    user: User, world: World
) -> None:
    (organization,) = world.rows["organizations"].values()
    organization["hub_id"] = "one"
    assert user.run("--hub", "local", "plan", "--out", "p.json").code == 0
    organization["hub_id"] = "two"
    answer = user.run("--hub", "local", "apply", "p.json")
    assert (answer.code, "the plan is for another hub" in answer.err) == (3, True), answer
    assert "AUGER_HUB_HOME" in answer.err
    organization["hub_id"] = "one"
    assert user.run("--hub", "local", "apply", "p.json").code == 0


@pytest.mark.parametrize(
    ("was", "now", "code"),
    [
        ("http://127.0.0.1:7001", "http://127.0.0.1:7002", 0),
        ("http://127.0.0.1:7001", "https://app.auger.ai", 3),
        ("https://app.auger.ai", "http://127.0.0.1:7001", 3),
    ],
)
def test_of_a_local_hub_the_port_alone_may_change(
    user: User, monkeypatch: pytest.MonkeyPatch, was: str, now: str, code: int
) -> None:
    world = World(url=was)
    use_world(monkeypatch, world)
    assert user.run("plan", "--out", "p.json").code == 0
    world.url = now
    answer = user.run("apply", "p.json")
    assert answer.code == code, answer
