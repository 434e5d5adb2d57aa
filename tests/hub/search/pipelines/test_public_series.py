"""On public series a forecast is one number, however it is asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from auger_hub.search.pipelines.classical import ARIMA, ExponentialSmoothing, Theta
from auger_hub.search.pipelines.forecast import LaggedForecaster, SeasonalNaive
from auger_hub.search.pipelines.intervals import IntervalForecaster
from benchmarks.series_quality import split
from benchmarks.series_sets import SERIES, SETS, TARGET, TIME

pytestmark = pytest.mark.search

CHEAP = ["nile, years", "gdp, quarters"]


@pytest.mark.parametrize("name", CHEAP)
def test_a_forecast_is_one_number(name: str) -> None:
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SETS if name not in CHEAP])
def test_the_forecast_of_every_public_series_is_one_number(name: str) -> None:
    check(name)


def check(name: str) -> None:
    """Ask every kind of forecaster in one piece, in pieces, after a gap, and series by series."""
    data = SETS[name]
    train, test = split(data)
    series = (SERIES,) if data.is_panel else ()
    columns = [TIME, *series]
    for forecaster in (
        SeasonalNaive(TIME, series),
        ExponentialSmoothing(TIME, series),
        Theta(TIME, series),
        ARIMA(TIME, series),
        LaggedForecaster(Ridge(), time_column=TIME, series=series),
        LaggedForecaster(Ridge(), time_column=TIME, series=series, horizon=data.horizon),
    ):
        model = IntervalForecaster(forecaster, time_column=TIME, series=series, seconds=0)
        model.fit(train[columns], train[TARGET].to_numpy())
        asked = test[columns]
        whole = pd.Series(model.predict(asked), asked.index)
        assert np.isfinite(whole).all()
        pieces = [asked.iloc[:3], asked.iloc[3:], asked.iloc[-1:], asked[::-1], asked.iloc[::2]]
        if data.is_panel:
            pieces += [rows for _, rows in asked.groupby(SERIES)]
        for piece in pieces:
            assert model.predict(piece).tolist() == whole[piece.index].tolist()
