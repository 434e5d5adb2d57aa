"""The example regression from nothing to predictions."""

from __future__ import annotations

import statistics

import pytest

pytestmark = [pytest.mark.hub, pytest.mark.slow]


def score_r2(truth: list[float], predicted: list[float]) -> float:
    """Return the share of the variance that the predictions explain."""
    mean = statistics.fmean(truth)
    missed = sum((t - p) ** 2 for t, p in zip(truth, predicted, strict=True))
    return 1 - missed / sum((t - mean) ** 2 for t in truth)


def test_all_of_it_is_applied(applied_regression):
    assert applied_regression.find_exit_code_of_plan() == 0


def test_the_model_knows_something_of_patients_it_has_not_seen(applied_regression):
    rows = applied_regression.predict()
    truth = [float(row["progression"]) for row in rows]
    predicted = [float(row["progression_predicted"]) for row in rows]
    assert 0.2 < score_r2(truth, predicted) < 1
