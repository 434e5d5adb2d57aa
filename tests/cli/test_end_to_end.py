"""The whole road in processes of its own: `auger` against the real local hub."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.hub, pytest.mark.slow]
IRIS = Path(__file__).parents[2] / "examples" / "iris"
SMALL = {
    "max_n_trials: 12": "max_n_trials: 2",
    "cross_validation_folds: 5": "cross_validation_folds: 2",
    "use_ensemble: true": "use_ensemble: false",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of examples/iris with a small search, beside a home folder; its hub ends with it."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "home").mkdir()
    shutil.copytree(IRIS, folder / "iris")
    file = folder / "iris" / "auger.yaml"
    text = file.read_text()
    for before, after in SMALL.items():
        assert before in text
        text = text.replace(before, after)
    file.write_text(text)
    yield folder
    run(folder, "hub", "stop")


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `auger` as the user of a place."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUGER")}
    home = str(place / "home")
    return subprocess.run(
        [sys.executable, "-m", "auger_reconcile", *arguments],
        cwd=place / "iris",
        env={**kept, "HOME": home, "AUGER_HUB_HOME": f"{home}/hub"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


def events_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_iris_goes_from_nothing_to_a_model_and_back(place: Path) -> None:
    planned = run(place, "plan", "--detailed-exitcode")
    assert planned.returncode == 2, planned.stderr
    assert "at the local hub (http://127.0.0.1:" in planned.stdout
    assert "Plan: 4 to create, 2 to start," in planned.stdout

    refused = run(place, "apply")
    assert refused.returncode == 1
    assert "--auto-approve" in refused.stderr

    applied = run(place, "apply", "--auto-approve")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "Applied 6 of 6 actions." in applied.stdout
    assert "project.iris: started after" in applied.stderr

    settled = run(place, "plan", "--detailed-exitcode")
    assert (settled.returncode, settled.stdout) == (0, "No changes. The hub matches auger.yaml.\n")

    again = events_of(run(place, "apply", "--json"))
    assert [event["event"] for event in again] == ["planned", "finished"]

    status = json.loads(run(place, "hub", "status", "--json").stdout)
    assert (status["running"], status["projects"], status["runs"]) == (True, 1, 1)

    gone = run(place, "destroy", "--auto-approve", "--json")
    assert gone.returncode == 0, gone.stdout
    told = events_of(gone)[-1]
    assert isinstance(told.pop("record"), int)  # of this apply among those that the hub keeps
    assert told == {
        "event": "finished",
        "applied": 4,
        "failed": 0,
        "skipped": 0,
        "interrupted": False,
        "complete": True,
        "remembered": [],
        "notices": [],
    }
    assert run(place, "plan", "--detailed-exitcode").returncode == 2


def test_the_hub_is_asked_by_its_commands(place: Path) -> None:
    assert "the local hub at http://127.0.0.1:" in run(place, "hub", "start").stdout
    added = json.loads(run(place, "hub", "user", "add", "anna", "--json").stdout)
    assert {"username", "password", "token", "organization", "role", "ended"} == added.keys()
    listed = run(place, "hub", "user", "list").stdout
    assert "anna" in listed
    assert added["password"] not in listed
    assert run(place, "hub", "user", "revoke", "anna").returncode == 0
    assert "(revoked)" in run(place, "hub", "user", "list").stdout
    nobody = run(place, "hub", "user", "revoke", "nobody")
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert run(place, "hub", "logs", "-n", "1").returncode == 0
    assert run(place, "hub", "stop").stdout == "Stopped the local hub.\n"
    assert run(place, "hub", "stop").stdout == "The local hub does not run.\n"
    assert "does not run" in run(place, "hub", "status").stdout
