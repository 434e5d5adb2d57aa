"""A hub of the tests' own, and copies of the examples to run on it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.hub.shared import start_shared_hub

EXAMPLES = Path(__file__).parents[2] / "examples"
TRIALS = 3  # what is tested is the road, not how far a long search gets


@dataclass(frozen=True)
class Copy:
    """A folder with a copy of an example, and the surroundings of its commands."""

    folder: Path
    environ: Mapping[str, str]

    @property
    def file(self) -> Path:
        """Its auger.yaml."""
        return self.folder / "auger.yaml"

    def auger(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Type a command in the folder."""
        return subprocess.run(
            [sys.executable, "-m", "auger_reconcile", *arguments],
            cwd=self.folder,
            env=dict(self.environ),
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    def find_exit_code_of_plan(self) -> int:
        """Return 0 when the hub is what the file says, 2 when there is something to do."""
        return self.auger("plan", "--detailed-exitcode").returncode

    def plan(self) -> Any:
        """Return the plan as its JSON form has it."""
        return json.loads(self.auger("--json", "plan").stdout)

    def replace(self, old: str, new: str) -> None:
        """Change the file."""
        text = self.file.read_text(encoding="utf-8")
        assert old in text
        self.file.write_text(text.replace(old, new), encoding="utf-8")

    def predict(self) -> list[dict[str, str]]:
        """Ask the deployed model about the rows that were held out; return them predicted."""
        (model,) = json.loads(self.auger("--json", "model", "list").stdout)
        done = self.auger("model", "predict", "holdout.csv", "--model-id", model["id"])
        assert done.returncode == 0, done.stderr
        return read_rows(self.folder / "holdout_predicted.csv")


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def surroundings(hub_lane: None, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Environment variables with a home of their own, and the hub that all tests share."""
    home = tmp_path_factory.mktemp("home")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUGER")}
    return {**kept, "HOME": str(home), "AUGER_HUB_HOME": str(start_shared_hub().home)}


@pytest.fixture(scope="module")
def own_surroundings(
    surroundings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, str]]:
    """The same with a hub of their own, which may be stopped."""
    environ = {**surroundings, "AUGER_HUB_HOME": str(tmp_path_factory.mktemp("own") / "hub")}
    yield environ
    command = [sys.executable, "-m", "auger_reconcile", "hub", "stop"]
    subprocess.run(command, env=environ, capture_output=True, timeout=60, check=True)


def copy_example(name: str, to: Path, environ: Mapping[str, str]) -> Copy:
    """Return a copy of an example whose search is short."""
    copy = Copy(Path(shutil.copytree(EXAMPLES / name, to / name)), environ)
    copy.replace("max_n_trials: 12", f"max_n_trials: {TRIALS}")
    return copy


@pytest.fixture(scope="session")
def iris(surroundings, tmp_path_factory) -> Copy:
    """The example iris, not applied yet by anybody."""
    copy = copy_example("iris", tmp_path_factory.mktemp("iris"), surroundings)
    copy.replace("cross_validation_folds: 5", "cross_validation_folds: 3")
    return copy


@pytest.fixture(scope="session")
def applied_iris(iris) -> Copy:
    """The example iris on the hub, as its file says."""
    assert iris.find_exit_code_of_plan() == 2
    done = iris.auger("apply", "--auto-approve")
    assert done.returncode == 0, done.stderr
    return iris


@pytest.fixture
def changed_iris(applied_iris, tmp_path) -> Copy:
    """A copy of the applied example that a test may change."""
    folder = Path(shutil.copytree(applied_iris.folder, tmp_path / "iris"))
    return Copy(folder, applied_iris.environ)


@pytest.fixture(scope="session")
def applied_regression(surroundings, tmp_path_factory) -> Copy:
    """The example regression on the hub, as its file says."""
    copy = copy_example("regression", tmp_path_factory.mktemp("regression"), surroundings)
    done = copy.auger("apply", "--auto-approve")
    assert done.returncode == 0, done.stderr
    return copy
