"""Measure how far counts of a column are from those of the training data.

The measure is the population stability index, the sum of (p - q) ln(p / q) over the bins. Between
two samples of one distribution it is not zero: it is about (B - 1) (1/n + 1/m) for B bins and
samples of n and m rows (Yurdakul and Naranjo, "Statistical properties of the population stability
index", Journal of Risk Model Validation 14, 2020). That is taken off, so that few rows do not look
like drift. Whether chance explains the rest is said by a two-sample test on the same bins:
Kolmogorov-Smirnov's for numbers, whose ends are the bins, so it is a little too careful, and
chi-square's for texts. Both are those of SciPy (the statistic of `ks_2samp` by its distribution
`kstwobign`, and `chi2_contingency`), written out because the server does not load it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

_HALF = 0.5  # a row that is added to each bin: the index has no zeros (Jeffreys' prior)
_MANY_TERMS = 101


@dataclass(frozen=True)
class Drift:
    """How far off counts are, and how likely chance alone would bring that about."""

    index: float
    p_value: float


def compare(trained: Sequence[int], seen: Sequence[int], *, is_ordered: bool) -> Drift | None:
    """Compare counts in the same bins; None where there is nothing to compare.

    Args:
        trained: of the training data.
        seen: of what was asked.
        is_ordered: the bins are those of numbers, ascending.
    """
    met = [(q, p) for q, p in zip(trained, seen, strict=True) if q or p]
    before, after = sum(trained), sum(seen)
    if not before or not after:
        return None
    if len(met) < 2:
        return Drift(0.0, 1.0)
    whole = _HALF * len(met)
    shares = [((q + _HALF) / (before + whole), (p + _HALF) / (after + whole)) for q, p in met]
    index = sum((p - q) * math.log(p / q) for q, p in shares)
    by_chance = (len(met) - 1) * (1 / before + 1 / after)
    test = _kolmogorov_smirnov if is_ordered else _chi_square
    return Drift(max(0.0, index - by_chance), test(met, before, after))


def _kolmogorov_smirnov(met: Sequence[tuple[int, int]], before: int, after: int) -> float:
    """Return the p-value of the greatest distance between both shares of rows up to a bin."""
    q = accumulate(one for one, _ in met)
    p = accumulate(one for _, one in met)
    distance = max(abs(a / before - b / after) for a, b in zip(q, p, strict=True))
    return kolmogorov(math.sqrt(before * after / (before + after)) * distance)


def _chi_square(met: Sequence[tuple[int, int]], before: int, after: int) -> float:
    """Return the p-value of the chi-square test of a table of two rows."""
    statistic = 0.0
    for q, p in met:
        expected = (q + p) / (before + after)
        statistic += (q - before * expected) ** 2 / (before * expected)
        statistic += (p - after * expected) ** 2 / (after * expected)
    return chi_square(statistic, len(met) - 1)


def kolmogorov(distance: float) -> float:
    """Return how likely Kolmogorov's distribution is beyond a scaled distance."""
    if distance < 0.2:  # closer to 1 than a float tells
        return 1.0
    terms = [math.exp(-2 * (k * distance) ** 2) for k in range(1, _MANY_TERMS)]
    return min(max(2 * (sum(terms[::2]) - sum(terms[1::2])), 0.0), 1.0)


def chi_square(statistic: float, freedom: int) -> float:
    """Return how likely a chi-square distribution is beyond a value (Abramowitz, Stegun 26.4.4)."""
    half = statistic / 2
    if freedom % 2 == 0:
        term = total = math.exp(-half)
        for i in range(1, freedom // 2):
            term *= half / i
            total += term
        return float(total)
    total = math.erfc(math.sqrt(half))
    term = math.sqrt(2 * statistic / math.pi) * math.exp(-half)
    for i in range(1, (freedom + 1) // 2):
        total += term
        term *= statistic / (2 * i + 1)
    return total
