"""Calibrate probabilities where the metric of a run asks for it: log loss and Brier's score.

A model that is too sure, or a mean of models that is not sure enough, loses on both though it ranks
the rows well. What corrects it is learned from predictions for rows that the models have not seen:
a line through the log-odds (`sigmoid`: Platt, 1999) or a rising curve (`isotonic`) of two classes,
one temperature (Guo et al., "On calibration of modern neural networks", 2017) of more. A fold is
scored with what was learned from the other folds; what gains no more than luck would is left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from auger_hub.search.pipelines.calibrated import (
    SMALLEST,
    Calibration,
    apply_calibration,
    log_odds,
)
from auger_hub.search.scores.metrics import Outcome, all_scores, metrics_for
from auger_hub.search.scores.unseen_rows import UnseenRows, put_together, rows_of_fold

if TYPE_CHECKING:
    from auger_hub.search.trials.trial import TrialData

Array = np.ndarray[Any, Any]
METRICS = ("neg_log_loss", "neg_brier")
_DOUBT = 0.5  # standard errors of the gain over the folds, which it has to exceed
_FEWEST_OF_CURVE = 2_000  # rows: a curve has many numbers to learn
_KNOTS = 33
_WIDEST = 4.0  # times that a temperature makes differences smaller or larger, at most


@dataclass(frozen=True)
class Calibrated:
    """What all folds tell, and the predictions of each fold by what all others tell."""

    told: Calibration
    predictions: tuple[Array, ...]


def calibrate(data: TrialData, predictions: Sequence[Array]) -> Calibrated | None:
    """Return the calibration of predictions of all folds; None where it brings nothing.

    Args:
        data: of the run.
        predictions: for the test rows of each fold, rows x classes.
    """
    metric = data.info["scoring"]
    if metric not in METRICS or not 1 < len(predictions) == len(data.folds):
        return None
    if any(not len(shown) or np.ptp(shown, axis=0).max() == 0 for shown in predictions):
        return None
    told = zip(data.folds, predictions, strict=True)
    folds = [rows_of_fold(data, test, shown) for (_, test), shown in told]
    before = _scores(data, predictions)
    found: list[tuple[float, Calibrated]] = []
    for fit in _methods(folds):
        of_folds = [fit(put_together([one for one in folds if one is not fold])) for fold in folds]
        after = tuple(map(apply_calibration, predictions, of_folds))
        gains = np.subtract(_scores(data, after), before)
        if gains.mean() > _DOUBT * gains.std(ddof=1) / np.sqrt(len(gains)):
            found.append((float(gains.mean()), Calibrated(fit(put_together(folds)), after)))
    return max(found, key=lambda one: one[0])[1] if found else None


def _scores(data: TrialData, predictions: Sequence[Array]) -> Array:
    metric = data.info["scoring"]
    function = {metric: metrics_for(data.info["model_type"], predictions[0].shape[1])[metric]}
    told = zip(data.folds, predictions, strict=True)
    scores = [all_scores(Outcome.of_fold(data, fold, shown), function) for fold, shown in told]
    return np.array([one.get(metric, -np.inf) for one in scores])


def _methods(folds: Sequence[UnseenRows]) -> list[Callable[[UnseenRows], Calibration]]:
    if folds[0].shown.shape[1] > 2:
        return [_temperature]
    rows = sum(len(fold.truth) for fold in folds)
    return [_sigmoid, _isotonic] if rows >= _FEWEST_OF_CURVE else [_sigmoid]


def _temperature(rows: UnseenRows) -> Calibration:
    from scipy.optimize import minimize_scalar

    logs = np.log(np.clip(rows.shown, SMALLEST, 1))
    found = minimize_scalar(
        partial(_loss_at, rows, logs), bounds=(-np.log(_WIDEST), np.log(_WIDEST)), method="bounded"
    )
    return {"method": "temperature", "temperature": float(np.exp(found.x))}


def _loss_at(rows: UnseenRows, logs: Array, log_temperature: float) -> float:
    """Return the log loss at the exponential of a temperature."""
    scaled = logs / np.exp(log_temperature)
    scaled -= scaled.max(axis=1, keepdims=True)
    of_truth = scaled[np.arange(len(scaled)), rows.truth]
    return float(np.average(np.log(np.exp(scaled).sum(axis=1)) - of_truth, weights=rows.weights))


def _sigmoid(rows: UnseenRows) -> Calibration:
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whatever it ends at: it is scored
        line = LogisticRegression(C=1e3)
        line.fit(log_odds(rows.shown[:, 1])[:, None], rows.truth, rows.weights)
    slope, intercept = float(line.coef_[0, 0]), float(line.intercept_[0])
    return {"method": "sigmoid", "slope": max(slope, SMALLEST), "intercept": intercept}


def _isotonic(rows: UnseenRows) -> Calibration:
    """Return a curve through a few points, none of which says that anything is certain."""
    from sklearn.isotonic import IsotonicRegression

    least = 1 / (len(rows.truth) + 2)
    curve = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip")
    curve.fit(rows.shown[:, 1], rows.truth, rows.weights)
    knots = np.unique(np.quantile(rows.shown[:, 1], np.linspace(0, 1, _KNOTS)))
    return {"method": "isotonic", "from": knots.tolist(), "to": curve.predict(knots).tolist()}
