"""Describe the predictions of classes: confusion, curves, calibration and thresholds.

All are scikit-learn's, on predictions of rows that the models have not seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from auger_hub.search.scores.metrics import Outcome, describe_labels

Array = np.ndarray[Any, Any]
MOST_CLASSES = 20  # with curves of their own: the commonest
POINTS = 200  # of a curve
BINS = 10
THRESHOLDS = np.round(np.arange(0.05, 0.96, 0.05), 2)


def describe_classes(
    truth: Array, shown: Array, labels: list[Any], threshold: float | None = None
) -> dict[str, Any]:
    """Return everything about predicted classes, ready for JSON.

    Args:
        truth: numbers of classes.
        shown: probabilities, a column a class.
        labels: of the classes.
        threshold: from which probability on the second of two is predicted, if the model has one.
    """
    outcome = Outcome.of(truth, shown, truth).at(threshold)
    described = describe_labels(truth, outcome.predicted, labels)
    names = described["labels"]
    common = np.argsort(-np.bincount(truth, minlength=len(labels)), kind="stable")[:MOST_CLASSES]
    wanted = [1] if len(labels) == 2 else sorted(int(k) for k in common)
    result: dict[str, Any] = {
        **described,
        "curves": [
            {"label": names[k], **_curves(truth == k, shown[:, k])}
            for k in wanted
            if 0 < np.count_nonzero(truth == k) < len(truth)
        ],
    }
    if len(labels) == 2:
        result["thresholds"] = thresholds_of(truth == 1, shown[:, 1])
        result["threshold"] = threshold
    return result


def _curves(truth: Array, share: Array) -> dict[str, Any]:
    false, true, _ = sk.roc_curve(truth, share)
    precision, recall, _ = sk.precision_recall_curve(truth, share)
    found, meant = calibration_curve(truth, share, n_bins=BINS, strategy="quantile")
    return {
        "roc": _thin(false, true),
        "auc": float(sk.roc_auc_score(truth, share)),
        "precision_recall": _thin(recall, precision),
        "average_precision": float(sk.average_precision_score(truth, share)),
        "calibration": _thin(meant, found),
        "brier": float(np.square(share - truth).mean()),
        "gain": gain_of(truth, share),
    }


def gain_of(truth: Array, share: Array) -> list[list[float]]:
    """Return how much of a class is in the best tenth of the rows, in the best two, and so on."""
    best_first = truth[np.argsort(-share, kind="stable")]
    found = np.cumsum(best_first) / max(1, truth.sum())
    counts = [round(len(truth) * tenth / 10) for tenth in range(1, 11)]
    return [
        [0.0, 0.0],
        *([count / len(truth), float(found[count - 1])] for count in counts if count),
    ]


def thresholds_of(truth: Array, share: Array) -> dict[str, Any]:
    """Return what each threshold decides, and the one with the best F1."""
    rows = []
    for threshold in THRESHOLDS:
        is_called = share >= threshold
        (tn, fp), (fn, tp) = sk.confusion_matrix(truth, is_called, labels=[False, True]).tolist()
        scores = sk.precision_recall_fscore_support(
            truth, is_called, average="binary", zero_division=0
        )
        counts = {"tp": tp, "fp": fp, "fn": fn, "tn": tn}
        told = dict(zip(("precision", "recall", "f1"), map(float, scores[:3]), strict=True))
        rows.append({"threshold": float(threshold), **counts, **told})
    best = max(rows, key=lambda row: (row["f1"], -abs(row["threshold"] - 0.5)))
    return {"rows": rows, "best_f1": best["threshold"]}


def _thin(x: Array, y: Array) -> list[list[float]]:
    """Return at most so many points of a curve, the first and the last among them."""
    picked = np.unique(np.linspace(0, len(x) - 1, min(POINTS, len(x))).round().astype(int))
    return [[float(x[i]), float(y[i])] for i in picked]
