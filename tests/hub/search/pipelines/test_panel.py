"""Several series in one table are forecast each by its own times, however they are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline

from auger_hub.search.pipelines.classical import ARIMA, ExponentialSmoothing, Theta
from auger_hub.search.pipelines.forecast import LaggedForecaster, SeasonalNaive
from auger_hub.search.pipelines.intervals import IntervalForecaster
from auger_hub.search.pipelines.origins import count_origins, rolling_origins, steps_to_end
from auger_hub.search.pipelines.pipeline import build_pipeline
from auger_hub.search.pipelines.series import split_series

pytestmark = pytest.mark.search

DAYS = 120
KNOWN = 90


def panel(frequency: str = "D") -> pd.DataFrame:
    """Three series of differing height, length and phase, in no order."""
    random = np.random.default_rng(0)
    parts = []
    for number, store in enumerate(["a", "b", "c"]):
        times = pd.date_range("2023-01-02", periods=DAYS, freq=frequency)[number * 10 :]
        wave = np.sin(2 * np.pi * np.arange(len(times)) / 7 + number)
        noise = random.normal(scale=0.1, size=len(times))
        values = 10.0 ** (number + 1) * (3 + wave + noise)
        parts.append(pd.DataFrame({"time": times, "store": store, "y": values}))
    return pd.concat(parts).sample(frac=1, random_state=1).reset_index(drop=True)


def split(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that are learned from, and those after them."""
    end = sorted(frame["time"].unique())[KNOWN]
    return frame[frame["time"] < end], frame[frame["time"] >= end]


def lagged(**more: Any) -> Any:
    return LaggedForecaster(Ridge(), time_column="time", series=("store",), **more)


FORECASTERS = {
    "naive": SeasonalNaive("time", ("store",)),
    "smoothing": ExponentialSmoothing("time", ("store",)),
    "theta": Theta("time", ("store",)),
    "arima": ARIMA("time", ("store",), order=(1, 0, 1), seasonal_order=(0, 1, 1)),
    "recursive": lagged(lags=7),
    "direct": lagged(lags=7, horizon=14),
    "seasonal": lagged(lags=7, horizon=5, difference="season"),
}
every_forecaster = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name == "arima" else name
        for name in FORECASTERS
    ],
)


@every_forecaster
def test_each_series_goes_on_at_its_own_height(name: str) -> None:
    learned, asked = split(panel())
    model = FORECASTERS[name].fit(learned[["time", "store"]], learned["y"].to_numpy())
    shown = model.predict(asked[["time", "store"]])
    errors = (np.abs(shown - asked["y"]) / asked.groupby("store")["y"].transform("mean")).groupby(
        asked["store"]
    )
    assert (errors.mean() < 0.12).all()


@every_forecaster
def test_a_forecast_is_the_same_in_pieces_after_a_gap_and_by_series(name: str) -> None:
    learned, asked = split(panel())
    model = FORECASTERS[name].fit(learned[["time", "store"]], learned["y"].to_numpy())
    asked = asked[["time", "store"]]
    whole = pd.Series(model.predict(asked), asked.index)
    for _, part in [*asked.groupby("store"), *asked.groupby(asked["time"].dt.day)]:
        np.testing.assert_allclose(model.predict(part), whole[part.index], rtol=1e-9)
    late = asked[asked["time"] >= asked["time"].max()]
    np.testing.assert_allclose(model.predict(late), whole[late.index], rtol=1e-9)


@pytest.mark.parametrize("frequency", ["h", "B", "W-WED", "MS", "QS", "YS"])
def test_series_of_any_step_are_forecast(frequency: str) -> None:
    learned, asked = split(panel(frequency))
    model = lagged(lags=7, horizon=7).fit(learned[["time", "store"]], learned["y"].to_numpy())
    shown = model.predict(asked[["time", "store"]])
    assert (np.abs(shown / asked["y"] - 1).mean()) < 0.12
    assert sorted(set(model.leads(asked))) == list(range(1, DAYS - KNOWN + 1))


def test_rows_of_an_unknown_series_have_no_forecast() -> None:
    learned, asked = split(panel())
    model = SeasonalNaive("time", ("store",))
    model.fit(learned[["time", "store"]], learned["y"].to_numpy())
    strange = asked[["time", "store"]].head(2).assign(store=["z", "a"])
    assert np.isnan(model.predict(strange)).tolist() == [True, False]
    assert np.isnan(model.leads(strange)).tolist() == [True, False]


def test_doubled_times_count_once_and_missing_ones_are_joined() -> None:
    frame = pd.DataFrame({"time": pd.to_datetime(["2023-01-01"] * 2 + ["2023-01-02"])})
    more = pd.date_range("2023-01-04", periods=6)
    frame = pd.concat([frame, pd.DataFrame({"time": more})], ignore_index=True)
    (one,) = split_series(frame, np.array([1.0, 3, 4, 6, 7, 8, 9, 10, 11]), "time")
    assert one.values.tolist() == [2, 4, 5, 6, 7, 8, 9, 10, 11]
    assert (one.doubled, one.gaps) == (1, 1)


def test_rows_without_a_time_are_of_no_series() -> None:
    times = pd.Series([*pd.date_range("2023-01-01", periods=8), pd.NaT])
    (one,) = split_series(pd.DataFrame({"time": times}), np.arange(9.0), "time")
    assert one.values.tolist() == list(range(8))


