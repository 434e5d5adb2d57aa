"""`auger explain`: why, for people and programs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.static_hub import StaticHub, serve

STORY = Path(__file__).parents[2] / "golden" / "everything_there"
IDLE = """\
model.production is as declared: there is nothing to do.

project.churn
  declared at       auger.yaml:2:7  name: churn
  declared          standard, 2-4 nodes
  cluster           running, standard, 2-4 nodes
  project id        7
  -> nothing to do

dataset.churn.csv
  declared at       auger.yaml:5:3  churn.csv: {source: churn.csv}
  source            churn.csv, 110 bytes, sha256 014bd0
  declared content  sha256 014bd041fce908c0fef44219334e9923fab253f45f033ef403085a159ed508fb
  data set          churn.csv, id 11, processed
  made of           sha256 014bd041fce908c0fef44219334e9923fab253f45f033ef403085a159ed508fb
  table             3 columns
  -> nothing to do

experiment.baseline
  declared at       auger.yaml:7:3  baseline:
  declared          50 trials, at most 60 min, roc_auc
  experiment        baseline, id e1, of data set 11
  run               r1, completed, best score 0.9100
  -> nothing to do

model.production
  declared at       auger.yaml:15:3  production:
  declared          best of experiment.baseline, gate 0.85
  trial             t1, run r1, ready
  score             roc_auc 0.9100
  -> nothing to do
"""


@pytest.fixture(autouse=True)
def hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StaticHub]:
    for path in STORY.glob("*"):
        shutil.copy(path, folder)
    with serve(json.loads((STORY / "hub.json").read_text())) as hub:
        monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
        yield hub


def test_what_is_as_declared_is_explained_link_by_link(user: User) -> None:
    answer = user.run("explain", "model.production")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == IDLE


def test_what_changes_is_explained_by_its_cause(user: User, folder: Path) -> None:
    with (folder / "churn.csv").open("a") as file:
        file.write("9,9,true\n")
    out = user.run("explain", "model.production").out
    first, cause = out.splitlines()[:2]
    assert first == "model.production will be replaced."
    assert cause == ("It begins with dataset.churn.csv: the content has changed since `churn.csv`.")
    assert "  -> create         the content has changed" in out


def test_changed_settings_are_shown(user: User, folder: Path) -> None:
    file = folder / "auger.yaml"
    file.write_text(file.read_text().replace("max_n_trials: 50", "max_n_trials: 60"))
    assert "max_n_trials: 50 -> 60" in user.run("explain", "experiment.baseline").out


def test_an_explanation_as_json(user: User) -> None:
    document = json.loads(user.run("explain", "experiment.baseline", "--json").out)
    assert [link["address"] for link in document["chain"]] == [
        "project.churn",
        "dataset.churn.csv",
        "experiment.baseline",
    ]
    assert document["chain"][2]["place"] == {"file": "auger.yaml", "line": 7, "column": 3}


def test_what_is_not_declared_is_refused_with_what_is_near(user: User) -> None:
    answer = user.run("explain", "model.producton")
    assert (answer.code, answer.out) == (1, "")
    assert "`model.production` is declared" in answer.err


def test_what_is_no_address_is_wrong_usage(user: User) -> None:
    assert user.run("explain", "production").code == 64


def test_an_address_in_several_projects_has_to_name_one(user: User, folder: Path) -> None:
    file = folder / "auger.yaml"
    second = "---\norganization: acme\nname: other\ndatasets: {churn.csv: {source: churn.csv}}\n"
    file.write_text(file.read_text() + second)
    answer = user.run("explain", "dataset.churn.csv")
    assert answer.code == 1
    assert "`churn/dataset.churn.csv`" in answer.err
    assert user.run("explain", "other/dataset.churn.csv").code == 0
