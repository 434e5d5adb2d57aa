"""Split rows into folds: stratified, plain, grouped or in the order of time.

Every transformation is fitted on the training rows of a fold, so nothing of its test rows leaks.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
)

from auger_hub.search.pipelines.origins import FEWEST_STEPS, count_origins, rolling_origins
from auger_hub.search.task import BadTask, Settings

Array = np.ndarray[Any, Any]
Fold = tuple[Array, Array]
FEWEST_FOLDS = 3


def count_folds(settings: Settings, target: Array) -> tuple[int, list[str]]:
    """Return the number of folds the data allows, and a sentence for each change.

    A class with fewer rows than folds lowers them to its count, but not below three: rarer classes
    are better missing in a fold's test rows than deciding how everything is measured.
    """
    folds, notes = max(settings.folds, 1), []
    if len(target) < 2 * FEWEST_FOLDS:
        raise BadTask(f"Only {len(target)} rows have a value of the target; six are needed.")
    most = len(target) // 2
    if settings.classification and not settings.in_time_order and folds > FEWEST_FOLDS:
        most = min(most, max(int(np.bincount(target).min()), FEWEST_FOLDS))
    if folds > most:
        notes.append(f"{most} instead of {folds} folds: the rarest class or the rows are too few.")
        folds = most
    return folds, notes


def window_of(settings: Settings, folds: int, steps: Array) -> int:
    """Return how many steps each fold of series tests: the horizon, else an even share."""
    length = len(np.unique(steps))
    return settings.horizon or max(1, length // (max(folds, 2) + 1))


def count_windows(settings: Settings, steps: Array) -> tuple[int, list[str]]:
    """Return the number of folds of the declared horizon, and a sentence for each change.

    Raises:
        BadTask: the series is too short for one.
    """
    horizon, wanted = settings.horizon or 1, max(settings.folds, 1)
    folds = count_origins(steps, horizon, wanted)
    length = int(-steps.min()) + 1
    if not folds:
        needed = horizon + max(horizon, FEWEST_STEPS)
        raise BadTask(
            f"The data has {length:,} steps of time; for a horizon of {horizon:,} it has to have"
            f" {needed:,}."
        )
    if folds == wanted:
        return folds, []
    return folds, [f"{folds} instead of {wanted} folds: {length:,} steps have no more windows."]


def make_windows(
    settings: Settings, folds: int, steps: Array, keys: Array
) -> list[tuple[Array, Array]]:
    """Return the folds of series: each tests a window of time that follows what it learns.

    Raises:
        BadTask: no window has rows on both sides.
    """
    found = rolling_origins(steps, keys, window_of(settings, folds, steps), folds)
    if not found:
        raise BadTask("The rows cannot be split by time: no series has rows before and after.")
    return found


def make_folds(
    settings: Settings, folds: int, target: Array, *, seed: int, groups: Array | None = None
) -> list[Fold]:
    """Return (training rows, test rows) of each fold, as positions.

    One fold means a single split by `validation_share`. Rows of a class that occurs once are only
    ever trained on: there is nothing to learn about them where they are tested.

    Raises:
        BadTask: there are too few rows or groups for such a split.
    """
    with warnings.catch_warnings():
        # A class with fewer rows than folds is missing in some: `count_folds` has seen to it.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        try:
            splitter = _splitter(settings, folds, seed, groups)
            splits = list(splitter.split(target, _strata(settings, target), groups))
        except ValueError as error:
            raise BadTask(f"The rows cannot be split for training and testing: {error}") from error
    if not settings.classification or settings.in_time_order:
        return splits
    single = np.flatnonzero(np.bincount(target)[target] < 2)
    return [(np.union1d(train, single), np.setdiff1d(test, single)) for train, test in splits]


def _strata(settings: Settings, target: Array) -> Array:
    """Return what a split keeps in proportion: the classes, the rarest ones merged into one."""
    if not settings.classification:
        return np.zeros(len(target), dtype=int)
    counts = np.bincount(target)
    return np.where(counts[target] < 2, np.argmax(counts), target)


def _splitter(settings: Settings, folds: int, seed: int, groups: Array | None) -> Any:
    if settings.in_time_order:
        return TimeSeriesSplit(n_splits=max(folds, 2))
    if groups is not None:
        return GroupKFold(n_splits=min(max(folds, 2), len(np.unique(groups))))
    state = seed if settings.shuffle else None
    if folds == 1:
        return StratifiedShuffleSplit(1, test_size=settings.validation_share, random_state=seed)
    splitter = StratifiedKFold if settings.classification else KFold
    return splitter(n_splits=folds, shuffle=settings.shuffle, random_state=state)
