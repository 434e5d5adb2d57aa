"""Other formats than the zip predict what the hub predicts, by the lines of their READMEs."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from auger_hub.models.exports import onnx
from auger_hub.models.exports.archive import NotExportable, reading
from auger_hub.models.exports.formats import export_as
from auger_hub.models.predict import Predictor
from tests.hub.models.conftest import IRIS, MakeModel

TRAP = "raise ImportError('an export has to do without this package')\n"


def unzip(form: str, model: Path, folder: Path, data: Path) -> Path:
    """Export a model and unpack it where importing this package fails, beside data to predict."""
    export_as(form, model, folder / "export.zip", data_path=data)
    target = folder / form
    with zipfile.ZipFile(folder / "export.zip") as archive:
        archive.extractall(target)
    (target / "auger_hub.py").write_text(TRAP)
    (target / "data.csv").write_bytes(data.read_bytes())
    return target


def run(folder: Path, program: str) -> Any:
    """Run lines of Python in the folder; return what they print as JSON."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def lines_of(folder: Path) -> str:
    """Return the lines of Python in the README."""
    readme = (folder / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", readme, re.S)
    assert found is not None
    return found[1]


def hub_predicts(model: Path, data: Path) -> list[list[Any]]:
    """Return labels and probabilities as the hub gives them."""
    table = pd.read_csv(data, dtype=str, keep_default_na=False)
    records = table.to_numpy().tolist()
    _, rows = Predictor.load(model).predict(list(table), records, 0.0, bare=True)
    return rows


@pytest.mark.slow
def test_joblib_holds_a_pipeline_that_predicts_the_same(
    make_model: MakeModel, mixed_table: Path, tmp_path: Path
) -> None:
    model = make_model(mixed_table, "yes")
    folder = unzip("joblib", model, tmp_path, mixed_table)
    more = "import json; print(json.dumps(model.predict_proba(table).tolist()))"
    shown = run(folder, f"{lines_of(folder)}\n{more}")
    wanted = [row[1:] for row in hub_predicts(model, mixed_table)]
    assert shown == pytest.approx(pd.DataFrame(wanted).to_numpy(), abs=1e-12)


@pytest.mark.parametrize("form", ["joblib", "mlflow"])
def test_the_lines_of_a_readme_keep_codes_and_others_warn(
    codes_model: Path, codes_table: Path, tmp_path: Path, form: str
) -> None:
    folder = unzip(form, codes_model, tmp_path, codes_table)
    reading = [line for line in lines_of(folder).splitlines() if "texts" in line]
    if form == "mlflow":
        load = "import sys; sys.path.insert(0, 'code'); from auger_model import pyfunc"
        load += "; model = pyfunc._load_pyfunc('model')"
        answer = "model.predict({})['y'].tolist()"
    else:
        load = "import joblib; model = joblib.load('model.joblib')"
        answer = "model.predict({}).tolist()"
    by_readme, guessed = answer.format("table"), answer.format("pd.read_csv('data.csv')")
    shown, silent, lost = run(
        folder,
        "\n".join(
            [
                "import json, warnings, pandas as pd",
                load,
                *reading,
                "with warnings.catch_warnings(record=True) as said:",
                "    warnings.simplefilter('always')",
                f"    first, before = {by_readme}, len(said)",
                f"    {guessed}",
                "print(json.dumps([first, before, [str(one.message) for one in said]]))",
            ]
        ),
    )
    wanted = hub_predicts(codes_model, codes_table)
    assert (shown, silent) == (
        [max("no", "yes", key=lambda c: r[1 + (c == "yes")]) for r in wanted],
        0,
    )
    assert any("`code` with a value that the model never met" in text for text in lost)


def test_the_lines_that_read_a_table_know_what_is_missing() -> None:
    assert reading([]) == 'table = pd.read_csv("data.csv")'
    lines = reading(["a"], ["", "-"])
    assert lines.startswith('texts = ["a"]\n')
    assert lines.endswith(
        'dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values=["", "-"])'
    )


@pytest.mark.slow
def test_joblib_of_values_is_a_regressor(
    make_model: MakeModel, mixed_table: Path, tmp_path: Path
) -> None:
    model = make_model(mixed_table, "amount", "regression", "sklearn.linear_model.Ridge")
    folder = unzip("joblib", model, tmp_path, mixed_table)
    more = (
        "import json; from sklearn.base import is_regressor; "
        "print(json.dumps([is_regressor(model), model.predict(table).tolist()]))"
    )
    is_regressor, values = run(folder, f"{lines_of(folder)}\n{more}")
    assert is_regressor
    assert values == pytest.approx([row[0] for row in hub_predicts(model, mixed_table)])


@pytest.mark.slow
def test_mlflow_finds_its_loader_and_the_loader_predicts_the_same(
    make_model: MakeModel, mixed_table: Path, tmp_path: Path
) -> None:
    model = make_model(mixed_table, "yes")
    folder = unzip("mlflow", model, tmp_path, mixed_table)
    flavor = yaml.safe_load((folder / "MLmodel").read_text())["flavors"]["python_function"]
    program = f"""
import importlib, json, sys, pandas
sys.path.insert(0, {flavor["code"]!r})  # as mlflow does
loaded = importlib.import_module({flavor["loader_module"]!r})._load_pyfunc({flavor["data"]!r})
table = loaded.predict(pandas.read_csv("data.csv"), params={{"threshold": 0.0}})
print(table.to_json(orient="values", double_precision=15))
"""
    shown = pd.DataFrame(run(folder, program))
    wanted = pd.DataFrame(hub_predicts(model, mixed_table))
    pd.testing.assert_frame_equal(shown, wanted, check_dtype=False)


def test_mlflow_is_told_which_columns_are_needed(iris_model: Path, tmp_path: Path) -> None:
    folder = unzip("mlflow", iris_model, tmp_path, IRIS)
    signature = yaml.safe_load((folder / "MLmodel").read_text())["signature"]
    assert json.loads(signature["inputs"])[0] == {
        "name": "sepal_length",
        "type": "double",
        "required": True,
    }
    environment = yaml.safe_load((folder / "conda.yaml").read_text())
    assert "mlflow" in environment["dependencies"][-1]["pip"]


def test_onnx_predicts_the_same_by_the_lines_of_its_readme(
    iris_model: Path, tmp_path: Path
) -> None:
    folder = unzip("onnx", iris_model, tmp_path, IRIS)
    more = "import json; print(json.dumps([predicted, probabilities.tolist()]))"
    predicted, probabilities = run(folder, f"{lines_of(folder)}\n{more}")
    wanted = hub_predicts(iris_model, IRIS)
    assert predicted == pd.read_csv(IRIS).assign(
        predicted=[max(zip(row[1:], ("setosa", "versicolor", "virginica"), strict=True))[1]
                   for row in wanted]
    )["predicted"].tolist()  # fmt: skip
    assert pd.DataFrame(probabilities).to_numpy() == pytest.approx(
        pd.DataFrame([row[1:] for row in wanted]).to_numpy(), abs=onnx.TOLERANCE
    )


@pytest.mark.parametrize(
    "algorithm",
    [
        "lightgbm.LGBMClassifier",
        pytest.param("sklearn.ensemble.RandomForestClassifier", marks=pytest.mark.slow),
    ],
)
def test_onnx_of_trees_is_checked_on_the_training_rows(
    make_model: MakeModel, tmp_path: Path, algorithm: str
) -> None:
    model = make_model(IRIS, "species", algorithm=algorithm)
    folder = unzip("onnx", model, tmp_path, IRIS)
    assert "checked on 120" not in (folder / "README.md").read_text()  # and on probes besides
    assert "It was checked on" in (folder / "README.md").read_text()


def test_onnx_is_refused_where_it_has_no_such_columns(
    make_model: MakeModel, mixed_table: Path, tmp_path: Path
) -> None:
    model = make_model(mixed_table, "yes")
    with pytest.raises(NotExportable, match="`text`"):
        export_as("onnx", model, tmp_path / "export.zip", data_path=mixed_table)
    assert not (tmp_path / "export.zip").exists()
    assert list(tmp_path.iterdir()) == []


def test_onnx_is_refused_when_it_predicts_something_else(
    iris_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx, "TOLERANCE", -1.0)  # nothing is as near as that
    with pytest.raises(NotExportable, match=r"differ by up to .* joblib and mlflow are"):
        export_as("onnx", iris_model, tmp_path / "export.zip", data_path=IRIS)


def test_onnx_is_refused_for_a_series(
    make_model: MakeModel, series_table: Path, tmp_path: Path
) -> None:
    model = make_model(series_table, "sales", "timeseries", "sklearn.linear_model.Ridge")
    with pytest.raises(NotExportable, match="forecast"):
        export_as("onnx", model, tmp_path / "export.zip", data_path=series_table)
