"""Measure how well a series was forecast: by fold, by how many steps ahead, and row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from auger_hub.explain.fold_models import FoldModel, FoldModels
from auger_hub.search.pipelines.series import keys_of, shown_key

Array = np.ndarray[Any, Any]
STEPS = 12  # parts of a horizon that are told
LINES, POINTS = 6, 200  # series that are told row by row, and the newest rows of each


def describe_backtests(models: FoldModels) -> dict[str, Any]:
    """Return the errors of every fold and of every step ahead, and the forecasts themselves.

    An error is a mean of absolute ones; steps are counted in each series from the first time that
    a fold forecasts.
    """
    info = models.data.info
    column = models.data.features[info["timeColumn"]]
    keys = keys_of(models.data.features, tuple(info.get("seriesColumns", ()))).astype(str)
    steps = np.concatenate([_steps_ahead(keys[fold.test]) for fold in models.folds])
    return {
        "time": str(info["timeColumn"]),
        "series": [str(name) for name in info.get("seriesColumns", ())],
        "folds": [_fold(models, fold, column) for fold in models.folds],
        "steps": _by_steps(steps, models.losses),
        "lines": _lines(models, column, keys),
    }


def _fold(models: FoldModels, fold: FoldModel, column: pd.Series) -> dict[str, Any]:
    times = column.iloc[fold.test]
    errors = np.abs(models.data.target[fold.test] - fold.shown)
    return {
        "from": _moment(times.min()),
        "to": _moment(times.max()),
        "rows": len(fold.test),
        "score": float(models.score_one(fold, fold.test, fold.shown)),
        "error": float(errors.mean()),
    }


def _steps_ahead(keys: Array) -> Array:
    """Return for rows in the order of time how many of their series stand before, and itself."""
    return np.asarray(pd.Series(keys).groupby(keys).cumcount() + 1)


def _by_steps(steps: Array, errors: Array) -> list[dict[str, Any]]:
    told = []
    for part in np.array_split(np.unique(steps), min(STEPS, len(np.unique(steps)))):
        is_in = (steps >= part[0]) & (steps <= part[-1])
        told.append(
            {
                "first": int(part[0]),
                "last": int(part[-1]),
                "rows": int(np.count_nonzero(is_in)),
                "error": float(errors[is_in].mean()),
            }
        )
    return told


def _lines(models: FoldModels, column: pd.Series, keys: Array) -> list[dict[str, Any]]:
    """Return the forecasts of the series with the greatest errors, the newest rows of each."""
    rows, keys = models.rows, keys[models.rows]
    worst = pd.Series(models.losses).groupby(keys).mean().sort_values(ascending=False)
    lines = []
    for key in worst.index[:LINES]:
        picked = np.flatnonzero(keys == key)[-POINTS:]
        lines.append(
            {
                "series": shown_key(str(key)),
                "times": [_moment(value) for value in column.iloc[rows[picked]]],
                "actual": models.truth[picked].astype(float).tolist(),
                "forecast": models.shown[picked].astype(float).tolist(),
                "error": float(worst[key]),
            }
        )
    return lines


def _moment(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.isoformat().removesuffix("T00:00:00")
    return value.item() if isinstance(value, np.generic) else value
