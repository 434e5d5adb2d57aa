"""Declare the baselines every trial has to beat: commonest class, mean, last season."""

from __future__ import annotations

from auger_hub.search.algorithms.algorithm import Algorithm, Family, Space

ALGORITHMS = (
    Algorithm(
        name="sklearn.dummy.DummyClassifier",
        task="classification",
        family=Family.BOOSTING,
        search=lambda _: Space({}, ({},), {"strategy": "prior"}),
        is_baseline=True,
    ),
    Algorithm(
        name="sklearn.dummy.DummyRegressor",
        task="regression",
        family=Family.BOOSTING,
        search=lambda _: Space({}, ({},), {"strategy": "mean"}),
        is_baseline=True,
    ),
    Algorithm(
        name="auger_hub.search.pipelines.forecast.SeasonalNaive",
        task="timeseries",
        family=Family.BOOSTING,
        is_baseline=True,
        is_quick_by_row=True,
        stored_types=("auger_hub.search.pipelines.forecast.SeasonalNaive",),
    ),
)
