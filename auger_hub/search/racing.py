"""Stop a trial early that its first folds show to be hopeless, against the best trial on the same.

The measure is how much of what the best trial gained over the baseline this one loses: it needs no
scale of the metric. The bar is high, since a model that is weaker alone may help an ensemble. Small
tables have no such race: their folds are noisy, and their trials cost little.
"""

from __future__ import annotations

from collections.abc import Sequence

FEWEST_ROWS = 2_000
_LOSS = {1: 0.5}  # of the gain, after so many folds; after more:
_LOSS_OF_MORE_FOLDS = 0.25


def is_hopeless(scores: Sequence[float], best: Sequence[float], baseline: Sequence[float]) -> bool:
    """Tell whether a trial is not worth its other folds.

    Args:
        scores: of its folds so far.
        best: of all folds of the best trial so far.
        baseline: of all folds of the baseline.
    """
    done = len(scores)
    if not 0 < done < min(len(best), len(baseline)):
        return False
    gain = sum(best[:done]) - sum(baseline[:done])
    loss = sum(best[:done]) - sum(scores)
    return gain > 0 and loss > _LOSS.get(done, _LOSS_OF_MORE_FOLDS) * gain
