"""Draw how the mean prediction moves with a column: partial dependence (Friedman, 2001)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from auger_hub.explain.allowance import Allowance
from auger_hub.explain.fold_models import FoldModels, quietly

CURVES, POINTS, ROWS = 5, 12, 200
MOST_LABELS = 12


def draw_dependence(
    models: FoldModels, columns: list[str], allowance: Allowance | None = None
) -> Iterator[dict[str, Any]]:
    """Yield a curve for each of the first columns with more than one value, while there is time.

    Each is the mean over the test rows of all folds; of classes, of each of them.
    """
    for name, grid in drawable(models, columns):
        rows = len(grid) * sum(len(fold.test[:ROWS]) for fold in models.folds)
        if allowance is not None and allowance.left() < models.seconds_of(rows):
            return
        yield _curve(models, name, grid)


def drawable(models: FoldModels, columns: list[str]) -> list[tuple[str, list[Any]]]:
    """Return the columns that are drawn, and at which values."""
    grids = [(name, grid_of(models.data.features[name])) for name in columns[:CURVES]]
    return [(name, grid) for name, grid in grids if len(grid) > 1]


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
    told = _inputs_for(models, name, grid)
    total = 0.0
    with quietly(models.data.info["threads"]):
        for fold in models.folds:
            test = fold.test[:ROWS]
            table = models.inputs.iloc[np.tile(test, len(grid))].reset_index(drop=True)
            for part in told.columns:
                table[part] = told[part].iloc[np.repeat(np.arange(len(grid)), len(test))].array
            shown = models.predict(fold.model, table)
            total = total + shown.reshape(len(grid), len(test), -1).sum(axis=1)
    means = np.asarray(total) / sum(len(fold.test[:ROWS]) for fold in models.folds)
    curve: dict[str, Any] = {"column": name, "values": [_plain(value) for value in grid]}
    if not models.labels:
        return {**curve, "mean": means[:, 0].tolist()}
    classes = {str(label): means[:, k].tolist() for k, label in enumerate(models.labels)}
    return {**curve, "classes": classes}


def _inputs_for(models: FoldModels, name: str, grid: list[Any]) -> pd.DataFrame:
    """Return what the models take for each of the values of a column."""
    rows = models.data.features.iloc[np.zeros(len(grid), dtype=int)].reset_index(drop=True)
    column = pd.Series(grid)
    dtype = rows[name].dtype
    if not (pd.api.types.is_integer_dtype(dtype) and pd.api.types.is_float_dtype(column)):
        column = column.astype(dtype)
    return models.to_inputs(rows.assign(**{name: column}))[models.inputs_of(name)]


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return value.item() if isinstance(value, np.generic) else value
