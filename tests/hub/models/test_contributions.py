"""What columns contribute to a prediction sums up to it, and equals the library's own values."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from auger_hub.models.contributions import contribute
from auger_hub.models.predict import BadInput, Predictor
from auger_hub.models.predict_file import FilePredictor
from auger_hub.search.columns import names_of

from .conftest import IRIS, MakeModel

LIGHTGBM = {"classification": "lightgbm.LGBMClassifier", "regression": "lightgbm.LGBMRegressor"}
ROW = ["5.1", "3.5", "1.4", "0.2"]


def frame_of(predictor: Predictor, path: Path) -> pd.DataFrame:
    """Return typed rows of the file, as a prediction types them."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return predictor.type_values({name: table[name] for name in predictor.needed})


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("yes", "classification"),
        pytest.param("amount", "regression", marks=pytest.mark.slow),
    ],
)
def test_trees_tell_lightgbms_own_contributions_of_each_column(
    make_model: MakeModel, mixed_table: Path, target: str, kind: str
) -> None:
    model = make_model(mixed_table, target, kind, LIGHTGBM[kind])
    predictor = Predictor.load(model)
    frame = frame_of(predictor, mixed_table)
    found = contribute(predictor.model, frame, None, predictor.kinds)
    assert found is not None
    pipeline = predictor.model
    made = pipeline["features"].transform(pipeline["clean"].transform(frame))
    own = pipeline[-1].predict(made, pred_contrib=True)
    features = pipeline["features"]
    given = next(given for step, _, given in features.transformers_ if step == "number")
    names = names_of(features, given)
    made_at = features.output_indices_["number"].start + names.index("number")
    place = list(predictor.needed).index("number")
    assert found.values[:, place] == pytest.approx(own[:, made_at], abs=1e-9)
    raw = pipeline[-1].predict(made, raw_score=True)
    assert found.expected + found.values.sum(axis=1) == pytest.approx(raw, abs=1e-9)
    assert found.predicted == pytest.approx(raw, abs=1e-9)
    assert np.abs(found.values).sum(axis=0).argmax() in (0, 1)  # number and code make the target


def test_of_more_classes_the_predicted_one_is_explained(make_model: MakeModel) -> None:
    predictor = Predictor.load(make_model(IRIS, "species", algorithm=LIGHTGBM["classification"]))
    frame = frame_of(predictor, IRIS)
    found = contribute(predictor.model, frame, None, predictor.kinds)
    assert found is not None
    assert found.classes is not None
    chosen = predictor.answer(frame).argmax(axis=1)
    assert found.classes.tolist() == chosen.tolist()
    made = predictor.model[:-1].transform(frame)
    raw = predictor.model[-1].predict(made, raw_score=True)[np.arange(len(frame)), chosen]
    assert found.expected + found.values.sum(axis=1) == pytest.approx(raw, abs=1e-9)


@pytest.mark.parametrize(
    ("target", "kind", "algorithm"),
    [
        pytest.param(
            *("yes", "classification", "sklearn.linear_model.LogisticRegression"),
            marks=pytest.mark.slow,
        ),
        ("amount", "regression", "sklearn.linear_model.Ridge"),
    ],
)
def test_sampled_contributions_sum_up_to_the_prediction(
    make_model: MakeModel, mixed_table: Path, target: str, kind: str, algorithm: str
) -> None:
    predictor = Predictor.load(make_model(mixed_table, target, kind, algorithm))
    frame = frame_of(predictor, mixed_table).head(20)
    found = contribute(predictor.model, frame, predictor.background, predictor.kinds)
    assert found is not None
    answer = predictor.answer(frame)
    wanted = answer if answer.ndim == 1 else answer[:, 1]
    assert found.predicted == pytest.approx(wanted, abs=1e-12)
    assert found.expected + found.values.sum(axis=1) == pytest.approx(wanted, abs=1e-9)


def test_what_a_linear_model_adds_for_a_column_is_its_contribution(tmp_path: Path) -> None:
    from sklearn.linear_model import LinearRegression

    random = np.random.default_rng(0)
    table = pd.DataFrame(random.normal(size=(50, 3)), columns=["a", "b", "c"])
    model = LinearRegression().fit(table, 3 * table["a"] - 2 * table["b"])
    found = contribute(model, table.head(5), table, {})
    assert found is not None
    middle = table.head(50).mean()
    wanted = (table.head(5) - middle) * [3.0, -2.0, 0.0]
    assert found.values == pytest.approx(wanted.to_numpy(), abs=1e-9)  # Shapley's own values


def test_a_model_of_an_older_hub_tells_that_it_does_not_explain(iris_model: Path) -> None:
    predictor = Predictor.load(iris_model)
    predictor.explains, predictor.background = True, None
    _, rows = predictor.predict(list(predictor.needed), [ROW], None, bare=True)
    assert rows[0][1:] == [None] * (1 + len(predictor.needed))
    assert [one.code for one in predictor.notices] == ["not-explained"]


def test_contributions_are_columns_of_a_prediction(iris_model: Path) -> None:
    predictor = Predictor.load(iris_model)
    predictor.explains = True
    columns, rows = predictor.predict(list(predictor.needed), [ROW], 0.5, bare=True)
    told = dict(zip(columns, rows[0], strict=True))
    shares = [told[f"contribution_{name}"] for name in predictor.needed]
    assert told["expected_value"] + sum(shares) == pytest.approx(told["proba_setosa"], abs=1e-9)
    assert [one.code for one in predictor.notices] == ["threshold-ignored", "explained-as"]


def test_a_file_gets_the_same_contributions_as_its_records(
    iris_model: Path, tmp_path: Path
) -> None:
    predictor = Predictor.load(iris_model)
    predictor.explains = True
    (tmp_path / "rows.csv").write_text(f"{','.join(predictor.needed)}\n{','.join(ROW)}\n")
    FilePredictor(predictor).predict(tmp_path / "rows.csv", tmp_path / "out.csv")
    told = pd.read_csv(tmp_path / "out.csv").iloc[0]
    columns, rows = predictor.predict(list(predictor.needed), [ROW], None, bare=True)
    assert told[columns].tolist() == rows[0]


def test_a_forecast_is_not_explained_row_by_row(make_model: MakeModel, series_table: Path) -> None:
    model = make_model(series_table, "sales", "timeseries", "sklearn.linear_model.Ridge")
    predictor = Predictor.load(model)
    predictor.explains = True
    with pytest.raises(BadInput, match="goes by the values before"):
        predictor.predict(["day"], [["2020-05-20"]], None)


def test_a_model_of_before_asks_to_be_deployed_again(iris_model: Path) -> None:
    predictor = Predictor.load(iris_model)
    predictor.background, predictor.explains = None, True
    columns, rows = predictor.predict(list(predictor.needed), [ROW], None, bare=True)
    assert dict(zip(columns, rows[0], strict=True))["expected_value"] is None
    assert "deploy it again" in predictor.notices[0].text
