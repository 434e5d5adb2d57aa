"""Hold rows with what models that had not seen them predict: from those a decision may learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from auger_hub.search.trials.trial import TrialData

Array = np.ndarray[Any, Any]
_MOST_ROWS = 20_000  # of all folds


@dataclass(frozen=True)
class UnseenRows:
    """Rows with the number of their true class, probabilities (rows x classes) and weights."""

    truth: Array
    shown: Array
    weights: Array

    @property
    def chance(self) -> Array:
        """The probabilities of the second class."""
        return self.shown[:, 1]


def rows_of_fold(data: TrialData, test: Array, shown: Array) -> UnseenRows:
    """Return the test rows of a fold, of many of them a part drawn by the seed of the run."""
    weights = np.ones(len(test)) if data.weights is None else data.weights[test]
    most = max(1, _MOST_ROWS // len(data.folds))
    if len(test) <= most:
        return UnseenRows(data.target[test], shown, weights)
    some = np.random.default_rng(data.info.get("seed", 0)).choice(len(test), most, replace=False)
    return UnseenRows(data.target[test[some]], shown[some], weights[some])


def put_together(folds: Sequence[UnseenRows]) -> UnseenRows:
    """Return the rows of several folds as one."""
    parts = [(one.truth, one.shown, one.weights) for one in folds]
    return UnseenRows(*map(np.concatenate, zip(*parts, strict=True)))
