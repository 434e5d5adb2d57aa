import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from auger_hub.search.pipelines.forecast import LaggedForecaster, SeasonalNaive, find_season
from tests.hub.search.tables import monthly

WAVE = np.sin(2 * np.pi * np.arange(120) / 12)


def months(count: int, start: str = "2015-01-01") -> pd.DataFrame:
    return pd.DataFrame({"month": pd.date_range(start, periods=count, freq="MS").astype(str)})


@pytest.mark.parametrize("period", [4, 7, 12, 24])
def test_the_period_of_a_series_is_found(period: int) -> None:
    random = np.random.default_rng(0)
    when = np.arange(period * 10)
    series = (
        np.sin(2 * np.pi * when / period) + 0.1 * when + random.normal(scale=0.1, size=len(when))
    )
    assert find_season(series) == period


@pytest.mark.parametrize(
    "series",
    [np.arange(50.0), np.ones(50), np.array([1.0, 2.0]), np.random.default_rng(1).normal(size=300)],
    ids=["line", "flat", "short", "noise"],
)
def test_a_series_without_a_period_has_period_one(series: np.ndarray) -> None:
    assert find_season(series) == 1


def test_the_naive_forecast_repeats_the_last_season() -> None:
    model = SeasonalNaive().fit(months(120), WAVE)
    assert model.predict(months(30)) == pytest.approx(np.resize(WAVE[-12:], 30))


def test_a_trend_goes_on() -> None:
    series = 3.0 * np.arange(60)
    model = LaggedForecaster(LinearRegression(), lags=3).fit(months(60), series)
    assert model.predict(months(5)) == pytest.approx(3.0 * np.arange(60, 65))


@pytest.mark.parametrize("difference", [True, False])
def test_a_season_goes_on(difference: bool) -> None:
    model = LaggedForecaster(LinearRegression(), lags=12, difference=difference)
    model.fit(months(120), WAVE)
    assert model.predict(months(24)) == pytest.approx(WAVE[:24], abs=1e-6)


def test_rows_may_come_in_any_order() -> None:
    frame = monthly()
    model = LaggedForecaster(LinearRegression(), lags=12, time_column="month")
    straight = model.fit(frame[:84], frame["sales"][:84]).predict(frame[84:])
    mixed, later = frame[:84].sample(frac=1, random_state=1), frame[84:][::-1]
    assert model.fit(mixed, mixed["sales"]).predict(later) == pytest.approx(straight[::-1])


def test_regressors_of_the_row_are_used() -> None:
    random = np.random.default_rng(2)
    promotion = random.integers(0, 2, 200)
    series = 10.0 * promotion + random.normal(scale=0.1, size=200)
    frame = pd.DataFrame({"promotion": promotion.astype(float)})
    model = LaggedForecaster(LinearRegression(), features=_Same(), lags=2, difference=False)
    forecast = model.fit(frame[:150], series[:150]).predict(frame[150:])
    assert np.abs(forecast - series[150:]).mean() < 0.5


def test_no_true_value_of_the_future_is_seen() -> None:
    frame = monthly()
    model = LaggedForecaster(LinearRegression(), lags=6, time_column="month")
    model.fit(frame[["month"]][:84], frame["sales"][:84])
    assert model.predict(frame[["month"]][84:90]) == pytest.approx(
        model.predict(frame[["month"]][84:])[:6]
    )


def test_a_forecast_does_not_run_away() -> None:
    doubling = 2.0 ** np.arange(12)
    model = LaggedForecaster(LinearRegression(), lags=2, difference=False).fit(months(12), doubling)
    assert model.predict(months(200)).max() < 2 * doubling.max()


class _Same:
    """Hands the columns through."""

    def get_params(self, deep: bool = True) -> dict[str, object]:
        return {}

    def fit_transform(self, rows: pd.DataFrame, y: object) -> np.ndarray:
        return rows.to_numpy()

    def transform(self, rows: pd.DataFrame) -> np.ndarray:
        return rows.to_numpy()
