"""Describe the predictions of values: residuals, and predicted against actual."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
POINTS = 500
BINS = 20


def describe_values(truth: Array, shown: Array, seed: int) -> dict[str, Any]:
    """Return everything about predicted values, ready for JSON.

    Args:
        truth: what was there.
        shown: what was predicted of it.
        seed: of the choice of the points that are drawn.
    """
    residuals = truth - shown
    counts, edges = np.histogram(residuals, bins=BINS)
    picked = np.arange(len(truth))
    if len(picked) > POINTS:
        picked = np.sort(np.random.default_rng(seed).choice(picked, POINTS, replace=False))
    percents = (5, 25, 50, 75, 95)
    quantiles = np.percentile(residuals, percents)
    return {
        "points": [[float(truth[i]), float(shown[i])] for i in picked],
        "residuals": {
            "mean": float(residuals.mean()),
            "std": float(residuals.std()),
            "quantiles": {str(p): float(q) for p, q in zip(percents, quantiles, strict=True)},
            "histogram": {"counts": counts.tolist(), "edges": edges.tolist()},
        },
    }
