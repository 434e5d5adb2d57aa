"""Rows of a series are told apart by their times, whatever its step."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from auger_hub.search.pipelines.forecast import LaggedForecaster, SeasonalNaive, Unanswerable
from auger_hub.search.time_steps import find_clock, steps_after, times_at

FREQUENCIES = ["h", "15min", "D", "B", "W-WED", "MS", "ME", "QS", "YS", "36h"]


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_the_step_of_a_series_is_found_and_goes_on(frequency: str) -> None:
    times = pd.Series(pd.date_range("2019-01-01", periods=60, freq=frequency, unit="us"))
    clock = find_clock(times[:40])
    assert clock is not None
    assert steps_after(clock, times).tolist() == list(range(-39, 21))
    assert list(times_at(clock, np.arange(1, 21))) == times[40:].tolist()


def test_gaps_do_not_hide_the_step() -> None:
    times = pd.Series(pd.date_range("2019-01-01", periods=60, freq="D")).drop([5, 17, 18, 40])
    clock = find_clock(times)
    assert clock is not None
    assert steps_after(clock, times[:1]).tolist() == [-59]


@pytest.mark.parametrize(
    "days", [[0, 1, 1, 2, 3], [0, 1, 4, 9, 16, 25, 36], [0, 1, 2], [0, 1, 2, None]]
)
def test_times_that_are_not_regular_have_no_step(days: list[int | None]) -> None:
    times = pd.Series(
        [pd.NaT if n is None else pd.Timestamp(0) + n * pd.Timedelta("1D") for n in days]
    )
    assert find_clock(times) is None


def series(rows: int, frequency: str = "D") -> tuple[pd.DataFrame, np.ndarray]:
    days = pd.date_range("2020-01-01", periods=rows, freq=frequency)
    return pd.DataFrame({"day": days}), np.arange(rows) + 5 * np.sin(np.arange(rows) * np.pi / 3.5)


def forecasters() -> list[object]:
    from sklearn.linear_model import Ridge

    return [SeasonalNaive("day"), LaggedForecaster(Ridge(), time_column="day")]


@pytest.mark.parametrize("number", [0, 1])
def test_a_forecast_does_not_depend_on_how_it_is_asked_for(number: int) -> None:
    features, values = series(100)
    model = forecasters()[number].fit(features[:70], values[:70])
    whole = model.predict(features[70:])
    apart = [model.predict(features[n : n + 7])[0] for n in range(70, 100)]
    np.testing.assert_allclose(apart, whole)
    mixed = features[70:].sample(frac=1, random_state=0)
    np.testing.assert_allclose(model.predict(mixed)[np.argsort(mixed.index)], whole)


@pytest.mark.parametrize("number", [0, 1])
def test_rows_of_the_past_get_the_values_that_were_known(number: int) -> None:
    features, values = series(100)
    model = forecasters()[number].fit(features[:70].drop(30), np.delete(values[:70], 30))
    np.testing.assert_allclose(model.predict(features[40:70]), values[40:70])
    before = pd.DataFrame({"day": [pd.Timestamp("1999-01-01")]})
    assert np.isnan(model.predict(before)).all()


def test_a_row_without_a_time_or_too_far_away_is_refused() -> None:
    model = SeasonalNaive("day").fit(*series(50))
    with pytest.raises(Unanswerable, match="no time in `day`"):
        model.predict(pd.DataFrame({"day": [pd.NaT]}, dtype="datetime64[us]"))
    with pytest.raises(Unanswerable, match="steps after the last"):
        model.predict(pd.DataFrame({"day": [pd.Timestamp("9000-01-01").as_unit("us")]}))


def test_models_of_before_follow_the_rows_as_they_did() -> None:
    features, _ = series(60)
    model = SeasonalNaive("day")
    model.last_season_ = np.array([1.0, 2.0, 3.0])
    assert model.predict(features[:4]).tolist() == [1.0, 2.0, 3.0, 1.0]


def test_regressors_of_before_go_on_from_what_they_kept() -> None:
    model = LaggedForecaster(LinearRegression(), lags=2)
    model.steps_, model.season_, model.features_ = [1, 2], 1, None
    model.center_, model.scale_, model.bounds_ = 10.0, 2.0, (-100.0, 100.0)
    model.history_ = np.array([0.0, 1.0])
    model.regressor_ = LinearRegression().fit([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0, 1, 0])
    assert model.predict(series(2)[0]) == pytest.approx([14.0, 16.0])
