"""List metrics and file extensions of the hub.

Made by `docs/generate.py`, from `auger_hub/search/scores/metrics.py` and
`auger_hub/data/files/formats.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

CLASSIFICATION: Mapping[str, tuple[float, float]] = {
    "accuracy": (0.0, 1.0),
    "balanced_accuracy": (0.0, 1.0),
    "f1_macro": (0.0, 1.0),
    "f1_micro": (0.0, 1.0),
    "f1_weighted": (0.0, 1.0),
    "neg_brier": (-2.0, 0.0),
    "neg_log_loss": (float("-inf"), 0.0),
    "precision_macro": (0.0, 1.0),
    "precision_micro": (0.0, 1.0),
    "precision_weighted": (0.0, 1.0),
    "recall_macro": (0.0, 1.0),
    "recall_micro": (0.0, 1.0),
    "recall_weighted": (0.0, 1.0),
    "roc_auc_ovr": (0.0, 1.0),
    "roc_auc_ovr_weighted": (0.0, 1.0),
}
TWO_CLASSES: Mapping[str, tuple[float, float]] = {
    "average_precision": (0.0, 1.0),
    "cohen_kappa_score": (-1.0, 1.0),
    "f1": (0.0, 1.0),
    "gini": (-1.0, 1.0),
    "matthews_corrcoef": (-1.0, 1.0),
    "precision": (0.0, 1.0),
    "recall": (0.0, 1.0),
    "roc_auc": (0.0, 1.0),
}
REGRESSION: Mapping[str, tuple[float, float]] = {
    "explained_variance": (float("-inf"), 1.0),
    "mda": (0.0, 1.0),
    "neg_mape": (float("-inf"), 0.0),
    "neg_mase": (float("-inf"), 0.0),
    "neg_mean_absolute_error": (float("-inf"), 0.0),
    "neg_mean_squared_error": (float("-inf"), 0.0),
    "neg_mean_squared_log_error": (float("-inf"), 0.0),
    "neg_median_absolute_error": (float("-inf"), 0.0),
    "neg_pinball_10": (float("-inf"), 0.0),
    "neg_pinball_50": (float("-inf"), 0.0),
    "neg_pinball_90": (float("-inf"), 0.0),
    "neg_rmse": (float("-inf"), 0.0),
    "neg_rmsle": (float("-inf"), 0.0),
    "neg_smape": (-2.0, 0.0),
    "r2": (float("-inf"), 1.0),
}
ALSO_KNOWN_AS: Mapping[str, tuple[str, ...]] = {
    "accuracy": ("acc",),
    "average_precision": (
        "ap",
        "auprc",
        "aucpr",
        "pr_auc",
        "prauc",
        "average_precision_score",
    ),
    "balanced_accuracy": (
        "bacc",
        "balanced_acc",
        "balanced_accuracy_score",
    ),
    "cohen_kappa_score": (
        "kappa",
        "cohen_kappa",
    ),
    "explained_variance": ("explained_variance_score",),
    "f1": ("f1_score",),
    "f1_macro": ("macro_f1",),
    "f1_micro": ("micro_f1",),
    "f1_weighted": ("weighted_f1",),
    "gini": ("normalized_gini",),
    "matthews_corrcoef": (
        "mcc",
        "matthews",
    ),
    "mda": (
        "directional_accuracy",
        "mean_directional_accuracy",
    ),
    "neg_brier": (
        "brier",
        "brier_score",
        "brier_score_loss",
        "neg_brier_score",
    ),
    "neg_log_loss": (
        "logloss",
        "log_loss",
        "cross_entropy",
        "binary_logloss",
        "multi_logloss",
    ),
    "neg_mape": (
        "mape",
        "mean_absolute_percentage_error",
        "neg_mean_absolute_percentage_error",
    ),
    "neg_mase": ("mase",),
    "neg_mean_absolute_error": (
        "mae",
        "l1",
        "mean_absolute_error",
        "neg_mae",
    ),
    "neg_mean_squared_error": (
        "mse",
        "l2",
        "mean_squared_error",
        "neg_mse",
    ),
    "neg_mean_squared_log_error": (
        "msle",
        "mean_squared_log_error",
        "neg_msle",
    ),
    "neg_median_absolute_error": (
        "medae",
        "median_absolute_error",
        "neg_medae",
    ),
    "neg_pinball_50": (
        "pinball",
        "pinball_loss",
        "quantile",
        "quantile_loss",
    ),
    "neg_rmse": (
        "rmse",
        "root_mean_squared_error",
        "neg_root_mean_squared_error",
    ),
    "neg_rmsle": (
        "rmsle",
        "root_mean_squared_log_error",
        "neg_root_mean_squared_log_error",
    ),
    "neg_smape": (
        "smape",
        "symmetric_mape",
    ),
    "precision_macro": ("macro_precision",),
    "precision_micro": ("micro_precision",),
    "precision_weighted": ("weighted_precision",),
    "r2": (
        "r_2",
        "r_squared",
        "r2_score",
        "rsquared",
    ),
    "recall_macro": ("macro_recall",),
    "recall_micro": ("micro_recall",),
    "recall_weighted": ("weighted_recall",),
    "roc_auc": (
        "auc",
        "auroc",
        "rocauc",
        "roc",
        "roc_auc_score",
    ),
    "roc_auc_ovr": (
        "auc_ovr",
        "auc_macro",
        "multiclass_auc",
        "roc_auc_macro",
    ),
}
EXTENSIONS = frozenset(
    [
        ".arff",
        ".csv",
        ".feather",
        ".h5",
        ".hdf5",
        ".json",
        ".jsonl",
        ".ndjson",
        ".parquet",
        ".tsv",
        ".xls",
        ".xlsx",
    ]
)