def test_times_without_a_step_are_answered_by_time() -> None:
    days = pd.to_datetime(["2023-01-01", "2023-01-02", "2023-01-09", "2023-02-01", "2023-02-03"])
    model = SeasonalNaive("time").fit(pd.DataFrame({"time": days}), np.arange(5.0))
    asked = pd.DataFrame({"time": pd.to_datetime(["2023-01-09", "2023-01-21", "2030-01-01"])})
    shown = model.predict(asked)
    assert shown[0] == 2.0
    assert 2 < shown[1] < 3
    assert shown[2] == 4.0


def test_a_short_series_learns_from_the_others() -> None:
    frame = panel()
    short = frame[frame["store"] == "a"].sort_values("time").tail(3).assign(store="new")
    learned = pd.concat([frame, short], ignore_index=True)
    later = pd.date_range("2023-05-03", periods=14)
    asked = pd.DataFrame({"time": later, "store": "new"})
    for model in (lagged(lags=7, horizon=14), ExponentialSmoothing("time", ("store",))):
        shown = model.fit(learned[["time", "store"]], learned["y"].to_numpy()).predict(asked)
        assert np.isfinite(shown).all()
        assert np.abs(shown).max() < 100


def info(**kinds: str) -> dict[str, Any]:
    return {
        "model_type": "timeseries",
        "timeColumn": "time",
        "seriesColumns": ["store"],
        "featureKinds": {"time": "date", "store": "category", **kinds},
        "seed": 0,
        "leads": 14,
        "dataset_nrows": 300,
        "featuresCount": 3,
    }


@pytest.mark.parametrize("direct", [True, False])
def test_columns_known_in_advance_move_the_forecast_of_their_rows_alone(direct: bool) -> None:
    frame = panel()
    sale = np.random.default_rng(3).integers(0, 2, len(frame))
    frame = frame.assign(sale=sale.astype(float), y=frame["y"] * (1 + 0.5 * sale))
    learned, asked = split(frame)
    told = info(sale="number")
    model = build_pipeline(told, "sklearn.linear_model.Ridge", {"lags": 7, "direct": direct})
    features = ["time", "store", "sale"]
    model.fit(learned[features], learned["y"].to_numpy())
    shown = pd.Series(model.predict(asked[features]), asked.index)
    raised = shown.groupby([asked["store"], asked["sale"]]).mean().unstack()
    assert (raised[1.0] > 1.15 * raised[0.0]).all()
    one = asked[features].head(1)
    np.testing.assert_allclose(model.predict(one), shown[one.index], rtol=1e-9)


def test_columns_of_the_past_are_not_asked_for() -> None:
    frame = panel().assign(stock=lambda table: table["y"] * 2)
    learned, asked = split(frame)
    told = {**info(stock="number"), "pastOnlyColumns": ["stock"]}
    model = build_pipeline(told, "sklearn.linear_model.Ridge", {"lags": 2, "direct": True})
    assert isinstance(model.features, Pipeline)
    assert "stock" not in model.features[0].kinds
    model.fit(learned[["time", "store", "stock"]], learned["y"].to_numpy())
    assert model.past_.shape == (3, 1)
    assert np.isfinite(model.predict(asked[["time", "store"]])).all()


def test_windows_follow_what_they_are_learned_from() -> None:
    frame = panel()
    steps = steps_to_end(frame, "time")
    keys = frame["store"].to_numpy(dtype=str)
    folds = rolling_origins(steps, keys, 14, 3)
    assert [len(test) for _, test in folds] == [42, 42, 42]
    assert all(steps[train].max() + 1 == steps[test].min() for train, test in folds)
    assert steps[folds[-1][1]].max() == 0


def test_as_many_windows_as_fit() -> None:
    steps = np.arange(-59, 1)
    assert count_origins(steps, 14, 5) == 3
    assert count_origins(steps, 1, 5) == 5
    assert count_origins(steps, 31, 5) == 0
    assert count_origins(steps, 10, 99, stride=5) == 9


def test_intervals_hold_most_of_what_follows() -> None:
    learned, asked = split(panel())
    model = IntervalForecaster(
        FORECASTERS["direct"], time_column="time", series=("store",), horizon=14
    )
    model.fit(learned[["time", "store"]], learned["y"].to_numpy())
    rows = asked[["time", "store"]]
    values, low, high = model.forecast(rows)
    inside = (low <= asked["y"]) & (asked["y"] <= high)
    assert 0.75 < inside.mean() <= 1
    width = pd.Series(high - low).groupby(rows["store"].to_numpy()).mean()
    assert width["c"] > 20 * width["a"]
    assert model.leads(rows).max() == DAYS - KNOWN
    np.testing.assert_array_equal(values, model.predict(rows))


def test_rows_of_the_past_have_no_width_and_unknown_ones_no_ends() -> None:
    learned, _ = split(panel())
    model = IntervalForecaster(
        FORECASTERS["naive"], time_column="time", series=("store",), horizon=7
    ).fit(learned[["time", "store"]], learned["y"].to_numpy())
    values, low, high = model.forecast(learned[["time", "store"]].head(5))
    np.testing.assert_array_equal(low, high)
    np.testing.assert_allclose(values, learned["y"].head(5))
    strange = learned[["time", "store"]].head(1).assign(store="z")
    assert np.isnan(np.array(model.forecast(strange))).all()


def test_a_series_too_short_for_errors_has_no_interval() -> None:
    frame = pd.DataFrame({"time": pd.date_range("2023-01-01", periods=8)})
    model = IntervalForecaster(SeasonalNaive("time"), time_column="time", horizon=4)
    model.fit(frame, np.arange(8.0))
    later = pd.DataFrame({"time": pd.date_range("2023-01-09", periods=2)})
    _, low, high = model.forecast(later)
    assert np.isnan(low).all()
    assert np.isnan(high).all()
