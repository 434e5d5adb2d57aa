"""A packaged model is what the pipeline is, without a pickle inside."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auger_hub.data.read import UnreadableData, read_table
from auger_hub.explain.fold_models import FoldModels
from auger_hub.models import package, predict
from auger_hub.models.package import package_model
from auger_hub.models.predict import Predictor
from auger_hub.search.pipelines.pipeline import build_pipeline, split_features_target
from auger_hub.search.preparation.prepare import make_trial_data
from auger_hub.search.task import SearchTask
from auger_hub.search.trials.trial import Candidate

from .conftest import IRIS, LOGISTIC, MakeModel, describe

CLASSIFIERS = [
    "sklearn.dummy.DummyClassifier",
    LOGISTIC,
    "sklearn.svm.SVC",
    "sklearn.ensemble.ExtraTreesClassifier",
    "lightgbm.LGBMClassifier",
    "sklearn.ensemble.HistGradientBoostingClassifier",
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
    "sklearn.neural_network.MLPClassifier",
    "sklearn.neighbors.KNeighborsClassifier",
]
REGRESSORS = [
    "sklearn.linear_model.Ridge",
    "sklearn.linear_model.ElasticNet",
    "sklearn.svm.SVR",
    "sklearn.ensemble.RandomForestRegressor",
    "lightgbm.LGBMRegressor",
]
RIDGE = "sklearn.linear_model.Ridge"
SMALL: dict[str, dict[str, Any]] = {
    "sklearn.ensemble.ExtraTreesClassifier": {"n_estimators": 10},
    "sklearn.ensemble.RandomForestRegressor": {"n_estimators": 10},
    "sklearn.neural_network.MLPClassifier": {"max_iter": 20},
    "sklearn.ensemble.HistGradientBoostingClassifier": {"max_iter": 10},
}


def most_slow(algorithms: list[str]) -> list[Any]:
    """Return the algorithms for a parameter, of which all lanes have one or two."""
    quick = (LOGISTIC, RIDGE, "lightgbm.LGBMClassifier")
    slow = pytest.mark.slow
    return [one if one in quick else pytest.param(one, marks=slow) for one in algorithms]


def ensemble(*members: str) -> dict[str, Any]:
    names = [f"{number:015X}" for number in range(len(members))]
    return {
        "pipelines": names,
        "members": [{"algorithm_name": m, "algorithm_params": {}} for m in members],
        "weights": [1.0] * len(members),
    }


@pytest.mark.parametrize("algorithm", most_slow(CLASSIFIERS))
def test_stored_classifier_predicts_what_the_pipeline_predicts(
    make_model: MakeModel, mixed_table: Path, algorithm: str
) -> None:
    folder = make_model(mixed_table, "yes", "classification", algorithm, SMALL.get(algorithm))
    assert_same_as_pipeline(folder, mixed_table)


@pytest.mark.parametrize("algorithm", most_slow(REGRESSORS))
def test_stored_regressor_predicts_what_the_pipeline_predicts(
    make_model: MakeModel, mixed_table: Path, algorithm: str
) -> None:
    folder = make_model(mixed_table, "amount", "regression", algorithm, SMALL.get(algorithm))
    assert_same_as_pipeline(folder, mixed_table)


def test_stored_ensemble_of_classifiers_predicts_what_its_pipelines_predict(
    make_model: MakeModel, mixed_table: Path
) -> None:
    kind = "sklearn.ensemble.VotingClassifier"
    params = ensemble(LOGISTIC, "lightgbm.LGBMClassifier")
    folder = make_model(mixed_table, "yes", "classification", kind, params)
    assert_same_as_pipeline(folder, mixed_table)


@pytest.mark.slow
def test_stored_ensemble_of_regressors_predicts_what_its_pipelines_predict(
    make_model: MakeModel, mixed_table: Path
) -> None:
    kind = "sklearn.ensemble.VotingRegressor"
    params = ensemble("sklearn.linear_model.Ridge", "lightgbm.LGBMRegressor")
    folder = make_model(mixed_table, "amount", "regression", kind, params)
    assert_same_as_pipeline(folder, mixed_table)


@pytest.mark.parametrize(
    "algorithm",
    ["sklearn.linear_model.Ridge", "auger_hub.search.pipelines.forecast.SeasonalNaive"],
)
def test_stored_forecaster_predicts_what_the_forecaster_predicts(
    make_model: MakeModel, series_table: Path, algorithm: str
) -> None:
    folder = make_model(series_table, "sales", "timeseries", algorithm)
    assert_same_as_pipeline(folder, series_table)


def assert_same_as_pipeline(folder: Path, table: Path) -> None:
    """Fit the same pipeline here and compare it with the stored one, on the table itself."""
    description = json.loads((folder / "model.json").read_text())
    info = description["task_info"]
    features, target, _ = split_features_target(read_table(table), info)
    params = description["algorithm_params"]
    pipeline = build_pipeline(info, description["algorithm_name"], params)
    package._fit(pipeline, features, target, threads=1)
    stored = Predictor.load(folder).model
    np.testing.assert_allclose(stored.predict(features), pipeline.predict(features), rtol=1e-9)


def test_description_says_what_goes_in_and_out(iris_model: Path) -> None:
    description = json.loads((iris_model / "model.json").read_text())
    assert description["target"] == "species"
    assert description["needed"] == ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    assert description["classes"] == ["setosa", "versicolor", "virginica"]
    assert description["rows"] == 120
    assert {"scikit-learn", "pandas", "numpy", "skops"} <= set(description["packages"])


def test_model_holds_no_pickle(iris_model: Path) -> None:
    with zipfile.ZipFile(iris_model / "model.skops") as archive:
        names = archive.namelist()
    assert all(name == "schema.json" or name.endswith((".npy", ".npz")) for name in names)


def test_model_of_unknown_types_is_not_loaded(
    iris_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "TRUSTED", [])
    with pytest.raises(Exception, match="CleanColumns"):
        Predictor.load(iris_model)


def test_model_of_unknown_types_is_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "TRUSTED", [])
    trial = {"uid": "A", "algorithm_name": LOGISTIC, "algorithm_params": {}}
    info = describe(IRIS, "species", "classification")
    with pytest.raises(ValueError, match="CleanColumns"):
        package_model(tmp_path / "model", data_path=IRIS, task_info=info, trial=trial)
    assert list(tmp_path.iterdir()) == []


def test_a_new_model_replaces_the_old_one(tmp_path: Path) -> None:
    info = describe(IRIS, "species", "classification")
    trial = {"uid": "A", "algorithm_name": LOGISTIC, "algorithm_params": {}}
    package_model(tmp_path / "model", data_path=IRIS, task_info=info, trial=trial)
    package_model(tmp_path / "model", data_path=IRIS, task_info=info, trial={**trial, "uid": "B"})
    assert json.loads((tmp_path / "model" / "model.json").read_text())["trial_id"] == "B"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_data_that_cannot_be_read_any_more_makes_no_model(tmp_path: Path) -> None:
    info = describe(IRIS, "species", "classification")
    (tmp_path / "gone.csv").touch()
    trial = {"uid": "A", "algorithm_name": LOGISTIC, "algorithm_params": {}}
    with pytest.raises(UnreadableData):
        package_model(
            tmp_path / "model", data_path=tmp_path / "gone.csv", task_info=info, trial=trial
        )
    assert not (tmp_path / "model").exists()


@pytest.mark.slow
@pytest.mark.search
@pytest.mark.parametrize("algorithm", [LOGISTIC, "lightgbm.LGBMClassifier"])
def test_a_bag_predicts_the_mean_of_the_models_of_the_folds(
    algorithm: str, mixed_table: Path, tmp_path: Path
) -> None:
    info = {**describe(mixed_table, "yes", "classification"), "deploy": "bag"}
    trial = {"uid": "0A" * 7 + "F", "algorithm_name": algorithm, "algorithm_params": {}}
    package_model(tmp_path / "model", data_path=mixed_table, task_info=info, trial=trial)
    predictor = Predictor.load(tmp_path / "model")
    task = SearchTask(
        mixed_table, info["stat_data"], info, "classification", 0, schema=info["schema"]
    )
    models = FoldModels(make_trial_data(task), Candidate.new(algorithm, {}))
    rows = models.data.features.iloc[:40]
    wanted = np.mean(
        [models.predict(fold.model, models.to_inputs(rows)) for fold in models.folds], axis=0
    )
    np.testing.assert_allclose(predictor.model.predict_proba(rows), wanted)


@pytest.mark.search
def test_a_bag_of_values_predicts_their_mean(mixed_table: Path, tmp_path: Path) -> None:
    info = {**describe(mixed_table, "amount", "regression"), "deploy": "bag"}
    trial = {"uid": "0A" * 7 + "F", "algorithm_name": RIDGE, "algorithm_params": {}}
    package_model(tmp_path / "model", data_path=mixed_table, task_info=info, trial=trial)
    predictor = Predictor.load(tmp_path / "model")
    frame, _, _ = split_features_target(read_table(mixed_table), info)
    told = predictor.model[-1].models
    clean = predictor.model[0].transform(frame)
    wanted = np.mean([model.predict(clean) for model in told], axis=0)
    assert len(told) == info["usedFolds"]
    np.testing.assert_allclose(predictor.model.predict(frame), wanted)
