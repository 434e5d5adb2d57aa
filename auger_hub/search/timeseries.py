"""Time series as tasks: which forecasters a run tries, and how each is built from parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from optuna.distributions import CategoricalDistribution, IntDistribution
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from auger_hub.search.forecast import LaggedForecaster, SeasonalNaive
from auger_hub.search.pipeline import tabular_pipeline
from auger_hub.search.space import Algorithm, regressors

NAIVE = "auger_hub.search.forecast.SeasonalNaive"
SLOW_ROWS = 2_000  # forests and support vectors take milliseconds for each single row
FAST = ("Ridge", "ElasticNet", "LGBMRegressor", "MLPRegressor")


def build_forecaster(
    task_info: Mapping[str, Any], algorithm_name: str, algorithm_params: Mapping[str, Any]
) -> BaseEstimator:
    """Return an unfitted forecaster around the regressor of that name."""
    time_column = task_info["timeColumn"]
    if algorithm_name == NAIVE:
        return SeasonalNaive(time_column)
    params = dict(algorithm_params)
    lags, difference = int(params.pop("lags", 12)), bool(params.pop("difference", True))
    steps = tabular_pipeline(task_info, algorithm_name, params).steps
    return LaggedForecaster(
        steps[-1][1],
        features=Pipeline(steps[:-1]) if task_info["featureKinds"] else None,
        time_column=time_column,
        lags=lags,
        difference=difference,
    )


def forecasters(task_info: Mapping[str, Any]) -> list[Algorithm]:
    """Return the regressors to try on lags, each with the lags to search as well."""
    rows = task_info["dataset_nrows"]
    most = max(2, min(60, rows // 8))
    space = {"lags": IntDistribution(1, most), "difference": CategoricalDistribution([True, False])}
    start = {"lags": min(12, most), "difference": True}
    return [
        replace(
            algorithm,
            space={**algorithm.space, **space},
            starts=(
                {**algorithm.starts[0], **start},
                {**algorithm.starts[0], **start, "difference": False},
            ),
        )
        for algorithm in regressors(rows, max(task_info["featuresCount"], 1))
        if rows < SLOW_ROWS or algorithm.name.endswith(FAST)
    ]
