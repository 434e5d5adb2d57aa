"""`auger pull`: what the hub has, as an auger.yaml of which the plan is empty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from laws.world import World

from tests.cli.conftest import User
from tests.cli.world_hub import WorldClient, use_world

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
    (folder / "x.csv").write_text("id,age,city,target\n1,2,3,4\n")
    monkeypatch.setattr("laws.world.COLUMNS", ("id", "age", "city", "target"))
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


LIST = """\
    exclude:          # never learn from
      # tells nothing
      - id            # the key
"""


def test_items_of_a_list_come_and_go_one_by_one(user: User, folder: Path) -> None:
    declared = FILE.replace("    exclude: [id]\n", LIST + "      - age\n")
    (folder / "auger.yaml").write_text(declared)
    user.run("pull")
    assert (folder / "auger.yaml").read_text() == FILE.replace("    exclude: [id]\n", LIST)


def test_a_list_in_brackets_is_replaced(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text(FILE.replace("exclude: [id]", "exclude: [age]   # no"))
    user.run("pull")
    expected = FILE.replace("exclude: [id]", "exclude: [id]   # no")
    assert (folder / "auger.yaml").read_text() == expected


def test_what_is_new_is_added_where_it_belongs(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text(FILE.replace("models:\n  prod: {experiment: exp}\n", ""))
    user.run("pull")
    expected = FILE.replace("prod: {experiment: exp}", "prod:\n    experiment: exp")
    assert (folder / "auger.yaml").read_text() == expected.replace("models:", "\nmodels:")


GONE = """\
  # tried in spring
  trial:              # gone since
    dataset: d.csv
    model_type: regression
    target: age
