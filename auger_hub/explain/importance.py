"""Measure which columns a trial needs: permutation importance and partial dependence.

Breiman, "Random forests", 2001, as scikit-learn's `inspection` has it: by how much the score falls
when one column of rows that the model has not seen is shuffled. Pipelines take the columns of the
file, so whatever is made of a column is shuffled with it.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance

from auger_hub.explain.fold_models import FoldModel, FoldModels, quietly

Array = np.ndarray[Any, Any]
MOST_REPEATS = 5
MOST_ROWS, FEWEST_ROWS = 2_000, 100  # of a fold
CURVES, POINTS, ROWS_OF_CURVES = 5, 12, 200
MOST_LABELS = 12


def measure_importance(models: FoldModels, seconds: float) -> dict[str, Any]:
    """Return by how much the score falls without each column, the most needed first.

    Args:
        models: of the trial.
        seconds: that it may take; fewer repetitions and rows are taken to keep to it.
    """
    repeats, rows = _plan(models, seconds)
    drops = []
    with quietly(models.data.info["threads"]):
        for number, fold in enumerate(models.folds):
            test = fold.test[:rows]
            found = permutation_importance(
                fold.model,
                models.data.features.iloc[test],
                models.data.target[test],
                scoring=_scorer(models, fold),
                n_repeats=repeats,
                random_state=models.data.info["seed"] + number,
            )
            drops.append(found.importances)
    table = np.concatenate(drops, axis=1)
    with np.errstate(invalid="ignore"):
        means, spread = np.nanmean(table, axis=1), np.nanstd(table, axis=1)
    columns = [
        {"column": str(name), "mean": mean, "std": std}
        for name, mean, std in zip(models.data.features.columns, means, spread, strict=True)
        if np.isfinite(mean)
    ]
    columns.sort(key=lambda one: -one["mean"])
    return {"metric": models.metric, "repeats": repeats, "rows_of_a_fold": rows, "columns": columns}


def _scorer(models: FoldModels, fold: FoldModel) -> Any:
    def score(model: Any, features: Any, target: Array) -> float:
        return models.score_one(target, models.predict(model, features), fold.train)

    return score


def _plan(models: FoldModels, seconds: float) -> tuple[int, int]:
    """Return how often each column is shuffled, and on how many rows of a fold."""
    fold = models.folds[0]
    rows = min(MOST_ROWS, max(len(one.test) for one in models.folds))
    began = time.monotonic()
    models.predict(fold.model, models.data.features.iloc[fold.test[:rows]])
    took = max(time.monotonic() - began, 1e-4)
    once = took * len(models.folds) * len(models.data.features.columns)
    repeats = int(np.clip(seconds / once, 1, MOST_REPEATS))
    if once > seconds:
        rows = int(np.clip(rows * seconds / once, min(FEWEST_ROWS, rows), rows))
    return repeats, rows


def draw_dependence(models: FoldModels, columns: list[str]) -> list[dict[str, Any]]:
    """Return how the mean prediction moves with each of the columns (Friedman, 2001)."""
    curves = []
    with quietly(models.data.info["threads"]):
        for name in columns[:CURVES]:
            grid = grid_of(models.data.features[name])
            if len(grid) > 1:
                curves.append(_curve(models, name, grid))
    return curves


def grid_of(column: pd.Series) -> list[Any]:
    """Return the values to ask about: quantiles of numbers and dates, the commonest labels."""
    known = column.dropna()
    if pd.api.types.is_bool_dtype(known) or not (
        pd.api.types.is_numeric_dtype(known) or pd.api.types.is_datetime64_any_dtype(known)
    ):
        return list(known.value_counts().index[:MOST_LABELS])
    quantiles = known.quantile(np.linspace(0.05, 0.95, POINTS), interpolation="nearest")
    return list(quantiles.drop_duplicates())


def _curve(models: FoldModels, name: str, grid: list[Any]) -> dict[str, Any]:
    """Return the mean over the test rows of all folds; of classes, of the last one or of each."""
    parts = [
        models.data.features.iloc[fold.test[:ROWS_OF_CURVES]].reset_index(drop=True)
        for fold in models.folds
    ]
    means = [
        np.concatenate(
            [
                models.predict(fold.model, with_value(part, name, value))
                for fold, part in zip(models.folds, parts, strict=True)
            ]
        ).mean(axis=0)
        for value in grid
    ]
    curve: dict[str, Any] = {"column": name, "values": [_plain(value) for value in grid]}
    if not models.labels:
        return {**curve, "mean": [float(mean) for mean in means]}
    table = np.array(means)
    return {
        **curve,
        "classes": {str(label): list(table[:, k]) for k, label in enumerate(models.labels)},
    }


def with_value(part: pd.DataFrame, name: str, value: Any) -> pd.DataFrame:
    """Return the rows with one column set to a value, of the type that the column has."""
    column = pd.Series([value] * len(part), index=part.index)
    dtype = part[name].dtype
    if not (pd.api.types.is_integer_dtype(dtype) and isinstance(value, float)):
        column = column.astype(dtype)
    return part.assign(**{name: column})


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return value.item() if isinstance(value, np.generic) else value
