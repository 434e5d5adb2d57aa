"""Find where a trial is bad: the worst rows, and parts of the rows with more error than others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from auger_hub.explain.fold_models import FoldModels

Array = np.ndarray[Any, Any]
WORST, COLUMNS = 20, 12
SEGMENTS, FEWEST_ROWS = 8, 5
LONGEST = 60  # characters of a value


def worst_rows(models: FoldModels, columns: list[str]) -> list[dict[str, Any]]:
    """Return the rows whose prediction is the farthest off, with their most needed columns."""
    truth, losses, rows = models.truth, models.losses, models.rows
    said = models.chosen if models.labels else models.shown
    worst = np.argsort(-losses, kind="stable")[:WORST]
    features = models.data.features[columns[:COLUMNS]]
    return [
        {
            "row": int(rows[i]),
            "actual": _label(models, truth[i]),
            "predicted": _label(models, said[i]),
            "loss": float(losses[i]),
            "values": {str(k): _plain(v) for k, v in features.iloc[rows[i]].items()},
        }
        for i in worst
    ]


def error_by_segment(models: FoldModels, columns: list[str]) -> list[dict[str, Any]]:
    """Return the share of wrong classes, or the mean absolute error, in each part of the rows.

    Parts are the commonest labels of a column, or quarters of its numbers.
    """
    errors = _errors(models)
    found = []
    for name in columns[:COLUMNS]:
        parts = _parts(models.data.features[name].iloc[models.rows].reset_index(drop=True))
        segments = [
            {
                "value": value,
                "rows": int(np.count_nonzero(is_in)),
                "error": float(errors[is_in].mean()),
            }
            for value, is_in in parts
            if np.count_nonzero(is_in) >= FEWEST_ROWS
        ]
        if len(segments) > 1:
            found.append({"column": name, "segments": segments})
    return found


def mean_error(models: FoldModels) -> float:
    """Return the share of wrong classes, or the mean absolute error, of all rows."""
    return float(_errors(models).mean())


def _errors(models: FoldModels) -> Array:
    if models.labels:
        return np.asarray(models.chosen != models.truth, dtype=float)
    return models.losses


def _parts(column: pd.Series) -> list[tuple[str, Array]]:
    is_missing = column.isna().to_numpy()
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if is_number or pd.api.types.is_datetime64_any_dtype(column):
        quarters = pd.qcut(column, 4, duplicates="drop")
        lowest = column.min()  # cutting takes a little more, so that it is within
        show = _day if _has_days(column) else _short
        labels = [
            f"{show(max(one.left, lowest))} to {show(one.right)}" for one in quarters.cat.categories
        ]
        codes = quarters.cat.codes.to_numpy()
        parts = [(label, codes == code) for code, label in enumerate(labels)]
    else:
        values = column.value_counts().index[:SEGMENTS]
        equal = {value: (column == value).to_numpy(dtype=bool, na_value=False) for value in values}
        parts = [(_short(value), is_in) for value, is_in in equal.items()]
    return [*parts, ("missing", is_missing)]


def _has_days(column: pd.Series) -> bool:
    """Tell whether the times are whole days; quarters of them may end within one."""
    if not pd.api.types.is_datetime64_any_dtype(column):
        return False
    known = column.dropna()
    return bool((known.dt.normalize() == known).all())


def _day(value: pd.Timestamp) -> str:
    return str(value.date())


def _short(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return str(value.isoformat()).removesuffix("T00:00:00")
    text = f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _label(models: FoldModels, value: Any) -> Any:
    return str(models.labels[int(value)]) if models.labels else float(value)


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, bool | np.bool_ | int | np.integer):
        return value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float | np.floating):
        return float(value)
    return _short(value)
