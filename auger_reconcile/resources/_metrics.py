"""The metrics that a file may name, with their ranges, and the names that people know them by.

All are "greater is better": errors and losses are negative (`neg_`). Wire contract §3.6; the hub
computes them in `auger_hub/search/metrics.py`, and a house rule holds both tables against each
other.
"""

from __future__ import annotations

from collections.abc import Mapping

_INF = float("inf")
_LOSS = (-_INF, 0.0)
_SHARE = (0.0, 1.0)
_FROM_MINUS_ONE = (-1.0, 1.0)
_UP_TO_ONE = (-_INF, 1.0)

CLASSIFICATION: Mapping[str, tuple[float, float]] = {
    "accuracy": _SHARE,
    "balanced_accuracy": _SHARE,
    "f1_macro": _SHARE,
    "f1_micro": _SHARE,
    "f1_weighted": _SHARE,
    "neg_brier": (-2.0, 0.0),
    "neg_log_loss": _LOSS,
    "precision_macro": _SHARE,
    "precision_micro": _SHARE,
    "precision_weighted": _SHARE,
    "recall_macro": _SHARE,
    "recall_micro": _SHARE,
    "recall_weighted": _SHARE,
    "roc_auc_ovr": _SHARE,
    "roc_auc_ovr_weighted": _SHARE,
}
"""Name to lowest and highest score; of any number of classes."""
TWO_CLASSES: Mapping[str, tuple[float, float]] = {
    "average_precision": _SHARE,
    "cohen_kappa_score": _FROM_MINUS_ONE,
    "f1": _SHARE,
    "gini": _FROM_MINUS_ONE,
    "matthews_corrcoef": _FROM_MINUS_ONE,
    "precision": _SHARE,
    "recall": _SHARE,
    "roc_auc": _SHARE,
}
REGRESSION: Mapping[str, tuple[float, float]] = {
    "explained_variance": _UP_TO_ONE,
    "mda": _SHARE,
    "neg_mape": _LOSS,
    "neg_mase": _LOSS,
    "neg_mean_absolute_error": _LOSS,
    "neg_mean_squared_error": _LOSS,
    "neg_mean_squared_log_error": _LOSS,
    "neg_median_absolute_error": _LOSS,
    "neg_pinball_10": _LOSS,
    "neg_pinball_50": _LOSS,
    "neg_pinball_90": _LOSS,
    "neg_rmse": _LOSS,
    "neg_rmsle": _LOSS,
    "neg_smape": (-2.0, 0.0),
    "r2": _UP_TO_ONE,
}
ALL: Mapping[str, tuple[float, float]] = {**CLASSIFICATION, **TWO_CLASSES, **REGRESSION}
_ALSO_KNOWN_AS: Mapping[str, tuple[str, ...]] = {
    "accuracy": ("acc",),
    "average_precision": ("ap", "auprc", "aucpr", "pr_auc", "prauc", "average_precision_score"),
    "balanced_accuracy": ("bacc", "balanced_acc", "balanced_accuracy_score"),
    "cohen_kappa_score": ("kappa", "cohen_kappa"),
    "explained_variance": ("explained_variance_score",),
    "f1_macro": ("macro_f1",),
    "f1_micro": ("micro_f1",),
    "f1_weighted": ("weighted_f1",),
    "f1": ("f1_score",),
    "gini": ("normalized_gini",),
    "matthews_corrcoef": ("mcc", "matthews"),
    "mda": ("directional_accuracy", "mean_directional_accuracy"),
    "neg_brier": ("brier", "brier_score", "brier_score_loss", "neg_brier_score"),
    "neg_log_loss": ("logloss", "log_loss", "cross_entropy", "binary_logloss", "multi_logloss"),
    "neg_mape": ("mape", "mean_absolute_percentage_error", "neg_mean_absolute_percentage_error"),
    "neg_mase": ("mase",),
    "neg_mean_absolute_error": ("mae", "l1", "mean_absolute_error", "neg_mae"),
    "neg_mean_squared_error": ("mse", "l2", "mean_squared_error", "neg_mse"),
    "neg_mean_squared_log_error": ("msle", "mean_squared_log_error", "neg_msle"),
    "neg_median_absolute_error": ("medae", "median_absolute_error", "neg_medae"),
    "neg_pinball_50": ("pinball", "pinball_loss", "quantile", "quantile_loss"),
    "neg_rmse": ("rmse", "root_mean_squared_error", "neg_root_mean_squared_error"),
    "neg_rmsle": ("rmsle", "root_mean_squared_log_error", "neg_root_mean_squared_log_error"),
    "neg_smape": ("smape", "symmetric_mape"),
    "r2": ("r_2", "r_squared", "r2_score", "rsquared"),
    "roc_auc": ("auc", "auroc", "rocauc", "roc", "roc_auc_score"),
    "roc_auc_ovr": ("auc_ovr", "auc_macro", "multiclass_auc", "roc_auc_macro"),
}
_MEANT = {name: metric for metric, names in _ALSO_KNOWN_AS.items() for name in names}


def meant_by(name: str) -> str | None:
    """Return the metric that a name of other tools stands for: `RMSE` is `neg_rmse`."""
    plain = name.strip().lower().replace("-", "_").replace(" ", "_").replace("^", "")
    return plain if plain in ALL else _MEANT.get(plain)


def score_range(metric: str) -> tuple[float, float]:
    """Return the lowest and the highest score of a metric; infinite where it has no bound."""
    return ALL.get(metric, (-_INF, _INF))
