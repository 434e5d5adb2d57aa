"""Apply a calibration to predicted probabilities.

An exported model carries this file along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Calibration = Mapping[str, Any]
"""A `method` with its numbers: `sigmoid` and `isotonic` of two classes, `temperature` of more."""
SMALLEST = 1e-7


def apply_calibration(shown: Array, told: Calibration | None) -> Array:
    """Return calibrated probabilities, rows x classes; as they are without a calibration."""
    if told is None or not len(shown):
        return shown
    match told["method"]:
        case "temperature":
            return _softmax(np.log(np.clip(shown, SMALLEST, 1)) / told["temperature"])
        case "sigmoid":
            odds = told["slope"] * log_odds(shown[:, 1]) + told["intercept"]
            second = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
        case _:
            second = np.interp(shown[:, 1], told["from"], told["to"])
    return np.column_stack([1 - second, second])


def log_odds(chance: Array) -> Array:
    """Return the logarithm of the odds, finite for what is said to be certain."""
    chance = np.clip(chance, SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(chance / (1 - chance)))


def _softmax(logs: Array) -> Array:
    raised = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


class CalibratedModel:
    """A fitted classifier that is asked with its calibration."""

    def __init__(self, model: Any, told: Calibration) -> None:
        self._model, self._told = model, told
        self.classes_ = model.classes_

    def predict_proba(self, X: Any) -> Array:  # noqa: N803 - sklearn's name
        """Return calibrated probabilities."""
        return apply_calibration(np.asarray(self._model.predict_proba(X)), self._told)
