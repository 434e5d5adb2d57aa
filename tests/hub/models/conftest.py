"""Models of the real search pipelines, fitted once for all tests on small tables."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.data.profile import profile_file
from auger_hub.data.schema import Declared
from auger_hub.models.package import package_model
from auger_hub.search.preparation.prepare import describe_task
from auger_hub.search.task import SearchTask

IRIS = Path(__file__).parents[3] / "examples" / "iris" / "iris.csv"
HOLDOUT = IRIS.with_name("holdout.csv")
LOGISTIC = "sklearn.linear_model.LogisticRegression"

MakeModel = Callable[..., Path]


def describe(
    path: Path, target: str, model_type: str, declared: Declared | None = None, **options: Any
) -> dict[str, Any]:
    """Return the `task_info` of a run with default settings; `yes` and `amount` are targets."""
    statistics = profile_file(path, declared=declared)
    left_out = {"yes", "amount"} - {target} if path.stem == "mixed" else set()
    columns = [
        {
            **column,
            "isTarget": column["column_name"] == target,
            "use": column["column_name"] not in left_out,
        }
        for column in statistics["stat_data"]
    ]
    scoring = "accuracy" if model_type == "classification" else "r2"
    schema = statistics["schema"]
    options = {"scoring": scoring, **options}
    task = SearchTask(path, columns, options, model_type, seed=0, schema=schema)
    info = describe_task(task)
    return {**info, "stat_data": columns, "model_type": model_type, "seed": 0}


@pytest.fixture(scope="session")
def make_model(search_lane: None, tmp_path_factory: pytest.TempPathFactory) -> MakeModel:
    def make(
        path: Path,
        target: str,
        model_type: str = "classification",
        algorithm: str = LOGISTIC,
        params: dict[str, Any] | None = None,
        **options: Any,
    ) -> Path:
        folder = tmp_path_factory.mktemp("models") / "model"
        trial = {"uid": "0A" * 7 + "F", "algorithm_name": algorithm}
        info = describe(path, target, model_type, **options)
        package_model(
            folder,
            data_path=path,
            task_info=info,
            trial={**trial, "algorithm_params": params or {}},
        )
        return folder

    return make


@pytest.fixture(scope="session")
def iris_model(make_model: MakeModel) -> Path:
    return make_model(IRIS, "species")


@pytest.fixture(scope="session")
def mixed_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbers, whole numbers, categories, words, dates, with gaps, and a target of each kind."""
    random, rows = np.random.default_rng(0), 300
    words = np.array([f"word{number}" for number in range(80)])
    frame = pd.DataFrame(
        {
            "number": random.normal(size=rows),
            "code": random.integers(0, 5, rows),
            "group": random.choice(["red", "green", "blue"], rows),
            "word": random.choice(words[:45], rows),
            "text": [" ".join(random.choice(words, 6)) for _ in range(rows)],
            "day": pd.date_range("2020-01-01", periods=rows).strftime("%Y-%m-%d"),
        }
    )
    signal = frame["number"] + frame["code"]
    frame["number"] = frame["number"].mask(random.random(rows) < 0.1)
    frame["group"] = frame["group"].mask(random.random(rows) < 0.1)
    frame["yes"] = (signal > signal.median()).astype(int)
    frame["amount"] = 3 * signal + random.normal(size=rows)
    path = tmp_path_factory.mktemp("tables") / "mixed.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def codes_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty codes with zeros before them, which alone tell the target; and one name a row."""
    random = np.random.default_rng(0)
    codes = np.array([f"{97 * number + 5:05d}" for number in range(60)])
    chosen = random.integers(0, 60, 300)
    frame = pd.DataFrame(
        {
            "code": codes[chosen],
            "name": [f"n{number}" for number in random.integers(0, 2000, 300)],
            "x": random.normal(size=300),
            "y": np.where(chosen % 2, "yes", "no"),
        }
    )
    path = tmp_path_factory.mktemp("tables") / "codes.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def codes_model(make_model: MakeModel, codes_table: Path) -> Path:
    """A model of codes and names: columns of many values."""
    return make_model(codes_table, "y")


@pytest.fixture(scope="session")
def series_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weekly rhythm on a trend."""
    days = np.arange(140)
    frame = pd.DataFrame(
        {
            "day": pd.date_range("2020-01-01", periods=140).strftime("%Y-%m-%d"),
            "sales": 100 + days / 2 + 10 * np.sin(days * 2 * np.pi / 7),
        }
    )
    path = tmp_path_factory.mktemp("tables") / "series.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def panel_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stores with a weekly rhythm, one ten times as large as the other, and a price."""
    days = pd.date_range("2024-01-01", periods=84)
    wave = 5 + np.sin(np.arange(84) * 2 * np.pi / 7)
    price = np.random.default_rng(0).integers(1, 4, 84)
    parts = [
        pd.DataFrame({"day": days, "store": store, "price": price, "sold": size * (wave - price)})
        for store, size in ((1, 10.0), (2, 100.0))
    ]
    path = tmp_path_factory.mktemp("tables") / "panel.csv"
    pd.concat(parts).to_csv(path, index=False)
    return path
