from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline

from auger_hub.search.pipelines.bag import FEW_ROWS, bag_of, without_frames
from auger_hub.search.pipelines.pipeline import build_pipeline, split_features_target
from auger_hub.search.preparation.prepare import describe_task
from tests.hub.search.tables import mixed, task_for

pytestmark = pytest.mark.search

EXACT = 1e-12
COUNTS = (1, 7, FEW_ROWS + 20)
TREES = {"n_estimators": 8}
NETS = {"max_iter": 200}
# One algorithm of each family, and the choices that prepare columns in another way.
CLASSIFIERS: dict[str, tuple[str, dict[str, Any]]] = {
    "boosting": ("lightgbm.LGBMClassifier", TREES),
    "boosting of codes": (
        "lightgbm.LGBMClassifier",
        {**TREES, "preprocessing": {"categories": "native"}},
    ),
    "native": ("catboost.CatBoostClassifier", TREES),
    "trees": ("sklearn.ensemble.ExtraTreesClassifier", TREES),
    "forest": ("sklearn.ensemble.RandomForestClassifier", TREES),
    "target encoding": (
        "sklearn.ensemble.RandomForestClassifier",
        {**TREES, "preprocessing": {"categories": "target"}},
    ),
    "linear": ("sklearn.linear_model.LogisticRegression", NETS),
    "quantiles": (
        "sklearn.linear_model.LogisticRegression",
        {**NETS, "preprocessing": {"scaler": "quantile"}},
    ),
}
ALIKE = ("boosting of codes", "forest", "target encoding", "quantiles")
"""To boosting, trees and linear, which stand for them in the fast lane."""
REGRESSORS = {
    "trees": ("sklearn.ensemble.ExtraTreesRegressor", TREES),
    "forest": ("sklearn.ensemble.RandomForestRegressor", TREES),
    "linear": ("sklearn.linear_model.Ridge", {}),
}


def models_of_folds(
    folder: Path, target: str, model_type: str, algorithm: tuple[str, dict[str, Any]]
) -> list[Pipeline]:
    """Fit three pipelines on other rows each: a fold lacks a category, another a gap."""
    table = mixed()
    info = describe_task(task_for(folder, table, target, model_type))
    models = []
    for fold in range(3):
        rows = table[np.arange(len(table)) % 3 != fold]
        rows = rows[rows.city != "Łódź"] if fold == 0 else rows
        rows = rows.dropna() if fold == 1 else rows
        features, values, _ = split_features_target(rows, info)
        models.append(build_pipeline(info, algorithm[0], dict(algorithm[1])).fit(features, values))
    return models


def rows_to_predict(target: str) -> pd.DataFrame:
    """Rows of the table, with gaps, and with a city and words that no model has met."""
    rows = mixed(FEW_ROWS + 20, seed=1).drop(columns=target)
    rows.loc[3, "city"] = "Graz"
    rows.loc[4, "note"] = "never heard"
    return rows


def lanes(algorithms: Mapping[str, object]) -> list[Any]:
    """Return the names, of which one that is much like another is slow."""
    slow = [pytest.param(name, marks=pytest.mark.slow) for name in algorithms if name in ALIKE]
    return [*(name for name in algorithms if name not in ALIKE), *slow]


@pytest.fixture(scope="module", params=lanes(CLASSIFIERS))
def classifiers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[Pipeline]:
    folder = tmp_path_factory.mktemp("bought")
    return models_of_folds(folder, "bought", "classification", CLASSIFIERS[request.param])


@pytest.fixture(scope="module", params=lanes(REGRESSORS))
def regressors(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[Pipeline]:
    folder = tmp_path_factory.mktemp("size")
    return models_of_folds(folder, "Größe in €", "regression", REGRESSORS[request.param])


@pytest.mark.parametrize("count", COUNTS)
def test_a_bag_answers_exactly_as_its_models_do_one_by_one(
    classifiers: list[Pipeline], count: int
) -> None:
    rows = rows_to_predict("bought")[:count]
    wanted = np.mean([model.predict_proba(rows) for model in classifiers], axis=0)
    told = bag_of(classifiers, has_classes=True).predict_proba(rows)
    np.testing.assert_allclose(told, wanted, rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("count", COUNTS)
def test_a_bag_of_values_is_exactly_the_mean_of_its_models(
    regressors: list[Pipeline], count: int
) -> None:
    rows = rows_to_predict("Größe in €")[:count]
    wanted = np.mean([model.predict(rows) for model in regressors], axis=0)
    told = bag_of(regressors, has_classes=False).predict(rows)
    np.testing.assert_allclose(told, wanted, rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("count", COUNTS)
def test_one_pipeline_is_asked_as_those_of_a_bag_with_the_same_answers(
    classifiers: list[Pipeline], count: int
) -> None:
    rows = rows_to_predict("bought")[:count]
    asked = without_frames(classifiers[0])
    assert asked is not classifiers[0]
    told, wanted = asked.predict_proba(rows), classifiers[0].predict_proba(rows)
    np.testing.assert_allclose(told, wanted, rtol=EXACT, atol=EXACT)
    np.testing.assert_array_equal(asked.classes_, classifiers[0].classes_)


def test_what_is_no_pipeline_of_columns_is_asked_as_it_is() -> None:
    model = Pipeline([("only", SimpleImputer())])
    assert without_frames(model) is model
    assert without_frames(SimpleImputer()).__class__ is SimpleImputer
