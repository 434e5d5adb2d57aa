"""What is told of data is told in every place alike: plan, apply, board, page, JSON and Python.

`AUGER_DEFECTS` says how many of the defects are tried; the soak asks for all of them.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from auger_hub.data.profile import profile_file
from auger_reconcile.api import Context, DataSet, Experiment
from auger_reconcile.cli.main import main
from tests.api.live_hub import LiveHub, start_hub
from tests.hub.data.defects import DEFECTS, Defect
from tests.hub.pages.conftest import Browser, texts_of

SEARCH = {"max_n_trials": 1, "cross_validation_folds": 2, "use_ensemble": False}
_LINE = re.compile(r"^((?:dataset|experiment)\.\S+): notice: (.*)$", re.MULTILINE)

Texts = dict[str, Counter[str]]


@dataclass(frozen=True)
class Place:
    """A folder with data and auger.yaml on a hub."""

    folder: Path
    hub: LiveHub
    capsys: pytest.CaptureFixture[str]

    def run(self, *command: str) -> str:
        """Return what a command writes, the results and the rest."""
        self.capsys.readouterr()
        code = main(command)
        written = self.capsys.readouterr()
        assert code == 0, (command, written)
        return written.out if "--json" in command else written.out + written.err

    def open(self) -> Context:
        return Context(self.folder, environ=self.hub.environ, home=self.folder)


@pytest.fixture(scope="session")
def hub(hub_lane: None) -> LiveHub:
    return start_hub()


@pytest.fixture(scope="session")
def browser(hub: LiveHub) -> Iterator[Browser]:
    with requests.Session() as session:
        visitor = Browser(hub.url, session)
        assert visitor.post("/log-in", {"user": hub.username, "password": hub.password}).ok
        yield visitor


@pytest.fixture
def place(
    hub: LiveHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Place:
    for name in [name for name in os.environ if name.startswith("AUGER_H")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Place(folder, hub, capsys)


def declare(place: Place, data: dict[str, str | bytes], runs: dict[str, dict[str, Any]]) -> None:
    """Write files, and an auger.yaml with them and the experiments."""
    for name, content in data.items():
        written = content.encode() if isinstance(content, str) else content
        (place.folder / name).write_bytes(written)
    declared = {
        "name": f"n-{uuid4().hex[:8]}",
        "datasets": {name: {"source": name} for name in data},
        "experiments": {name: {**SEARCH, **settings} for name, settings in runs.items()},
    }
    (place.folder / "auger.yaml").write_text(json.dumps(declared), encoding="utf-8")


def told_in_text(text: str) -> Texts:
    """Return what was told of each address."""
    found: Texts = {}
    for address, told in _LINE.findall(text):
        found.setdefault(address, Counter())[told] += 1
    return found


def texts(notices: Sequence[Any]) -> Counter[str]:
    return Counter(one["text"] if isinstance(one, dict) else one.text for one in notices)


def in_apply(place: Place) -> tuple[Texts, Texts]:
    """Apply, half of it as people do and half as programs do; return what both are told."""
    names = sorted(one.name for one in place.folder.glob("*.csv"))
    half = [f"--target=dataset.{name}" for name in names[::2]]
    for_people = told_in_text(place.run("apply", "--auto-approve", *half))
    events = place.run("apply", "--auto-approve", "--wait", "--json")
    for_programs = {
        event["address"]: texts(event["notices"])
        for event in map(json.loads, events.splitlines())
        if event.get("notices")
    }
    return for_people, for_programs


def in_plan(place: Place) -> Texts:
    """Return what a plan that has nothing to do tells: as JSON, and in the terminal the same."""
    told: Texts = {}
    for one in json.loads(place.run("plan", "--json"))["notices"]:
        told.setdefault(one["address"], Counter())[one["text"]] += 1
    shown = told_in_text(place.run("plan"))
    assert all(told[address] >= found for address, found in shown.items())
    assert {at for at in told if at.startswith("dataset.")} <= shown.keys()
    return told


SAMPLE = int(os.environ.get("AUGER_DEFECTS", "12"))
SOME = DEFECTS[:: max(1, len(DEFECTS) // SAMPLE)]
TOGETHER = 10  # of which a terminal shows all: it shows twenty notices of a plan
GROUPS = [SOME[start : start + TOGETHER] for start in range(0, len(SOME), TOGETHER)]
BOARDS = 1  # run of each group, which repeats what was told of its data


def run_on(name: str, statistics: dict[str, Any]) -> dict[str, Any] | None:
    """Return the settings of a run on the last column of a table, None where it has one only."""
    columns = statistics["schema"]["columns"]
    if len(columns) < 2:
        return None
    kind = "regression" if columns[-1]["type"] == "number" else "classification"
    return {"dataset": name, "target": columns[-1]["name"], "model_type": kind}


@pytest.mark.slow
@pytest.mark.skipif("AUGER_DEFECTS" not in os.environ, reason="for the soak: minutes of searches")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("defects", GROUPS, ids=range(len(GROUPS)))
def test_a_defect_of_data_is_told_in_all_places(
    place: Place, browser: Browser, defects: Sequence[Defect]
) -> None:
    data = {f"d{n}.csv": defect.text for n, defect in enumerate(defects)}
    declare(place, data, {})
    statistics = {name: profile_file(place.folder / name) for name in data}
    all_runs = {f"e{n}": run_on(name, statistics[name]) for n, name in enumerate(data)}
    kinds = {defect.codes: f"e{n}" for n, defect in enumerate(defects) if all_runs[f"e{n}"]}
    runs = {name: all_runs[name] or {} for name in sorted(kinds.values())[:BOARDS]}
    declare(place, data, runs)
    expected = {f"dataset.{name}": texts(found["notices"]) for name, found in statistics.items()}
    codes = [sorted(one["code"] for one in found["notices"]) for found in statistics.values()]
    assert codes == [sorted(defect.codes) for defect in defects]

    for_people, for_programs = in_apply(place)
    of_data = {at: told for at, told in for_programs.items() if at.startswith("dataset.")}
    assert {**for_people, **of_data} == expected
    planned = in_plan(place)
    assert {at: told for at, told in planned.items() if at.startswith("dataset.")} == expected

    codes_of_data = {one["code"] for found in statistics.values() for one in found["notices"]}
    with place.open() as context:
        for name in data:
            one = DataSet(context, dataset_name=name)
            assert texts(one.notices) == expected[f"dataset.{name}"]
            page = texts_of(browser.get(f"/datasets/{one.properties()['id']}").text)
            assert all(text in page for text in expected[f"dataset.{name}"])
        for name, run in runs.items():
            (found,) = Experiment(context, experiment_name=name).history()
            board = Experiment(context, experiment_name=name).board(found["id"])
            wanted = expected[f"dataset.{run['dataset']}"]
            of_run = [one for one in found["notices"] if one["code"] in codes_of_data]
            assert texts(of_run) == wanted
            assert texts(board.account.notices) == texts(found["notices"])
            assert planned[f"experiment.{name}"] == texts(found["notices"])
            shown = place.run("experiment", "leaderboard", found["id"])
            assert all(f"notice: {text}" in shown for text in texts(found["notices"]))