"""


def test_what_is_gone_is_taken_out_with_its_comments(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text(FILE.replace("models:", GONE + "models:"))
    user.run("pull")
    assert (folder / "auger.yaml").read_text() == FILE


def test_a_source_of_other_content_gives_way_to_what_is_there(user: User, folder: Path) -> None:
    (folder / "x.csv").write_text("id,age,city,target\n1,2,4,4\n")
    user.run("pull")
    assert (folder / "auger.yaml").read_text() == FILE.replace("{source: x.csv}", "{}")
    assert user.run("plan", "--detailed-exitcode").code == 0


def test_with_an_overlay_it_takes_the_changes(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text(FILE.replace("max_n_trials: 3 ", "max_n_trials: 2 "))
    before = (folder / "auger.yaml").read_text()
    (folder / "auger.prod.yaml").write_text("# production\nmodels:\n  prod: {locally: true}\n")
    answer = user.run("--env", "prod", "pull")
    assert answer.out == "Written: auger.prod.yaml\n", answer.err
    assert (folder / "auger.yaml").read_text() == before
    assert (folder / "auger.prod.yaml").read_text() == (
        "# production\n\nexperiments:\n  exp:\n    max_n_trials: 3\nmodels:\n  prod: {}\n"
    )
    assert user.run("--env", "prod", "plan", "--detailed-exitcode").code == 0


def test_of_several_documents_its_own_is_changed(user: User, folder: Path) -> None:
    wrong = FILE.replace("max_n_trials: 3 ", "max_n_trials: 2 ")
    (folder / "auger.yaml").write_text("name: other  # first\n---\n" + wrong + "---\nname: last\n")
    assert user.run("pull", "shop").code == 0
    expected = "name: other  # first\n---\n" + FILE + "---\nname: last\n"
    assert (folder / "auger.yaml").read_text() == expected


def test_what_cannot_be_changed_alone_is_refused_and_nothing_is_written(
    user: User, folder: Path
) -> None:
    twice = FILE.replace("  exp:                # by hand", "  old: &settings")
    twice = twice.replace("models:", "  exp: *settings\nmodels:")
    (folder / "auger.yaml").write_text(twice)
    answer = user.run("pull")
    assert answer.code == 1
    assert "without touching something else" in answer.err
    assert (folder / "auger.yaml").read_text() == twice


def test_a_key_of_the_second_file_is_changed_there(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text(FILE.replace("cluster: {max_nodes: 1, min_nodes: 1}\n", ""))
    (folder / "config.yaml").write_text("cluster: {max_nodes: 5, min_nodes: 1}  # size\n")
    assert user.run("pull").out == "Written: config.yaml\n"
    assert (folder / "config.yaml").read_text() == "cluster: {max_nodes: 1, min_nodes: 1}  # size\n"


def test_the_short_form_keeps_its_form(user: User, folder: Path, world: World) -> None:
    short = (
        "name: shop\nsource: x.csv\ndataset: d.csv\nmodel_type: classification\ntarget: target\n"
    )
    short += "exclude: [id]\nexperiment:\n  name: exp\n  max_n_trials: 9  # c\n"
    (folder / "auger.yaml").write_text(short)
    user.run("pull")
    text = (folder / "auger.yaml").read_text()
    assert text.startswith(short.replace("9  # c", "3  # c") + "\ndatasets:\n  far.csv:\n")
    assert user.run("plan", "--detailed-exitcode").code == 0


def test_a_file_of_another_project_is_not_touched(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text("name: other\n")
    answer = user.run("pull", "shop")
    assert answer.code == 1
    assert "`--force`" in answer.err
    assert (folder / "auger.yaml").read_text() == "name: other\n"


def test_force_replaces_a_file(user: User, folder: Path) -> None:
    assert user.run("pull", "shop", "--force").code == 0
    assert (folder / "auger.yaml").read_text() == PULLED


KEPT = """\
name: shop
organization: acme
lifecycle: {prevent_destroy: true}
datasets:
  new.csv: {source: x.csv, lifecycle: {ignore_changes: [source]}}
  far.csv: {source: https://data.test/far.csv, lifecycle: {prevent_destroy: false}}
experiments:
  later:
    {dataset: new.csv, model_type: classification, target: target, exclude: [id], max_n_trials: 3}
models:
  prod: {experiment: later}
moved:
  - {from: dataset.mid.csv, to: dataset.new.csv}
  - {from: dataset.d.csv, to: dataset.mid.csv}
  - {from: experiment.exp, to: experiment.later}
"""


@pytest.mark.parametrize("options", [("--force",), ("--out", "-"), ("--out", "other.yaml")])
def test_what_is_written_anew_keeps_what_no_hub_knows(
    user: User, folder: Path, options: tuple[str, ...]
) -> None:
    (folder / "auger.yaml").write_text(KEPT)
    user.run("apply", "--auto-approve")
    lock = (folder / "auger.lock.yaml").read_text()
    answer = user.run("pull", "shop", *options)
    assert answer.code == 0
    file = options[-1] if options[-1].endswith(".yaml") else "auger.yaml"
    if "-" in options:
        (folder / "auger.yaml").write_text(answer.out)
    text = (folder / file).read_text()
    assert text.startswith(f"{PULLED[: PULLED.index('datasets')]}".rstrip() + "\n")
    assert "  new.csv:\n    source: x.csv\n    lifecycle: {ignore_changes: [source]}\n" in text
    assert "    lifecycle: {prevent_destroy: false}\n" in text
    assert "  later:\n    dataset: new.csv\n" in text
    assert "  prod:\n    experiment: later\n" in text
    assert user.run("-f", file, "plan", "--detailed-exitcode").code == 0
    assert user.run("-f", file, "fmt", "--check").code == 0
    assert (folder / "auger.lock.yaml").read_text() == lock


def test_force_says_what_it_could_not_keep(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text("name: shop\nnonsense: 1\n")
    answer = user.run("pull", "shop", "--force")
    assert (answer.code, (folder / "auger.yaml").read_text()) == (0, PULLED)
    assert "`lifecycle` and `moved` of `auger.yaml`, which is not valid" in answer.err


def test_a_name_of_before_that_is_declared_anew_is_no_move(
    user: User, folder: Path, world: World
) -> None:
    (folder / "auger.yaml").write_text(KEPT)
    world.rows["project_files"]["new"] = {
        **next(iter(world.rows["project_files"].values())),
        "id": "new",
        "name": "new.csv",
    }
    assert user.run("pull", "shop", "--force").code == 0
    text = (folder / "auger.yaml").read_text()
    assert "dataset.mid.csv" in text
    assert "from: dataset.d.csv" not in text
    assert user.run("plan").code == 0


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
    expected = FILE.replace("{experiment: exp}", f"{{experiment: exp, trial: {other['id']}}}")
    assert (folder / "auger.yaml").read_text() == expected
    assert user.run("plan", "--detailed-exitcode").code == 0
