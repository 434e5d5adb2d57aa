"""Dates mean to a model what they meant in its data, however a row reaches it."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.models.exports.archive import export_model
from auger_hub.models.package import package_model
from auger_hub.models.predict import Predictor
from auger_hub.models.worker import answer
from auger_hub.review.scoring import score_rows, table_of

from .conftest import MakeModel, describe

TREES = "sklearn.ensemble.ExtraTreesRegressor"
DAYS = pd.to_datetime(["2019-03-05", "2019-02-11", "2019-12-01", "2019-06-25"])
MONTHS = [30, 20, 120, 60]
FORMATS = ["%d/%m/%Y", "%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d", "%d/%m/%y"]


def by_month(path: Path, date_format: str, days: pd.DatetimeIndex | None = None) -> Path:
    """Write a table whose target is ten times the month."""
    days = pd.date_range("2018-01-01", "2020-12-31", freq="3D") if days is None else days
    frame = pd.DataFrame({"day": days.strftime(date_format), "y": days.month * 10})
    if path.suffix == ".json":
        frame.to_json(path, orient="records")
    else:
        frame.to_csv(path, index=False)
    return path


def model_of(make_model: MakeModel, table: Path) -> Path:
    return make_model(table, "y", "regression", TREES, {"n_estimators": 30})


def asked(date_format: str) -> list[list[Any]]:
    return [[text] for text in DAYS.strftime(date_format)]


def months(predictor: Predictor, texts: list[list[Any]]) -> list[float]:
    return [row[-1] for row in predictor.predict(["day"], texts, None)[1]]


@pytest.fixture(
    scope="module",
    params=[*FORMATS[:2], *(pytest.param(one, marks=pytest.mark.slow) for one in FORMATS[2:])],
)
def date_format(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(
    make_model: MakeModel, tmp_path_factory: pytest.TempPathFactory, date_format: str
) -> Path:
    return model_of(make_model, by_month(tmp_path_factory.mktemp("dates") / "t.csv", date_format))


def test_records_are_read_as_the_data_was(model: Path, date_format: str) -> None:
    predictor = Predictor.load(model)
    assert months(predictor, asked(date_format)) == pytest.approx(MONTHS, abs=3)
    assert months(predictor, asked(date_format)[:1]) == pytest.approx(MONTHS[:1], abs=3)


def test_iso_dates_are_understood_by_every_model(model: Path) -> None:
    assert months(Predictor.load(model), asked("%Y-%m-%d")) == pytest.approx(MONTHS, abs=3)


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_a_file_is_predicted_like_its_records(
    model: Path, date_format: str, tmp_path: Path, suffix: str
) -> None:
    predictor = Predictor.load(model)
    # no day after the twelfth: the file does not tell by itself what its dates are
    days = DAYS[:3]
    source = by_month(tmp_path / f"ask{suffix}", date_format, days)
    request = {"id": 1, "file": str(source), "to": str(tmp_path / "p.csv")}
    assert answer(predictor, json.dumps(request)) == {"id": 1, "count": 3, "notices": []}
    np.testing.assert_allclose(
        pd.read_csv(tmp_path / "p.csv")["y_predicted"], months(predictor, asked(date_format)[:3])
    )


def test_a_file_is_scored_by_what_is_predicted(
    model: Path, date_format: str, tmp_path: Path
) -> None:
    predictor = Predictor.load(model)
    source = by_month(tmp_path / "truth.csv", date_format, DAYS[:3])
    assert score_rows(predictor, *table_of(source))["scores"]["r2"] > 0.98


@pytest.mark.slow
def test_an_export_reads_dates_as_the_hub_does(make_model: MakeModel, tmp_path: Path) -> None:
    model = model_of(make_model, by_month(tmp_path / "t.csv", "%d/%m/%Y"))
    export_model(model, tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        archive.extractall(tmp_path / "exported")
    by_month(tmp_path / "ask.csv", "%d/%m/%Y", DAYS[:3])
    command = [sys.executable, "client.py", f"--path_to_predict={tmp_path / 'ask.csv'}"]
    subprocess.run(command, cwd=tmp_path / "exported", check=True, timeout=60)
    predicted = pd.read_csv(tmp_path / "ask_predicted.csv")["y_predicted"]
    np.testing.assert_allclose(predicted, months(Predictor.load(model), asked("%d/%m/%Y")[:3]))


def test_dates_of_json_are_read_as_those_of_csv(make_model: MakeModel, tmp_path: Path) -> None:
    model = model_of(make_model, by_month(tmp_path / "t.json", "%d-%m-%Y"))
    assert months(Predictor.load(model), asked("%d-%m-%Y")) == pytest.approx(MONTHS, abs=3)


def test_newer_data_is_read_as_the_data_of_the_run(tmp_path: Path) -> None:
    info = describe(by_month(tmp_path / "t.csv", "%d/%m/%Y"), "y", "regression")
    early = pd.DatetimeIndex([f"2021-{month}-{day}" for month in range(1, 13) for day in (2, 9)])
    newer = by_month(tmp_path / "newer.csv", "%d/%m/%Y", early)
    trial = {"uid": "A", "algorithm_name": TREES, "algorithm_params": {"n_estimators": 30}}
    package_model(tmp_path / "model", data_path=newer, task_info=info, trial=trial)
    found = months(Predictor.load(tmp_path / "model"), [["05/03/2021"], ["01/12/2021"]])
    assert found == pytest.approx([30, 120], abs=3)


def test_a_model_made_before_formats_were_kept_still_predicts(
    make_model: MakeModel, tmp_path: Path
) -> None:
    model = model_of(make_model, by_month(tmp_path / "t.csv", "%m/%d/%Y"))
    description = json.loads((model / "model.json").read_text())
    del description["schema"]
    (model / "model.json").write_text(json.dumps(description))
    assert months(Predictor.load(model), asked("%m/%d/%Y")) == pytest.approx(MONTHS, abs=3)
