"""Estimate the score of predictions whose truth is not known, from calibrated probabilities.

The method is NannyML's "confidence-based performance estimation" (CBPE, nannyml.readthedocs.io, How
it works): a predicted class whose calibrated probability is p is right p times in one, so expected
counts of hits take the place of a confusion matrix. It holds while the meaning of the features
holds; where that changes, only actuals tell. Counts are those that `count_classes` keeps:
predictions by class and by how probable they were said to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class _Expected:
    """Expected counts of each class: predicted, of these right, and true."""

    predicted: Sequence[float]
    hits: Sequence[float]
    true: Sequence[float]
    steps: Sequence[tuple[float, float]]
    """Expected members and others, from the least to the most probable member of class 1."""

    @property
    def rows(self) -> float:
        return sum(self.predicted)


def estimate(
    metric: str, counted: Mapping[str, Any], reference: Mapping[str, Any]
) -> tuple[str, float] | None:
    """Return the estimated score and its metric; None where nothing tells.

    The metric is `accuracy` where the asked one cannot be estimated so.

    Args:
        metric: that of the model.
        counted: what `count_classes` keeps, of the rows to be judged.
        reference: `calibration` of each class by bin, and `classes` as `counted`, of rows that the
            model had not seen and whose truth was known.
    """
    calibration = reference.get("calibration")
    if not calibration or not any(map(sum, counted["confidence"])):
        return None
    expected = _expect(counted, reference)
    function = _METRICS.get(metric)
    if metric in _BINARY and len(expected.hits) == 2:
        function = _BINARY[metric]
    if function is None:
        metric, function = "accuracy", _accuracy
    return metric, function(expected)


def _expect(counted: Mapping[str, Any], reference: Mapping[str, Any]) -> _Expected:
    confidence, calibration = counted["confidence"], reference["calibration"]
    predicted = [float(sum(bins)) for bins in confidence]
    hits = [
        sum(n * right for n, right in zip(bins, rights, strict=True))
        for bins, rights in zip(confidence, calibration, strict=True)
    ]
    if len(hits) == 2:
        true = [
            hits[0] + predicted[1] - hits[1],
            hits[1] + predicted[0] - hits[0],
        ]
    else:  # what is said of each class, and how far off that was when its truth was known
        true = [
            mass * share for mass, share in zip(counted["mass"], reference["mass_off"], strict=True)
        ]
    return _Expected(predicted, hits, true, _steps(confidence, calibration))


def _steps(
    confidence: Sequence[Sequence[int]], calibration: Sequence[Sequence[float]]
) -> list[tuple[float, float]]:
    if len(confidence) != 2:
        return []
    steps: list[tuple[float, float]] = []
    low = [(n, 1 - right) for n, right in zip(confidence[0], calibration[0], strict=True)][::-1]
    high = list(zip(confidence[1], calibration[1], strict=True))
    # a bin of class 0 at p is one of class 1 at 1 - p: thresholds may bring both into one place
    for (n_low, p_low), (n_high, p_high) in zip(low, high, strict=True):
        member = n_low * p_low + n_high * p_high
        steps.append((member, n_low + n_high - member))
    return steps


def _accuracy(expected: _Expected) -> float:
    return sum(expected.hits) / expected.rows


def _ratio(part: float, whole: float) -> float:
    return min(part / whole, 1.0) if whole > 0 else 0.0


def _precisions(expected: _Expected) -> list[float]:
    return [_ratio(h, p) for h, p in zip(expected.hits, expected.predicted, strict=True)]


def _recalls(expected: _Expected) -> list[float]:
    return [_ratio(h, t) for h, t in zip(expected.hits, expected.true, strict=True)]


def _f1s(expected: _Expected) -> list[float]:
    both = (p + t for p, t in zip(expected.predicted, expected.true, strict=True))
    return [_ratio(2 * h, whole) for h, whole in zip(expected.hits, both, strict=True)]


def _mean(values: Callable[[_Expected], list[float]]) -> Callable[[_Expected], float]:
    def mean(expected: _Expected) -> float:
        found = values(expected)
        return sum(found) / len(found)

    return mean


def _weighted(values: Callable[[_Expected], list[float]]) -> Callable[[_Expected], float]:
    def mean(expected: _Expected) -> float:
        weighed = (v * t for v, t in zip(values(expected), expected.true, strict=True))
        return _ratio(sum(weighed), sum(expected.true))

    return mean


def _area(expected: _Expected) -> float:
    """Return the expected area under the curve: how often a member is above another."""
    below = area = 0.0
    for members, others in expected.steps:
        area += members * (below + others / 2)
        below += others
    return _ratio(area, below * sum(members for members, _ in expected.steps))


_METRICS: Mapping[str, Callable[[_Expected], float]] = {
    "accuracy": _accuracy,
    "f1_micro": _accuracy,
    "precision_micro": _accuracy,
    "recall_micro": _accuracy,
    "recall_weighted": _accuracy,
    "f1_macro": _mean(_f1s),
    "f1_weighted": _weighted(_f1s),
    "precision_macro": _mean(_precisions),
    "precision_weighted": _weighted(_precisions),
    "recall_macro": _mean(_recalls),
    "balanced_accuracy": _mean(_recalls),
}
_BINARY: Mapping[str, Callable[[_Expected], float]] = {
    "f1": lambda expected: _f1s(expected)[1],
    "precision": lambda expected: _precisions(expected)[1],
    "recall": lambda expected: _recalls(expected)[1],
    "roc_auc": _area,
    "AUC": _area,
    "AUC_macro": _area,
    "AUC_weighted": _area,
}
