"""Draw a part of the training rows of a fold, so that large tables have their first models soon.

A trial of a part says so in its parameters (`training_rows`), and is scored on all test rows of
each fold, as every trial: a board may be compared. A model that is deployed learns from all rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
ROWS = "training_rows"
ROUNDS = "measured_rounds"
"""Of boosting that the clock has stopped: a model that is deployed may have more of them."""
THRESHOLD = "threshold"
"""From which probability on the second of two classes is predicted (`scores.threshold`)."""
CALIBRATION = "calibration"
"""Of the probabilities of a trial (`scores.calibration`)."""
MEASURED = (ROWS, ROUNDS, THRESHOLD, CALIBRATION)
"""Parameters of a trial that are none of its algorithm."""
FEWEST = 2_500
STEP = 4


def rungs(rows: int) -> list[int | None]:
    """Return the numbers of training rows a trial may have, all of them (None) first."""
    steps: list[int | None] = [None]
    part = rows // STEP
    while part >= FEWEST:
        steps.append(part)
        part //= STEP
    return steps


def sample_rows(train: Array, target: Array, most: int | None, info: Mapping[str, Any]) -> Array:
    """Return at most so many of the training rows; of each class at least a few, if there are."""
    if most is None or most >= len(train):
        return train
    if info.get("timeColumn"):  # the last ones are the nearest to what is tested
        return train[-most:]
    random = np.random.default_rng(info["seed"])
    chosen = random.permutation(train)
    if info["model_type"] != "classification":
        return np.sort(chosen[:most])
    place = _place_in_class(target[chosen])
    is_rare = place < max(1, most // (20 * (1 + int(target.max()))))
    first = np.argsort(~is_rare, kind="stable")[:most]
    return np.sort(chosen[first])


def _place_in_class(classes: Array) -> Array:
    """Return for each row the how-manieth of its class it is."""
    order = np.argsort(classes, kind="stable")
    ordered = classes[order]
    starts = np.r_[0, np.flatnonzero(np.diff(ordered)) + 1]
    counts = np.diff(np.r_[starts, len(ordered)])
    place = np.empty(len(classes), dtype=int)
    place[order] = np.arange(len(classes)) - np.repeat(starts, counts)
    return place
