"""Choose from which probability on the second of two classes is predicted, by the metric of a run.

Where classes are uneven, or errors do not count alike, a half is hardly ever the best place. It is
chosen on predictions for rows that the models have not seen; and what a fold scores on the board is
decided by the one that was chosen on all *other* folds, so no score is flattered by its own rows.
A threshold that gains no more than luck would is left alone: then the more probable class counts.

Precision and recall of one class have no best threshold: predicting it never, or always, is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from auger_hub.search.scores.at_once import of_confusions
from auger_hub.search.scores.unseen_rows import UnseenRows, put_together, rows_of_fold

if TYPE_CHECKING:
    from auger_hub.search.trials.trial import TrialData

Array = np.ndarray[Any, Any]
_ONE_SIDED = ("precision", "recall")
_DOUBT = 0.5  # standard errors of the gain over the folds, which it has to exceed
_CANDIDATES = 48  # of each class, by the quantiles of their probabilities
_NEIGHBOURS = 5  # candidates that are averaged: a peak between two others is luck
_HALF = 0.5


@dataclass(frozen=True)
class Decision:
    """The threshold by all folds, and for each fold the one by all others."""

    threshold: float
    of_folds: tuple[float, ...]


def decides(data: TrialData) -> bool:
    """Tell whether a threshold matters: of two classes, by a metric that has a best one."""
    return len(data.info.get("targetClasses", ())) == 2 and _scorer(data) is not None


def decide(data: TrialData, predictions: Sequence[Array]) -> Decision | None:
    """Return the threshold for predictions of all folds; None where it brings nothing.

    Args:
        data: of the run.
        predictions: for the test rows of each fold, rows x classes.
    """
    scorer = _scorer(data)
    if not decides(data) or scorer is None or not 1 < len(predictions) == len(data.folds):
        return None
    if any(not len(shown) or np.ptp(shown[:, 1]) == 0 for shown in predictions):
        return None
    told = zip(data.folds, predictions, strict=True)
    folds = [rows_of_fold(data, test, shown) for (_, test), shown in told]
    others = [[one for one in folds if one is not fold] for fold in folds]
    of_folds = [_best(put_together(rest), scorer) for rest in others]
    gains = np.array(
        [
            np.subtract(*scorer(_confusions(fold, np.array([threshold, _HALF]))))
            for fold, threshold in zip(folds, of_folds, strict=True)
        ]
    )
    if not gains.mean() > _DOUBT * gains.std(ddof=1) / np.sqrt(len(gains)):
        return None
    return Decision(_best(put_together(folds), scorer), tuple(of_folds))


def best_score(data: TrialData, fold: int, shown: Array) -> float | None:
    """Return the most that predictions of a fold may score; None where it has no meaning.

    It is no measurement, but what is below another's is hopeless.
    """
    scorer = _scorer(data)
    if not decides(data) or scorer is None or not len(shown):
        return None
    rows = rows_of_fold(data, data.folds[fold][1], shown)
    return float(np.nanmax(scorer(_confusions(rows, _candidates(rows)))))


def moved(shown: Array, threshold: float) -> Array:
    """Return probabilities whose odds are moved so that the threshold becomes a half."""
    second, first = shown[:, 1] * (1 - threshold), shown[:, 0] * threshold
    share = second / np.maximum(first + second, np.finfo(float).tiny)
    return np.column_stack([1 - share, share])


def _scorer(data: TrialData) -> Callable[[Array], Array] | None:
    metric: str = data.info["scoring"]
    return None if metric in _ONE_SIDED else of_confusions(metric)


def _confusions(rows: UnseenRows, thresholds: Array) -> Array:
    """Return what is predicted of each true class at each threshold: x true x predicted."""
    order = np.argsort(rows.chance, kind="stable")
    below = np.searchsorted(rows.chance[order], thresholds)
    table = np.empty((len(thresholds), 2, 2))
    for label in (0, 1):
        counted = np.where(rows.truth[order] == label, rows.weights[order], 0.0)
        total = np.concatenate([[0.0], np.cumsum(counted)])
        table[:, label, 0] = total[below]
        table[:, label, 1] = total[-1] - total[below]
    return table


def _candidates(rows: UnseenRows) -> Array:
    """Return thresholds between the probabilities that there are."""
    known = np.unique(rows.chance)
    shares = (np.arange(_CANDIDATES) + 0.5) / _CANDIDATES
    chances = [rows.chance[rows.truth == label] for label in (0, 1)]
    found = np.concatenate([np.quantile(each, shares) for each in chances if len(each)])
    places = np.unique(np.searchsorted(known, found))
    places = places[(places > 0) & (places < len(known))]
    middles = (known[places - 1] + known[places]) / 2
    return np.unique(np.append(middles, _HALF))


def _best(rows: UnseenRows, scorer: Callable[[Array], Array]) -> float:
    """Return the candidate around which scores are best in the mean."""
    thresholds = _candidates(rows)
    scores = np.nan_to_num(scorer(_confusions(rows, thresholds)), nan=-1.0)
    window = np.ones(min(_NEIGHBOURS, len(scores)))
    around = np.convolve(scores, window, "same") / np.convolve(np.ones(len(scores)), window, "same")
    return float(thresholds[int(np.argmax(around))])
