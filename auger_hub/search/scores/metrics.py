"""Compute every metric of the run file (wire contract §3.6), all "greater is better".

Where scikit-learn has the metric, it is scikit-learn's. The others:

- `gini`: 2 * roc_auc - 1.
- `neg_rmse`, `neg_rmsle`: minus the root of scikit-learn's squared (log) error.
- `neg_mase`: Hyndman & Koehler, "Another look at measures of forecast accuracy", 2006: absolute
  error over that of the one-step naive forecast within the training rows, in their order; of
  several series each by its own.
- `mda`: mean directional accuracy, Blaskowitz & Herwartz, "On economic evaluation of directional
  forecasts", 2011: how often prediction and truth move the same way from the last true value.
- `neg_brier`: minus the mean squared error of the probabilities, summed over the classes where
  there are more than two (Brier, 1950, as scikit-learn has it).
- `neg_smape`: Makridakis, "Accuracy measures", 1993: twice the absolute error over the sum of both
  values, from 0 to 2; 0 where both are 0.
- `neg_pinball_10`, `_50`, `_90`: minus scikit-learn's quantile loss of these percentiles.

In binary tasks the positive class is the second one in sorted order, as in scikit-learn. A metric
that is undefined for a fold (a single class, a negative value under a logarithm) is left out there.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sklearn import metrics as sk
from sklearn.exceptions import UndefinedMetricWarning

if TYPE_CHECKING:
    from auger_hub.search.trials.trial import TrialData

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Outcome:
    """Truth and prediction of one fold.

    `truth` holds class numbers or values, `predicted` likewise; `probabilities` has one column a
    class; `history` is the truth of the training rows in their order. Where there are several time
    series, `series` numbers that of each row of the truth, and `history_series` of the history.
    Rows count by their `weights`, where they have some.
    """

    truth: Array
    predicted: Array
    probabilities: Array | None
    history: Array
    series: Array | None = None
    history_series: Array | None = None
    weights: Array | None = None

    @cached_property
    def per_class(self) -> tuple[Array, Array, Array, Array]:
        """Return precision, recall, f1 and row count of each class; nine metrics need them."""
        counted = sk.precision_recall_fscore_support(
            self.truth, self.predicted, sample_weight=self.weights, zero_division=0
        )
        precision, recall, f1, support = counted
        return precision, recall, f1, support

    @classmethod
    def of_fold(cls, data: TrialData, fold: tuple[Array, Array], shown: Array) -> Outcome:
        """Return the outcome of a fold: of (training rows, test rows) what was shown of these."""
        train, test = fold
        weights = None if data.weights is None else data.weights[test]
        outcome = cls.of(data.target[test], shown, data.target[train], weights)
        if data.series is None:
            return outcome
        series, before = data.series[test], data.series[train]
        return replace(outcome, series=series, history_series=before)

    @classmethod
    def of(
        cls, truth: Array, shown: Array, history: Array, weights: Array | None = None
    ) -> Outcome:
        """Return the outcome of probabilities (rows x classes) or of values (rows)."""
        if shown.ndim == 1:
            return cls(truth, shown, None, history, weights=weights)
        return cls(truth, shown.argmax(axis=1), shown, history, weights=weights)

    def at(self, threshold: float | None) -> Outcome:
        """Return it with the second of two classes predicted from a probability on, if any."""
        shown = self.probabilities
        if threshold is None or shown is None or shown.shape[1] != 2:
            return self
        return replace(self, predicted=(shown[:, 1] >= threshold).astype(int))

    def mean(self, values: Array) -> float:
        """Return the mean of a value a row, by the weights of the rows."""
        return float(np.average(values, weights=self.weights))


Score: TypeAlias = Callable[[Outcome], float]
_SHARE, _FROM_MINUS_ONE = (0.0, 1.0), (-1.0, 1.0)
_LOSS, _UP_TO_ONE = (-np.inf, 0.0), (-np.inf, 1.0)


@dataclass(frozen=True)
class Metric:
    """How a metric is computed, and what people need to know to ask for it.

    Args:
        score: of the predictions of one fold; greater is better.
        range: the lowest and the highest score.
        also: its names in other tools; whoever writes one in auger.yaml is told this one.
        rows: what it is the mean of, row by row, where it is one.
    """

    score: Score
    range: tuple[float, float]
    also: tuple[str, ...] = ()
    rows: Callable[[Outcome], Array] | None = None


def _labels(function: Callable[..., float], **options: Any) -> Score:
    return lambda o: function(o.truth, o.predicted, sample_weight=o.weights, **options)


def _positive(function: Callable[..., float]) -> Score:
    return lambda o: function(o.truth, _probabilities(o)[:, 1], sample_weight=o.weights)


def _probabilities(outcome: Outcome) -> Array:
    assert outcome.probabilities is not None, "classification predicts probabilities"
    return outcome.probabilities


def _neg(function: Score) -> Score:
    return lambda o: -function(o)


def _root(function: Score) -> Score:
    return lambda o: float(np.sqrt(function(o)))


def _log_loss(outcome: Outcome) -> float:
    shown = _probabilities(outcome)
    shown = shown / shown.sum(axis=1, keepdims=True)
    labels = np.arange(shown.shape[1])
    return float(sk.log_loss(outcome.truth, shown, labels=labels, sample_weight=outcome.weights))


def _brier(outcome: Outcome) -> float:
    shown = _probabilities(outcome)
    if shown.shape[1] == 2:
        return outcome.mean(np.square(shown[:, 1] - outcome.truth))
    errors = shown - np.eye(shown.shape[1])[outcome.truth]
    return outcome.mean(np.square(errors).sum(axis=1))


def _one_versus_rest(average: str) -> Score:
    def score(outcome: Outcome) -> float:
        shown, truth, weights = _probabilities(outcome), outcome.truth, outcome.weights
        if shown.shape[1] == 2:
            return float(sk.roc_auc_score(truth, shown[:, 1], sample_weight=weights))
        areas = [
            sk.roc_auc_score(truth == c, column, sample_weight=weights)
            for c, column in enumerate(shown.T)
        ]
        counts = np.bincount(truth, weights, minlength=len(areas))
        return float(np.average(areas, weights=counts if average == "weighted" else None))

    return score


def _smape(outcome: Outcome) -> float:
    both = np.abs(outcome.truth) + np.abs(outcome.predicted)
    errors = 2 * np.abs(outcome.truth - outcome.predicted)
    return outcome.mean(np.divide(errors, both, out=np.zeros_like(errors), where=both > 0))


def _squared_log_error(outcome: Outcome) -> float:
    """Score with negative predictions taken as 0, the nearest value that has a logarithm here."""
    predicted = np.clip(outcome.predicted, 0, None)
    return float(sk.mean_squared_log_error(outcome.truth, predicted, sample_weight=outcome.weights))


def _scaled_errors(outcome: Outcome) -> Array:
    """Return errors over the naive ones; of a series that never changes, over those of the others.

    The mean of naive errors of a series that has none would make its errors infinite.
    """
    errors = np.abs(outcome.truth - outcome.predicted)
    naive = np.full(len(errors), np.nan)
    for rows, history in _each_series(outcome):
        naive[rows] = np.abs(np.diff(history)).mean() if len(history) > 1 else np.nan
    known = naive[naive > 0]
    if not len(known):
        return np.full(len(errors), np.nan)
    return np.asarray(errors / np.where(naive > 0, naive, known.mean()))


def _directions(outcome: Outcome) -> Array:
    last = np.empty(len(outcome.truth))
    for rows, history in _each_series(outcome):
        last[rows] = np.concatenate([history[-1:], outcome.truth[rows]])[: len(rows)]
    return np.asarray(np.sign(outcome.truth - last) == np.sign(outcome.predicted - last), float)


def _each_series(outcome: Outcome) -> Iterator[tuple[Array, Array]]:
    """Yield the rows of each series, and its history."""
    if outcome.series is None or outcome.history_series is None:
        yield np.arange(len(outcome.truth)), outcome.history
        return
    for one in np.unique(outcome.series):
        yield np.flatnonzero(outcome.series == one), outcome.history[outcome.history_series == one]


def _averaged(name: str, row: int) -> dict[str, Metric]:
    """Return three averages of a row of `per_class`; with one label a row, micro is accuracy."""
    averages: dict[str, Score] = {
        "macro": lambda o: float(o.per_class[row].mean()),
        "micro": _labels(sk.accuracy_score),
        "weighted": lambda o: float(np.average(o.per_class[row], weights=o.per_class[3])),
    }
    return {
        f"{name}_{average}": Metric(score, _SHARE, (f"{average}_{name}",))
        for average, score in averages.items()
    }


_PERCENTILES = {10: (), 50: ("pinball", "pinball_loss", "quantile", "quantile_loss"), 90: ()}
_CLASSES: dict[str, Metric] = {
    "accuracy": Metric(
        _labels(sk.accuracy_score),
        _SHARE,
        ("acc",),
        rows=lambda o: np.asarray(o.truth == o.predicted, float),
    ),
    "balanced_accuracy": Metric(
        _labels(sk.balanced_accuracy_score),
        _SHARE,
        ("bacc", "balanced_acc", "balanced_accuracy_score"),
    ),
    **_averaged("f1", row=2),
    "neg_brier": Metric(
        _neg(_brier), (-2.0, 0.0), ("brier", "brier_score", "brier_score_loss", "neg_brier_score")
    ),
    "neg_log_loss": Metric(
        _neg(_log_loss),
        _LOSS,
        ("logloss", "log_loss", "cross_entropy", "binary_logloss", "multi_logloss"),
    ),
    **_averaged("precision", row=0),
    **_averaged("recall", row=1),
    "roc_auc_ovr": Metric(
        _one_versus_rest("macro"),
        _SHARE,
        ("auc_ovr", "auc_macro", "multiclass_auc", "roc_auc_macro"),
    ),
    "roc_auc_ovr_weighted": Metric(_one_versus_rest("weighted"), _SHARE),
}
_BINARY: dict[str, Metric] = {
    "average_precision": Metric(
        _positive(sk.average_precision_score),
        _SHARE,
        ("ap", "auprc", "aucpr", "pr_auc", "prauc", "average_precision_score"),
    ),
    "f1": Metric(_labels(sk.f1_score, zero_division=0), _SHARE, ("f1_score",)),
    "precision": Metric(_labels(sk.precision_score, zero_division=0), _SHARE),
    "recall": Metric(_labels(sk.recall_score, zero_division=0), _SHARE),
    "roc_auc": Metric(
        _positive(sk.roc_auc_score), _SHARE, ("auc", "auroc", "rocauc", "roc", "roc_auc_score")
    ),
    "gini": Metric(
        lambda o: 2 * _positive(sk.roc_auc_score)(o) - 1, _FROM_MINUS_ONE, ("normalized_gini",)
    ),
    "cohen_kappa_score": Metric(
        _labels(sk.cohen_kappa_score), _FROM_MINUS_ONE, ("kappa", "cohen_kappa")
    ),
    "matthews_corrcoef": Metric(
        _labels(sk.matthews_corrcoef),
        _FROM_MINUS_ONE,
        ("mcc", "matthews"),
    ),
}
_VALUES: dict[str, Metric] = {
    "explained_variance": Metric(
        _labels(sk.explained_variance_score), _UP_TO_ONE, ("explained_variance_score",)
    ),
    "neg_median_absolute_error": Metric(
        _neg(_labels(sk.median_absolute_error)),
        _LOSS,
        ("medae", "median_absolute_error", "neg_medae"),
    ),
    "neg_mean_absolute_error": Metric(
        _neg(_labels(sk.mean_absolute_error)),
        _LOSS,
        ("mae", "l1", "mean_absolute_error", "neg_mae"),
        rows=lambda o: -np.abs(o.truth - o.predicted),
    ),
    "neg_mean_squared_error": Metric(
        _neg(_labels(sk.mean_squared_error)),
        _LOSS,
        ("mse", "l2", "mean_squared_error", "neg_mse"),
        rows=lambda o: -np.square(o.truth - o.predicted),
    ),
    "neg_mean_squared_log_error": Metric(
        _neg(_squared_log_error), _LOSS, ("msle", "mean_squared_log_error", "neg_msle")
    ),
    "r2": Metric(_labels(sk.r2_score), _UP_TO_ONE, ("r_2", "r_squared", "r2_score", "rsquared")),
    "neg_rmsle": Metric(
        _neg(_root(_squared_log_error)),
        _LOSS,
        ("rmsle", "root_mean_squared_log_error", "neg_root_mean_squared_log_error"),
    ),
    "neg_mase": Metric(
        lambda o: -o.mean(_scaled_errors(o)),
        _LOSS,
        ("mase",),
        rows=lambda o: -_scaled_errors(o),
    ),
    "mda": Metric(
        lambda o: o.mean(_directions(o)),
        _SHARE,
        ("directional_accuracy", "mean_directional_accuracy"),
        rows=_directions,
    ),
    "neg_mape": Metric(
        _neg(_labels(sk.mean_absolute_percentage_error)),
        _LOSS,
        ("mape", "mean_absolute_percentage_error", "neg_mean_absolute_percentage_error"),
    ),
    "neg_smape": Metric(_neg(_smape), (-2.0, 0.0), ("smape", "symmetric_mape")),
    **{
        f"neg_pinball_{percent}": Metric(
            _neg(_labels(sk.mean_pinball_loss, alpha=percent / 100)), _LOSS, also
        )
        for percent, also in _PERCENTILES.items()
    },
    "neg_rmse": Metric(
        _neg(_root(_labels(sk.mean_squared_error))),
        _LOSS,
        ("rmse", "root_mean_squared_error", "neg_root_mean_squared_error"),
    ),
}
METRICS: dict[str, dict[str, Metric]] = {
    "CLASSIFICATION": _CLASSES,
    "TWO_CLASSES": _BINARY,
    "REGRESSION": _VALUES,
}
"""The one table of metrics; `docs/generate.py` makes that of the reconciler from it."""
ROW_MEANS = {
    name: metric.rows
    for metrics in METRICS.values()
    for name, metric in metrics.items()
    if metric.rows
}
"""Metrics that are a mean over rows, and what it is the mean of: some rows are scored by these."""
# Names of scikit-learn for what the run file calls otherwise.
ALIASES = {
    "neg_root_mean_squared_error": "neg_rmse",
    "neg_root_mean_squared_log_error": "neg_rmsle",
    "neg_mean_absolute_percentage_error": "neg_mape",
    "neg_brier_score": "neg_brier",
}


def best_value(metric: str) -> float:
    """Return what a perfect prediction scores."""
    return 0.0 if metric.startswith("neg_") else 1.0


def metrics_for(model_type: str, classes: int) -> Mapping[str, Score]:
    """Return the metrics that apply, by name; `classes` counts the classes of the target."""
    applying = _CLASSES if model_type == "classification" else _VALUES
    if model_type == "classification" and classes == 2:
        applying = {**_CLASSES, **_BINARY}
    return {name: metric.score for name, metric in applying.items()}


def describe_labels(
    truth: Array, predicted: Array, labels: Sequence[Any], weights: Array | None = None
) -> dict[str, Any]:
    """Return the confusion of all classes, and precision, recall, f1 and rows of each.

    Rows count by their weight in precision, recall and f1, where they have some; numbers of rows
    are never weighted. A share of no rows is None, as the precision of a class that is never
    predicted, and the recall of one that these rows do not have.

    Args:
        truth: numbers of classes.
        predicted: likewise.
        labels: of the classes, in the order of their numbers.
        weights: of the rows.
    """
    names, numbers = [str(label) for label in labels], np.arange(len(labels))
    *counted, _ = sk.precision_recall_fscore_support(
        truth, predicted, labels=numbers, sample_weight=weights, zero_division=np.nan
    )
    counted = [[None if np.isnan(share) else float(share) for share in one] for one in counted]
    counted.append(np.bincount(truth, minlength=len(labels)).tolist())
    told = ("label", "precision", "recall", "f1", "rows")
    rows = zip(names, *counted, strict=True)
    return {
        "labels": names,
        "confusion": sk.confusion_matrix(truth, predicted, labels=numbers).tolist(),
        "per_class": [dict(zip(told, row, strict=True)) for row in rows],
    }


def all_scores(outcome: Outcome, functions: Mapping[str, Score]) -> dict[str, float]:
    """Return the value of every metric that is defined for this fold."""
    scores = {name: _value(partial(function, outcome)) for name, function in functions.items()}
    return {name: score for name, score in scores.items() if np.isfinite(score)}


def _value(function: Callable[[], float]) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)  # then the value is left out
        # scikit-learn's note that a fold holds one class only, or classes never predicted
        warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
        try:
            return float(function())
        except ValueError:  # scikit-learn's word for "undefined for these values"
            return float("nan")
