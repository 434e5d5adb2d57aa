"""What a file may ask for is what the hub can score, within the same range."""

from __future__ import annotations

import numpy as np

from auger_hub.search.scores.metrics import Outcome, all_scores, best_value, metrics_for
from auger_reconcile.resources.names import metrics as _metrics
from auger_reconcile.resources.names.hub_tables import ALSO_KNOWN_AS
from house_rules.conftest import for_each


def test_both_sides_know_the_same_metrics():
    assert set(metrics_for("classification", 3)) == set(_metrics.CLASSIFICATION)
    of_two = {**_metrics.CLASSIFICATION, **_metrics.TWO_CLASSES}
    assert set(metrics_for("classification", 2)) == set(of_two)
    assert set(metrics_for("regression", 0)) == set(_metrics.REGRESSION)
    assert set(metrics_for("timeseries", 0)) == set(_metrics.REGRESSION)


@for_each(sorted(_metrics.ALL))
def test_the_best_score_of_the_hub_is_the_end_of_the_range(name):
    assert _metrics.score_range(name)[1] == best_value(name)


@for_each(range(5))
def test_every_score_is_within_its_range(seed):
    random = np.random.default_rng(seed)
    values = Outcome.of(*random.normal(size=(3, 30)))
    labels = random.integers(2, size=30)
    shares = random.dirichlet([0.3, 0.3], 30)
    for outcome, kind in (
        (values, "regression"),
        (Outcome.of(labels, shares, labels), "classification"),
    ):
        for name, score in all_scores(outcome, metrics_for(kind, 2)).items():
            lowest, highest = _metrics.score_range(name)
            assert lowest <= score <= highest, name


def test_no_name_of_another_tool_stands_for_two_metrics():
    names = [name for also in ALSO_KNOWN_AS.values() for name in also]
    assert len(names) == len(set(names))


def test_no_name_of_other_tools_is_a_metric_of_its_own():
    assert not set(_metrics._MEANT) & set(_metrics.ALL)
    assert set(_metrics._MEANT.values()) <= set(_metrics.ALL)
