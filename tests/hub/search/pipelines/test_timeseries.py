from pathlib import Path

import numpy as np
import pytest

from auger_hub.search.pipelines.pipeline import build_pipeline, split_features_target
from auger_hub.search.preparation.prepare import describe_task
from tests.hub.search.tables import monthly, task_for


@pytest.mark.parametrize(
    "name",
    [
        "auger_hub.search.pipelines.forecast.SeasonalNaive",
        "sklearn.linear_model.Ridge",
        "lightgbm.LGBMRegressor",
    ],
)
def test_a_forecaster_is_built_fitted_and_asked(name: str, tmp_path: Path) -> None:
    frame = monthly()
    info = describe_task(task_for(tmp_path, frame, "sales", "timeseries"))
    features, target, _ = split_features_target(frame, info)
    model = build_pipeline(info, name, {}).fit(features[:84], target[:84])
    error = np.abs(model.predict(features[84:]) - target[84:]).mean()
    assert error < 6


def test_a_series_without_any_feature_is_forecast_from_itself(tmp_path: Path) -> None:
    frame = monthly()[["sales"]]
    info = describe_task(task_for(tmp_path, frame, "sales", "timeseries"))
    features, target, _ = split_features_target(frame, info)
    model = build_pipeline(info, "sklearn.linear_model.Ridge", {"lags": 12})
    forecast = model.fit(features[:84], target[:84]).predict(features[84:])
    assert np.abs(forecast - target[84:]).mean() < 3
