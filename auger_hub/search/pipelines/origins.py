"""Split series into folds by time: each tests one window, learned from what was known before it.

Many series share their origins, by the calendar: nothing of the future of one tells of another. An
exported model carries this file along.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from auger_hub.search.columns import to_dates
from auger_hub.search.time_steps import find_clock, steps_after

Array = np.ndarray[Any, Any]
FEWEST_STEPS = 6  # that are learned from


def steps_to_end(X: pd.DataFrame, time_column: str | None) -> Array:  # noqa: N803 - sklearn's name
    """Return how many steps each row is after the last one of the table: none of them positive."""
    if time_column is None or time_column not in X.columns:
        return np.arange(len(X)) - (len(X) - 1)
    times = to_dates(X[time_column])
    different = np.unique(times.to_numpy())
    clock = find_clock(pd.Series(different))
    if clock is not None:
        return steps_after(clock, times)
    return np.asarray(np.searchsorted(different, times.to_numpy()) - (len(different) - 1))


def count_origins(steps: Array, horizon: int, most: int, *, stride: int | None = None) -> int:
    """Return how many windows of so many steps fit, at most so many; 0 when none does."""
    length = int(-steps.min()) + 1 if len(steps) else 0
    spare = length - max(FEWEST_STEPS, horizon) - horizon
    return max(0, min(most, spare // (stride or horizon) + 1))


def rolling_origins(
    steps: Array, keys: Array, horizon: int, folds: int, *, stride: int | None = None
) -> list[tuple[Array, Array]]:
    """Return (training rows, test rows) of each fold, the earliest first, as positions.

    Args:
        steps: of each row, as `steps_to_end` returns them.
        keys: the series of each row; one that begins in a window is not tested there.
        horizon: steps of a window.
        folds: how many windows.
        stride: steps from one window to the next; by default they do not overlap.
    """
    found = []
    for number in reversed(range(folds)):
        last = -number * (stride or horizon)
        train = np.flatnonzero(steps <= last - horizon)
        test = np.flatnonzero((steps > last - horizon) & (steps <= last))
        test = test[np.isin(keys[test], np.unique(keys[train]))]
        if len(train) and len(test):
            found.append((train, test))
    return found
