"""The score of predictions without a truth is near the one that the truth gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from auger_hub.explain.reference import calibrate
from auger_hub.models.profile import count_classes
from auger_hub.review.estimate import estimate

Array = np.ndarray[Any, Any]
ROWS = 20_000


def draw(seed: int, *, spread: float) -> tuple[Array, Array]:
    """Return stated probabilities, which are too sure of themselves, and the truth."""
    random = np.random.default_rng(seed)
    logit = random.normal(0.5, spread, ROWS)
    truth = (random.random(ROWS) < 1 / (1 + np.exp(-logit))).astype(int)
    stated = 1 / (1 + np.exp(-1.7 * logit))
    return np.column_stack([1 - stated, stated]), truth


def reference_of(shown: Array, truth: Array) -> dict[str, Any]:
    chosen = shown.argmax(axis=1)
    mass = np.bincount(truth) / shown.sum(axis=0)
    return {"calibration": calibrate(shown, chosen, truth), "mass_off": mass.tolist()}


@pytest.mark.parametrize(
    ("metric", "score"),
    [
        ("accuracy", metrics.accuracy_score),
        ("f1", metrics.f1_score),
        ("precision", metrics.precision_score),
        ("recall", metrics.recall_score),
        ("balanced_accuracy", metrics.balanced_accuracy_score),
    ],
)
def test_two_classes_are_estimated_within_a_hundredth(metric: str, score: Any) -> None:
    reference = reference_of(*draw(0, spread=1.5))
    shown, truth = draw(1, spread=0.7)  # harder rows than those it was calibrated on
    counted = count_classes(shown, shown.argmax(axis=1))
    found = estimate(metric, counted, reference)
    assert found is not None
    assert found[0] == metric
    assert found[1] == pytest.approx(score(truth, shown.argmax(axis=1)), abs=0.01)


def test_the_area_under_the_curve_is_estimated_within_a_hundredth() -> None:
    reference = reference_of(*draw(0, spread=1.5))
    shown, truth = draw(1, spread=0.7)
    found = estimate("roc_auc", count_classes(shown, shown.argmax(axis=1)), reference)
    assert found is not None
    assert found[1] == pytest.approx(metrics.roc_auc_score(truth, shown[:, 1]), abs=0.01)


def test_a_metric_that_cannot_be_estimated_is_told_as_accuracy() -> None:
    shown, truth = draw(0, spread=1)
    found = estimate(
        "matthews", count_classes(shown, shown.argmax(axis=1)), reference_of(shown, truth)
    )
    assert found is not None
    assert found[0] == "accuracy"


def test_three_classes_are_estimated_within_two_hundredths() -> None:
    random = np.random.default_rng(0)
    shown = random.dirichlet([0.6, 0.6, 0.6], ROWS)
    truth = np.array([random.choice(3, p=row) for row in shown])
    counted = count_classes(shown[: ROWS // 2], shown[: ROWS // 2].argmax(axis=1))
    found = estimate("f1_macro", counted, reference_of(shown[ROWS // 2 :], truth[ROWS // 2 :]))
    expected = metrics.f1_score(
        truth[: ROWS // 2], shown[: ROWS // 2].argmax(axis=1), average="macro"
    )
    assert found is not None
    assert found[1] == pytest.approx(expected, abs=0.02)


def test_nothing_is_estimated_of_no_rows() -> None:
    shown, truth = draw(0, spread=1)
    empty = count_classes(shown[:0], shown[:0].argmax(axis=1))
    assert estimate("accuracy", empty, reference_of(shown, truth)) is None
