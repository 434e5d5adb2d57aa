"""Name the tables that searches are compared on: real ones of packages, and generated ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets

TARGET = "target"


@dataclass(frozen=True)
class DataSet:
    """A table, what is asked about its column `target`, and how answers are scored."""

    load: Callable[[], pd.DataFrame]
    kind: str
    metric: str


def _named(features: Any, target: Any) -> pd.DataFrame:
    table = pd.DataFrame(features, columns=[f"x{i}" for i in range(features.shape[1])])
    return table.assign(target=target)


def _mixed(rows: int = 6000) -> pd.DataFrame:
    """Numbers with gaps, a text of many and one of few values, and an interaction."""
    random = np.random.default_rng(0)
    numbers = random.normal(size=(rows, 12))
    town, shop = random.integers(0, 200, rows), random.integers(0, 6, rows)
    effect = random.normal(size=200)[town] + random.normal(size=6)[shop]
    logit = numbers[:, 0] + numbers[:, 1] * numbers[:, 2] + effect + np.sin(3 * numbers[:, 3])
    table = _named(numbers, np.where(logit + random.logistic(size=rows) > 0, "yes", "no"))
    gaps = random.random(numbers.shape) < 0.05
    table.iloc[:, :12] = table.iloc[:, :12].mask(gaps)
    table["town"], table["shop"] = [f"town {n}" for n in town], [f"shop {n}" for n in shop]
    return table


def _rare(rows: int = 6000) -> pd.DataFrame:
    made = datasets.make_classification(
        rows, 20, n_informative=6, weights=[0.95], flip_y=0.02, random_state=1
    )
    return _named(*made)


def _five_classes(rows: int = 4000) -> pd.DataFrame:
    made = datasets.make_classification(
        rows, 20, n_informative=8, n_classes=5, class_sep=0.8, flip_y=0.05, random_state=2
    )
    return _named(*made)


def _wide() -> pd.DataFrame:
    made = datasets.make_classification(400, 200, n_informative=10, random_state=3)
    return _named(*made)


def _few_of_many() -> pd.DataFrame:
    made = datasets.make_regression(500, 100, n_informative=10, noise=20.0, random_state=4)
    return _named(*made)


SETS: dict[str, DataSet] = {
    "iris": DataSet(
        lambda: datasets.load_iris(as_frame=True).frame, "classification", "neg_log_loss"
    ),
    "wine": DataSet(
        lambda: datasets.load_wine(as_frame=True).frame, "classification", "neg_log_loss"
    ),
    "cancer": DataSet(
        lambda: datasets.load_breast_cancer(as_frame=True).frame, "classification", "roc_auc"
    ),
    "digits": DataSet(
        lambda: datasets.load_digits(as_frame=True).frame, "classification", "accuracy"
    ),
    "diabetes": DataSet(lambda: datasets.load_diabetes(as_frame=True).frame, "regression", "r2"),
    "mixed": DataSet(_mixed, "classification", "roc_auc"),
    "rare class": DataSet(_rare, "classification", "roc_auc"),
    "five classes": DataSet(_five_classes, "classification", "accuracy"),
    "wide": DataSet(_wide, "classification", "accuracy"),
    "hastie": DataSet(
        lambda: _named(*datasets.make_hastie_10_2(4000, random_state=5)),
        "classification",
        "accuracy",
    ),
    "moons": DataSet(
        lambda: _named(*datasets.make_moons(2000, noise=0.3, random_state=6)),
        "classification",
        "neg_log_loss",
    ),
    "friedman 1": DataSet(
        lambda: _named(*datasets.make_friedman1(4000, noise=1.0, random_state=7)),
        "regression",
        "r2",
    ),
    "friedman 2": DataSet(
        lambda: _named(*datasets.make_friedman2(2000, noise=50.0, random_state=8)),
        "regression",
        "r2",
    ),
    "few of many": DataSet(_few_of_many, "regression", "r2"),
}

REAL: dict[str, tuple[str, str]] = {
    "houses": ("regression", "r2"),
    "movies": ("regression", "r2"),
    "restaurants": ("regression", "r2"),
    "flights": ("classification", "roc_auc"),
    "weather": ("regression", "r2"),
    "superstore": ("regression", "r2"),
    "titanic": ("classification", "roc_auc"),
    "letter": ("classification", "accuracy"),
    "splice": ("classification", "neg_log_loss"),
    "satimage": ("classification", "neg_log_loss"),
    "marketing": ("classification", "accuracy"),
    "abalone19": ("classification", "roc_auc"),
    "injury": ("regression", "r2"),
    "census": ("regression", "r2"),
    "murders": ("regression", "r2"),
    "happiness": ("classification", "neg_log_loss"),
    "nhefs": ("regression", "r2"),
    "custody": ("classification", "roc_auc"),
    "earnings": ("regression", "r2"),
}
"""Tables that `contestants/dump_tables.py` writes, each with its task and metric."""


def real_sets(folder: Path) -> dict[str, DataSet]:
    """Return the real tables, written in this folder."""

    def load(name: str) -> Callable[[], pd.DataFrame]:
        return lambda: pd.read_csv(folder / f"{name}.csv", low_memory=False)

    return {name: DataSet(load(name), *asked) for name, asked in REAL.items()}
