"""An export predicts what the hub predicts, with this package out of reach (§2.14)."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from auger_hub.models.exports.archive import export_model
from auger_hub.models.predict import Predictor
from auger_hub.models.predict_file import FilePredictor
from tests.hub.models.conftest import MakeModel

TRAP = "raise ImportError('an export has to do without this package')\n"


def unzip(model: Path, folder: Path) -> Path:
    """Export a model and unpack it where importing this package fails."""
    export_model(model, folder / "export.zip")
    with zipfile.ZipFile(folder / "export.zip") as archive:
        archive.extractall(folder / "exported")
    (folder / "exported" / "auger_reconcile.py").write_text(TRAP)
    return folder / "exported"


def run_client(exported: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "client.py", *arguments],
        cwd=exported,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_predicts_as_the_hub(exported: Path, model: Path) -> None:
    answer = run_client(exported, "--path_to_predict=data.csv")
    assert (answer.returncode, answer.stderr) == (0, "")
    FilePredictor(Predictor.load(model)).predict(exported / "data.csv", exported / "hub.csv")
    predicted = exported / "data_predicted.csv"
    assert predicted.read_bytes() == (exported / "hub.csv").read_bytes()


def test_export_predicts_what_the_hub_predicts(
    make_model: MakeModel, mixed_table: Path, tmp_path: Path
) -> None:
    model = make_model(mixed_table, "yes")
    exported = unzip(model, tmp_path)
    (tmp_path / "data.csv").write_bytes(mixed_table.read_bytes())
    answer = run_client(exported, f"--path_to_predict={tmp_path / 'data.csv'}", "--threshold=0.3")
    assert (answer.returncode, answer.stderr) == (0, "")
    FilePredictor(Predictor.load(model), 0.3).predict(mixed_table, tmp_path / "hub.csv")
    predicted = tmp_path / "data_predicted.csv"
    assert predicted.read_bytes() == (tmp_path / "hub.csv").read_bytes()


@pytest.mark.slow
def test_exported_forecaster_carries_its_own_class(
    make_model: MakeModel, series_table: Path, tmp_path: Path
) -> None:
    model = make_model(series_table, "sales", "timeseries", "sklearn.linear_model.Ridge")
    exported = unzip(model, tmp_path)
    (exported / "data.csv").write_text("day\n2020-05-20\n2020-05-21\n")
    assert_predicts_as_the_hub(exported, model)


@pytest.mark.slow
def test_exported_models_of_single_series_need_none_of_what_fitted_them(
    make_model: MakeModel, panel_table: Path, tmp_path: Path
) -> None:
    smoothing = "auger_hub.search.pipelines.classical.ExponentialSmoothing"
    options = {"series": ["store"], "horizon": 7, "timeSeriesFeatures": ["day"]}
    model = make_model(panel_table, "sold", "timeseries", smoothing, {"trend": "none"}, **options)
    exported = unzip(model, tmp_path)
    assert "statsmodels" not in (exported / "requirements.txt").read_text()
    (exported / "data.csv").write_text("day,store,price\n2024-04-20,1,2\n2024-03-29,2,1\n")
    assert_predicts_as_the_hub(exported, model)


@pytest.mark.slow
def test_client_says_what_is_wrong_without_a_traceback(iris_model: Path, tmp_path: Path) -> None:
    exported = unzip(iris_model, tmp_path)
    (exported / "data.csv").write_text("sepal_length\n1\n")
    answer = run_client(exported, "--path_to_predict=data.csv")
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: The model needs columns")
    assert "Traceback" not in answer.stderr
    assert not (exported / "data_predicted.csv").exists()
    answer = run_client(exported, "--path_to_predict=nowhere.csv")
    assert (answer.returncode, answer.stderr) == (1, "error: There is no file `nowhere.csv`.\n")


def test_export_holds_what_the_contract_names(iris_model: Path, tmp_path: Path) -> None:
    export_model(iris_model, tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        names = set(archive.namelist())
        requirements = archive.read("requirements.txt").decode().splitlines()
        sources = [archive.read(name).decode() for name in names if name.endswith(".py")]
    assert {"client.py", "README.md", "requirements.txt", "model/options.json"} <= names
    assert all("==" in line for line in requirements)
    assert {line.split("==")[0] for line in requirements} >= {"scikit-learn", "skops", "pandas"}
    imports = re.compile(r"^\s*(?:from|import) auger_(?:hub|reconcile)", re.M)
    assert not any(imports.search(source) for source in sources)


def test_failed_export_leaves_nothing_behind(tmp_path: Path, iris_model: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "model.json").write_bytes((iris_model / "model.json").read_bytes())
    with pytest.raises(FileNotFoundError):
        export_model(broken, tmp_path / "export.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]
