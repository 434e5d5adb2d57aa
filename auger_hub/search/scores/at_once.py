"""Score many predictions of the same rows at once, for those who compare thousands of them.

`metrics.py` says what a metric is; what is here returns the same numbers (a test compares them), by
one pass over all predictions instead of one call for each, whose checks take longer than the sums.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np

Array = np.ndarray[Any, Any]
AtOnce: TypeAlias = Callable[[Array, Array], Array]
"""Takes the truth (rows) and predictions (predictions x rows, and x classes of probabilities), and
returns one score a prediction, `nan` where it is not defined."""


def at_once(metric: str, *, has_classes: bool) -> AtOnce | None:
    """Return what scores many predictions at once; None for a metric that is not among these."""
    return (_OF_CLASSES if has_classes else _OF_VALUES).get(metric)


def of_confusions(metric: str) -> OfConfusions | None:
    """Return what scores many confusions at once; None for a metric that goes by more than these.

    A confusion may count rows by their weights.
    """
    return _OF_CONFUSIONS.get(metric)


def confusion(truth: Array, shown: Array, weights: Array | None = None) -> Array:
    """Return how often each class was taken for each: predictions x true x predicted classes.

    Rows count by their weights, where they have some.
    """
    count, _, classes = shown.shape
    places = truth * classes + shown.argmax(axis=2)
    places += np.arange(count)[:, None] * classes**2
    each = None if weights is None else np.tile(weights, count)
    counted = np.bincount(places.ravel(), each, minlength=count * classes**2)
    return counted.reshape(count, classes, classes).astype(float)


def _by_confusion(truth: Array, shown: Array, *, score: Callable[[Array], Array]) -> Array:
    return score(confusion(truth, shown))


def _share(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _accuracy(truth: Array, shown: Array) -> Array:
    return np.asarray((shown.argmax(axis=2) == truth).mean(axis=1))


def _by_class(table: Array) -> tuple[Array, Array, Array, Array]:
    """Return precision, recall, f1 and rows, each predictions x classes."""
    right = np.einsum("pcc->pc", table)
    rows, said = table.sum(axis=2), table.sum(axis=1)
    is_known = rows + said > 0  # a class that is neither there nor predicted has no score
    f1 = _share(2 * right, rows + said)
    return tuple(  # type: ignore[return-value]
        np.where(is_known, value, np.nan)
        for value in (_share(right, said), _share(right, rows), f1, rows)
    )


def _right_share(table: Array) -> Array:
    return np.asarray(np.einsum("pcc->p", table) / table.sum(axis=(1, 2)))


def _balanced_accuracy(table: Array) -> Array:
    _, recall, _, rows = _by_class(table)
    return np.asarray(np.nanmean(np.where(rows > 0, recall, np.nan), axis=1))


def _averaged(table: Array, *, place: int, average: str) -> Array:
    counted = _by_class(table)
    if average == "macro":
        return np.asarray(np.nanmean(counted[place], axis=1))
    rows = np.nan_to_num(counted[3])
    return np.asarray((np.nan_to_num(counted[place]) * rows).sum(axis=1) / rows.sum(axis=1))


def _of_second(table: Array, *, place: int) -> Array:
    return np.nan_to_num(_by_class(table)[place][:, 1])


def _kappa(table: Array) -> Array:
    whole = table.sum(axis=(1, 2))
    by_chance = (table.sum(axis=1) * table.sum(axis=2)).sum(axis=1) / whole**2
    agreed = np.einsum("pcc->p", table) / whole
    with np.errstate(invalid="ignore"):
        return np.asarray((agreed - by_chance) / (1 - by_chance))


def _matthews(table: Array) -> Array:
    whole, right = table.sum(axis=(1, 2)), np.einsum("pcc->p", table)
    said, rows = table.sum(axis=1), table.sum(axis=2)
    together = right * whole - (said * rows).sum(axis=1)
    spread = (whole**2 - (said**2).sum(axis=1)) * (whole**2 - (rows**2).sum(axis=1))
    return _share(together, np.sqrt(spread))


def _log_loss(truth: Array, shown: Array) -> Array:
    """Return it with probabilities that are never quite 0, as scikit-learn does."""
    given = shown[:, np.arange(len(truth)), truth] / shown.sum(axis=2)
    smallest = np.finfo(shown.dtype).eps
    return np.asarray(np.log(np.clip(given, smallest, 1 - smallest)).mean(axis=1))


def _brier(truth: Array, shown: Array) -> Array:
    if shown.shape[2] == 2:
        return -np.asarray(np.square(shown[:, :, 1] - truth).mean(axis=1))
    errors = shown - np.eye(shown.shape[2])[truth]
    return -np.asarray(np.square(errors).sum(axis=2).mean(axis=1))


def _area(is_one: Array, shown: Array) -> Array:
    """Return the area under the curve from the ranks of the scores (Mann and Whitney, 1947)."""
    from scipy.stats import rankdata

    ones, others = is_one.sum(), (~is_one).sum()
    if not ones or not others:
        return np.full(len(shown), np.nan)
    ranks = rankdata(shown, axis=1)[:, is_one].sum(axis=1)
    return np.asarray((ranks - ones * (ones + 1) / 2) / (ones * others))


def _areas(truth: Array, shown: Array, *, average: str) -> Array:
    if shown.shape[2] == 2:
        return _area(truth == 1, shown[:, :, 1])
    classes = range(shown.shape[2])
    areas = np.stack([_area(truth == one, shown[:, :, one]) for one in classes], axis=1)
    counts = np.bincount(truth, minlength=len(classes))
    return np.asarray(np.average(areas, axis=1, weights=counts if average == "weighted" else None))


def _gini(truth: Array, shown: Array) -> Array:
    return 2 * _area(truth == 1, shown[:, :, 1]) - 1


def _squared(truth: Array, shown: Array) -> Array:
    return np.asarray(np.square(shown - truth).mean(axis=1))


def _squared_log(truth: Array, shown: Array) -> Array:
    if (truth <= -1).any():
        return np.full(len(shown), np.nan)
    return _squared(np.log1p(truth), np.log1p(np.clip(shown, 0, None)))


def _r2(truth: Array, shown: Array) -> Array:
    return _explained_share(np.square(shown - truth).sum(axis=1), np.square(truth - truth.mean()))


def _explained(truth: Array, shown: Array) -> Array:
    return _explained_share((truth - shown).var(axis=1), truth.var())


def _explained_share(left: Array, spread: Any) -> Array:
    """Return the share of the spread that is not left; where there is none, 1 or 0."""
    whole = spread.sum()
    return 1 - left / whole if whole else np.asarray(left == 0, dtype=float)


def _pinball(truth: Array, shown: Array, *, alpha: float) -> Array:
    errors = truth - shown
    return -np.asarray(np.where(errors >= 0, alpha * errors, (alpha - 1) * errors).mean(axis=1))


def _absolute_percentage(truth: Array, shown: Array) -> Array:
    least = np.finfo(np.float64).eps
    return -np.asarray((np.abs(shown - truth) / np.maximum(np.abs(truth), least)).mean(axis=1))


def _symmetric_percentage(truth: Array, shown: Array) -> Array:
    return np.asarray(
        -_share(2 * np.abs(truth - shown), np.abs(truth) + np.abs(shown)).mean(axis=1)
    )


OfConfusions: TypeAlias = Callable[[Array], Array]
"""Takes what was predicted of each true class (predictions x true x predicted classes)."""
_OF_CONFUSIONS: dict[str, OfConfusions] = {
    "accuracy": _right_share,
    "balanced_accuracy": _balanced_accuracy,
    **{
        f"{name}_{average}": partial(_averaged, place=place, average=average)
        for place, name in enumerate(("precision", "recall", "f1"))
        for average in ("macro", "weighted")
    },
    **{f"{name}_micro": _right_share for name in ("precision", "recall", "f1")},
    **{
        name: partial(_of_second, place=place)
        for place, name in enumerate(("precision", "recall", "f1"))
    },
    "cohen_kappa_score": _kappa,
    "matthews_corrcoef": _matthews,
}
_OF_CLASSES: dict[str, AtOnce] = {
    **{name: partial(_by_confusion, score=score) for name, score in _OF_CONFUSIONS.items()},
    "accuracy": _accuracy,
    **{f"{name}_micro": _accuracy for name in ("precision", "recall", "f1")},
    "neg_log_loss": _log_loss,
    "neg_brier": _brier,
    "roc_auc": partial(_areas, average="macro"),
    "roc_auc_ovr": partial(_areas, average="macro"),
    "roc_auc_ovr_weighted": partial(_areas, average="weighted"),
    "gini": _gini,
}
_OF_VALUES: dict[str, AtOnce] = {
    "r2": _r2,
    "explained_variance": _explained,
    "neg_mean_squared_error": lambda truth, shown: -_squared(truth, shown),
    "neg_rmse": lambda truth, shown: -np.sqrt(_squared(truth, shown)),
    "neg_mean_absolute_error": lambda truth, shown: -np.abs(shown - truth).mean(axis=1),
    "neg_median_absolute_error": lambda truth, shown: -np.median(np.abs(shown - truth), axis=1),
    "neg_mean_squared_log_error": lambda truth, shown: -_squared_log(truth, shown),
    "neg_rmsle": lambda truth, shown: -np.sqrt(_squared_log(truth, shown)),
    "neg_mape": _absolute_percentage,
    "neg_smape": _symmetric_percentage,
    **{f"neg_pinball_{one}": partial(_pinball, alpha=one / 100) for one in (10, 50, 90)},
}
