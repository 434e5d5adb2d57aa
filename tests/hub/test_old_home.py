"""A home of the version before the hub was a package of its own opens, and all in it works.

`old_home/home.zip` was made by it: an iris run and one of a series, whose trials and models name
classes by `auger_reconcile.hub.search`, three deployed models and an export.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from auger_hub.models.exports.archive import export_model
from auger_hub.models.predict import Predictor
from auger_hub.processes import daemon
from auger_hub.settings import HubSettings
from tests.hub.client import connect

HOME = Path(__file__).parent / "old_home" / "home.zip"
FLOWERS = "6A1819560FAF2B2"
RIDGE, NAIVE = "6825A72105BE377", "8B1544A3D08E327"
SUPPORT_VECTORS = "C34EBE7342D5E60"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with zipfile.ZipFile(HOME) as archive:
        archive.extractall(tmp_path / "hub")
    return tmp_path / "hub"


@pytest.mark.slow
@pytest.mark.parametrize(("model", "first"), [(RIDGE, 137.137), (NAIVE, 133.682)])
def test_a_model_that_was_stored_then_predicts_as_it_did(
    home: Path, model: str, first: float
) -> None:
    predictor = Predictor.load(home / "models" / model)
    _, rows = predictor.predict(["day"], [["2020-04-01"], ["2020-04-02"]], None)
    assert rows[0][-1] == pytest.approx(first, abs=0.001)


@pytest.mark.slow
def test_a_model_that_was_stored_then_can_be_exported(home: Path, tmp_path: Path) -> None:
    export_model(home / "models" / NAIVE, tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        archive.extractall(tmp_path / "exported")
    (tmp_path / "days.csv").write_text("day\n2020-04-01\n2020-04-02\n")
    command = [sys.executable, "client.py", f"--path_to_predict={tmp_path / 'days.csv'}"]
    subprocess.run(command, cwd=tmp_path / "exported", check=True, capture_output=True)
    assert "133.682" in (tmp_path / "days_predicted.csv").read_text()


def test_a_hub_opens_the_home_and_goes_on_with_it(own_hub: HubSettings, home: Path) -> None:
    daemon.start(own_hub)
    hub = connect(own_hub)
    assert {project["name"] for project in hub.get("/projects")} >= {"iris", "series"}
    naive = hub.get(f"/trials/{NAIVE}")
    assert naive["raw_data"]["algorithm_name"].endswith(".SeasonalNaive")
    project = hub.get(f"/pipelines/{FLOWERS}")["project_id"]
    hub.patch(f"/projects/{project}/deploy")
    hub.wait("Project", project, "running", seconds=120)
    hub.post("/pipelines", trial_id=SUPPORT_VECTORS)
    hub.wait("Pipeline", SUPPORT_VECTORS, "ready", seconds=120)


def test_the_old_name_of_the_program_starts_the_hub() -> None:
    command = [sys.executable, "-m", "auger_reconcile.hub", "--help"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "serve" in done.stdout
