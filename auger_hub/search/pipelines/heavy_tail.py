"""Learn the logarithm of a target with a heavy tail: a few large values outweigh all others.

Whether it helps is for the search to find out: models of the logarithm aim at the median rather
than the mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

Array = np.ndarray[Any, Any]
_SKEWED = 1.5  # skewness beyond which a tail is heavy


class SignedLog(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """The logarithm beyond a typical value on both sides of zero, and a line between them."""

    def fit(self, X: Any, _y: Any = None) -> SignedLog:  # noqa: N803 - sklearn's name
        """Learn what a typical value is, and the largest distance that can be told back."""
        values = np.abs(np.asarray(X, dtype=float))
        known = values[values > 0]
        self.scale_ = float(np.median(known)) if len(known) else 1.0
        self.most_ = float(np.log1p(values.max() / self.scale_)) * 1.1 if len(known) else 1.0
        return self

    def transform(self, X: Any) -> Array:  # noqa: N803 - sklearn's name
        """Return the logarithms."""
        values = np.asarray(X, dtype=float) / self.scale_
        return np.asarray(np.sign(values) * np.log1p(np.abs(values)))

    def inverse_transform(self, X: Any) -> Array:  # noqa: N803 - sklearn's name
        """Return the values again; none far beyond those that were learned from."""
        logs = np.clip(np.asarray(X, dtype=float), -self.most_, self.most_)
        return np.asarray(np.sign(logs) * np.expm1(np.abs(logs)) * self.scale_)


def has_heavy_tail(target: Array) -> bool:
    """Tell whether a target is skewed, and less so as a logarithm."""
    if len(np.unique(target)) < 10:
        return False
    with np.errstate(over="ignore", invalid="ignore"):  # of numbers too large to square
        told = SignedLog().fit(target).transform(target)
        before, after = abs(_skewness(target)), abs(_skewness(told))
    return bool(before > _SKEWED and after < before / 2)


def _skewness(values: Array) -> float:
    deviation = float(values.std())
    return float((((values - values.mean()) / deviation) ** 3).mean()) if deviation else 0.0
