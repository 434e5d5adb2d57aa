"""Settle what is made of the predictions of a trial: a threshold or a calibration, by the metric.

Both are learned from the predictions of all folds. What a fold scores is settled by its other folds
alone, so a board stays a measurement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from auger_hub.search.sampling import CALIBRATION, THRESHOLD
from auger_hub.search.scores.calibration import calibrate
from auger_hub.search.scores.metrics import Outcome, all_scores, metrics_for
from auger_hub.search.scores.threshold import decide, moved

if TYPE_CHECKING:
    from auger_hub.search.trials.trial import TrialData

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Settled:
    """Predictions of each fold, with the threshold of each, and what goes with the trial."""

    predictions: tuple[Array, ...]
    thresholds: tuple[float | None, ...]
    params: Mapping[str, Any] = field(default_factory=dict)

    def scores(self, data: TrialData) -> tuple[dict[str, float], ...]:
        """Return every metric of each fold."""
        classes = len(data.info.get("targetClasses", ()))
        functions = metrics_for(data.info["model_type"], classes)
        told = zip(data.folds, self.predictions, self.thresholds, strict=True)
        return tuple(
            all_scores(Outcome.of_fold(data, fold, shown).at(threshold), functions)
            for fold, shown, threshold in told
        )

    @property
    def by_chance(self) -> tuple[Array, ...]:
        """Return probabilities of which the larger one is that of the class that is predicted."""
        told = zip(self.predictions, self.thresholds, strict=True)
        return tuple(shown if at is None else moved(shown, at) for shown, at in told)


def settle(data: TrialData, predictions: Sequence[Array]) -> Settled:
    """Return what is made of predictions for the test rows of all folds."""
    shown = tuple(predictions)
    decision = decide(data, shown)
    if decision is not None:
        return Settled(shown, decision.of_folds, {THRESHOLD: decision.threshold})
    calibrated = calibrate(data, shown)
    none = (None,) * len(shown)
    if calibrated is None:
        return Settled(shown, none)
    return Settled(calibrated.predictions, none, {CALIBRATION: dict(calibrated.told)})
