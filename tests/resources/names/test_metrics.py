import math

import pytest

from auger_reconcile.resources.names.metrics import meant_by, score_range


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("rmse", "neg_rmse"),
        ("mae", "neg_mean_absolute_error"),
        ("AUC", "roc_auc"),
        ("pr_auc", "average_precision"),
        ("R2", "r2"),
        ("R^2", "r2"),
        ("mse", "neg_mean_squared_error"),
        ("MAPE", "neg_mape"),
        ("log-loss", "neg_log_loss"),
        ("Balanced Accuracy", "balanced_accuracy"),
        ("quantile_loss", "neg_pinball_50"),
        ("gini", "gini"),
        ("nonsense", None),
    ],
)
def test_a_name_of_other_tools_leads_to_the_metric(said: str, meant: str | None) -> None:
    assert meant_by(said) == meant


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("accuracy", (0.0, 1.0)),
        ("mda", (0.0, 1.0)),
        ("r2", (-math.inf, 1.0)),
        ("matthews_corrcoef", (-1.0, 1.0)),
        ("neg_rmse", (-math.inf, 0.0)),
        ("of_tomorrow", (-math.inf, math.inf)),
    ],
)
def test_a_metric_has_its_range(metric: str, expected: tuple[float, float]) -> None:
    assert score_range(metric) == expected
