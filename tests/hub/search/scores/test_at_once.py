"""Many predictions scored at once have the very scores that each has by itself."""

from __future__ import annotations

import numpy as np
import pytest

from auger_hub.search.scores.at_once import at_once
from auger_hub.search.scores.metrics import Outcome, all_scores, metrics_for

pytestmark = pytest.mark.search
CASES = [  # a metric that is not among them is scored one by one
    (kind, classes, metric)
    for kind, classes in (("classification", 2), ("classification", 5), ("regression", 0))
    for metric in metrics_for(kind, classes)
    if at_once(metric, has_classes=bool(classes))
]


@pytest.mark.parametrize(("kind", "classes", "metric"), CASES)
@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_metric(kind: str, classes: int, metric: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, is_odd = 60, seed % 2 == 1
    if classes:
        truth = random.integers(
            0, classes - (classes > 2 and is_odd), rows
        )  # the last is not there
        shown = random.dirichlet(np.ones(classes), size=(3, rows)).round(1 if is_odd else 9) + 1e-12
        shown[0, :, 1] += is_odd * 2  # a model that says the same of all
        shown /= shown.sum(axis=2, keepdims=True)
    else:
        truth = random.gamma(2, size=rows) * (random.random(rows) > 0.1)
        shown = truth + random.normal(size=(3, rows))
    function = at_once(metric, has_classes=bool(classes))
    assert function is not None
    told = function(truth, shown)
    for one, score in zip(shown, told, strict=True):
        alone = all_scores(
            Outcome.of(truth, one, truth), {metric: metrics_for(kind, classes)[metric]}
        )
        assert score == pytest.approx(alone.get(metric, np.nan), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("metric", [one for kind, _, one in CASES if kind == "regression"])
def test_it_is_the_metric_of_a_target_that_never_changes(metric: str) -> None:
    truth = np.full(5, 2.0)
    shown = np.stack([truth, truth + 1])
    function = at_once(metric, has_classes=False)
    assert function is not None
    alone = [
        all_scores(Outcome.of(truth, one, truth), {metric: metrics_for("regression", 0)[metric]})
        for one in shown
    ]
    assert function(truth, shown).tolist() == pytest.approx([one[metric] for one in alone])


def test_an_area_of_one_class_alone_has_no_score() -> None:
    function = at_once("roc_auc", has_classes=True)
    assert function is not None
    assert np.isnan(function(np.zeros(5, dtype=int), np.full((2, 5, 2), 0.5))).all()
