"""Columns without a name are called by their places; a model knows its own wherever they stand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from auger_hub.models.evaluate import evaluate, to_table
from auger_hub.models.predict import BadInput, Predictor
from auger_hub.models.predict_file import FilePredictor

from .conftest import MakeModel

RIDGE = "sklearn.linear_model.Ridge"


@pytest.fixture(scope="module")
def predictor(make_model: MakeModel, tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """Return a model of a table with the header `y,,,b`: y is 20 times the first without a name."""
    random = np.random.default_rng(0)
    one, two, b = random.random((3, 80)).round(3)
    path = tmp_path_factory.mktemp("nameless") / "data.csv"
    rows = np.column_stack([(20 * one + b).round(3), one, two, b]).tolist()
    path.write_text("\n".join(["y,,,b", *(",".join(map(str, row)) for row in rows)]) + "\n")
    return Predictor.load(make_model(path, "y", "regression", RIDGE, {"alpha": 0.001}))


@pytest.mark.parametrize(
    "header", [["", "", "b"], ["Unnamed: 1", "Unnamed: 2", "b"], ["Unnamed: 0", "Unnamed: 1", "b"]]
)
def test_without_the_target_they_are_those_of_before_in_their_order(
    predictor: Predictor, header: list[str]
) -> None:
    _, ((answer,),) = predictor.predict(header, [[0.5, 0.9, 0.25]], None, bare=True)
    assert answer == pytest.approx(10.25, abs=0.1)


def test_a_file_and_actuals_are_read_likewise(predictor: Predictor, tmp_path: Path) -> None:
    path = tmp_path / "asked.csv"
    path.write_text(",,b\n0.5,0.9,0.25\n0.1,0.9,0.5\n")
    FilePredictor(predictor, None).predict(path, tmp_path / "answered.csv")
    answered = pd.read_csv(tmp_path / "answered.csv")
    assert answered["y"].tolist() == pytest.approx([10.25, 2.5], abs=0.1)
    table = to_table(predictor, ["", "", "b", "y"], [[0.5, 0.9, 0.25, 10.25], [0.1, 0.9, 0.5, 2.5]])
    assert evaluate(predictor, table).scores["r2"] > 0.99


def test_what_stands_behind_them_is_left_alone(predictor: Predictor) -> None:
    header = ["y", "", "", "b", ""]
    _, ((answer,),) = predictor.predict(header, [[0, 0.5, 0.9, 0.25, 7]], None, bare=True)
    assert answer == pytest.approx(10.25, abs=0.1)


@pytest.mark.parametrize("header", [["", "b"], ["", "", "", "b"]])
def test_which_is_which_is_not_guessed(predictor: Predictor, header: list[str]) -> None:
    with pytest.raises(BadInput, match=r"which is which cannot be told.*`Unnamed: 1`"):
        predictor.predict(header, [[0.5] * len(header)], None)
