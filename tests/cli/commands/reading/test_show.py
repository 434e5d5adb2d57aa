"""`auger show`: what the hub has, and saved plans."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.static_hub import StaticHub, serve

STORY = Path(__file__).parents[2] / "golden" / "everything_there"
OBSERVED = """\
Organization "acme" at {url}

project.churn  running, type standard, min_nodes 2, max_nodes 4, stack_version stable

    Data set   Rows  Columns  Status     Declared as
  * churn.csv              3  processed  churn.csv

    Experiment  Data set   Runs  Best score  Status     Declared as
  * baseline    churn.csv     1      0.9100  completed  baseline

    Model       Trial  Algorithm   Score  Status  Declared as
  * production  t1                0.9100  ready   production
"""


@pytest.fixture
def hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StaticHub]:
    for path in STORY.glob("*"):
        shutil.copy(path, folder)
    with serve(json.loads((STORY / "hub.json").read_text())) as hub:
        monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
        yield hub


def test_what_the_hub_has_is_shown_by_kind(user: User, hub: StaticHub) -> None:
    answer = user.run("show")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == OBSERVED.format(url=hub.url)


def test_showing_only_reads(user: User, hub: StaticHub) -> None:
    user.run("show")
    assert {request.partition(" ")[0] for request in hub.asked} == {"GET"}


def test_what_nobody_declared_is_shown_without_a_mark(user: User, hub: StaticHub) -> None:
    extra = {
        "id": 12,
        "name": "extra.csv",
        "project_id": 7,
        "status": "processing",
        "url": "s3://x",
    }
    hub.objects["project_files"].append(extra)
    assert "\n    extra.csv" in user.run("show").out


def test_what_the_hub_has_as_json(user: User, hub: StaticHub) -> None:
    (project,) = json.loads(user.run("show", "--json").out)["projects"]
    assert (project["name"], project["status"]) == ("churn", "running")
    assert project["datasets"][0]["sha256"].startswith("014bd0")
    assert project["experiments"][0]["runs"][0]["score"] == 0.91
    assert project["models"][0]["declared_as"] == "production"


def test_a_url_with_a_secret_is_shown_without_it(user: User, hub: StaticHub) -> None:
    hub.objects["project_files"][0]["url"] = "https://anna:pa55w0rd@example.com/x.csv?sig=abc123"
    out = user.run("show", "--json").out
    assert "pa55w0rd" not in out
    assert "abc123" not in out


def test_a_project_that_is_not_there_says_so(user: User, folder: Path, hub: StaticHub) -> None:
    hub.objects["projects"].clear()
    assert "project.churn  is not on the hub\n" in user.run("show").out


def test_a_saved_plan_is_shown_as_it_was_made(user: User, hub: StaticHub) -> None:
    hub.objects["projects"].clear()
    made = user.run("plan", "--out", "plan.json").out
    document = user.run("plan", "--json").out
    hub.asked.clear()
    assert user.run("show", "plan.json").out == made
    assert json.loads(user.run("show", "plan.json", "--json").out) == json.loads(document)
    assert hub.asked == []


def test_what_was_wrong_with_a_saved_plan_is_shown(
    user: User, folder: Path, hub: StaticHub
) -> None:
    (folder / "auger.yaml").write_text("name: churn\ndatasets: {gone.csv: {}}\n")
    user.run("plan", "--out", "plan.json")
    answer = user.run("show", "plan.json")
    assert answer.code == 0
    assert "it is not on the hub" in answer.err


def test_a_refused_plan_is_shown_as_refused(user: User, folder: Path, hub: StaticHub) -> None:
    (folder / "auger.yaml").write_text(
        "name: churn\nstate: absent\nlifecycle: {prevent_destroy: true}\n"
    )
    assert user.run("plan", "--out", "plan.json").code == 1
    assert "it cannot be carried out" in user.run("show", "plan.json").err


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [('"name": "churn"', '"name": "other"', "damaged"), ('"1.', '"9.', "this auger reads")],
)
def test_a_plan_that_is_damaged_or_newer_is_refused(
    before: str, after: str, told: str, user: User, hub: StaticHub
) -> None:
    hub.objects["projects"].clear()
    user.run("plan", "--out", "plan.json")
    saved = Path("plan.json")
    assert before in saved.read_text()
    saved.write_text(saved.read_text().replace(before, after, 1))
    answer = user.run("show", "plan.json")
    assert (answer.code, answer.out) == (1, "")
    assert told in answer.err
