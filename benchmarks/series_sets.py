"""Read time series that packages ship: sixteen single ones, and five tables of several."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

TIME, SERIES, TARGET = "time", "series", "y"
_FEWEST_YEARS = 20


@dataclass(frozen=True)
class SeriesSet:
    """A table of series: its times, the season that errors are scaled by, the steps to forecast."""

    load: Callable[[], pd.DataFrame]
    season: int
    horizon: int
    is_panel: bool = False


def _statsmodels(name: str) -> pd.DataFrame:
    frame: pd.DataFrame = import_module(f"statsmodels.datasets.{name}").load_pandas().data
    return frame


def _vega(name: str) -> pd.DataFrame:
    found = find_spec("vega_datasets")
    if found is None or found.origin is None:
        raise SystemExit("`vega_datasets` has to be installed for its series")
    path = Path(found.origin).parent / "_data" / name
    if path.suffix == ".json":
        return pd.DataFrame(json.loads(path.read_text(encoding="utf-8")))
    return pd.read_csv(path)


def _series(times: object, values: object) -> pd.DataFrame:
    frame = pd.DataFrame({TIME: pd.to_datetime(times), TARGET: values})
    return frame.dropna().reset_index(drop=True)


def _years(name: str, column: str, year: str) -> pd.DataFrame:
    frame = _statsmodels(name)
    times = pd.to_datetime({"year": frame[year].astype(int), "month": 1, "day": 1})
    return _series(times, frame[column].to_numpy(dtype=float))


def _co2() -> pd.DataFrame:
    weeks = _statsmodels("co2")["co2"]
    months = weeks.resample("MS").mean().interpolate()
    return _series(months.index, months.to_numpy())


def _elnino() -> pd.DataFrame:
    wide = _statsmodels("elnino").set_index("YEAR")
    values = wide.to_numpy(dtype=float).ravel()
    times = pd.date_range(f"{int(wide.index[0])}-01-01", periods=len(values), freq="MS")
    return _series(times, values)


def _quarters(column: str) -> pd.DataFrame:
    frame = _statsmodels("macrodata")
    month = frame["quarter"].astype(int) * 3 - 2
    times = pd.to_datetime({"year": frame["year"].astype(int), "month": month, "day": 1})
    return _series(times, frame[column].to_numpy(dtype=float))


def _copper() -> pd.DataFrame:
    frame = _statsmodels("copper")
    years = (1950 + frame["TIME"].astype(int)).astype(str) + "-01-01"
    return _series(years, frame["WORLDCONSUMPTION"].to_numpy(dtype=float))


def _inflation() -> pd.DataFrame:
    frame = _statsmodels("interest_inflation")
    month = frame["quarter"].astype(int) * 3 - 2
    times = pd.to_datetime({"year": frame["year"].astype(int), "month": month, "day": 1})
    return _series(times, frame["Dp"].to_numpy(dtype=float))


def _equipment() -> pd.DataFrame:
    months = _statsmodels("elec_equip").iloc[:, 0]
    return _series(months.index, months.to_numpy(dtype=float))


def _employment() -> pd.DataFrame:
    frame = _vega("us-employment.csv")
    return _series(frame["month"], frame["nonfarm"].astype(float))


def _temperatures(city: str, hours: int) -> pd.DataFrame:
    frame = _vega(f"{city}-temps.csv")
    column = next(name for name in frame.columns if name != "date")
    last = _series(frame["date"], frame[column].astype(float))
    return last.drop_duplicates(TIME).tail(hours).reset_index(drop=True)


def _weather(column: str) -> pd.DataFrame:
    frame = _vega("seattle-weather.csv")
    return _series(frame["date"], frame[column].astype(float))


def _exchange() -> pd.DataFrame:
    frame = _vega("ohlc.json")
    return _series(frame["date"], frame["close"].astype(float))


def _panel(times: object, series: object, values: object) -> pd.DataFrame:
    frame = pd.DataFrame({TIME: pd.to_datetime(times), SERIES: series, TARGET: values})
    return frame.dropna().sort_values([SERIES, TIME]).reset_index(drop=True)


def _stocks() -> pd.DataFrame:
    frame = _vega("stocks.csv")
    return _panel(pd.to_datetime(frame["date"], format="mixed"), frame["symbol"], frame["price"])


def _electricity() -> pd.DataFrame:
    frame = _vega("iowa-electricity.csv")
    return _panel(frame["year"], frame["source"], frame["net_generation"].astype(float))


def _sectors() -> pd.DataFrame:
    frame = _vega("us-employment.csv").drop(columns=["nonfarm", "nonfarm_change"])
    long = frame.melt("month", var_name=SERIES, value_name=TARGET)
    return _panel(long["month"], long[SERIES], long[TARGET].astype(float))


def _investment() -> pd.DataFrame:
    frame = _statsmodels("grunfeld")
    years = frame["year"].astype(int).astype(str) + "-01-01"
    return _panel(years, frame["firm"].astype(str), frame["invest"].astype(float))


def _fertility() -> pd.DataFrame:
    wide = _statsmodels("fertility").drop(
        columns=["Country Code", "Indicator Name"], errors="ignore"
    )
    wide = wide.drop(columns=[name for name in wide.columns if "Indicator" in name])
    long = wide.melt("Country Name", var_name="year", value_name=TARGET).dropna()
    long = long[long.groupby("Country Name")["year"].transform("size") >= _FEWEST_YEARS]
    long = long[long["Country Name"].isin(sorted(long["Country Name"].unique())[::6])]
    return _panel(long["year"].astype(str) + "-01-01", long["Country Name"], long[TARGET])


SETS = {
    "co2, months": SeriesSet(_co2, 12, 12),
    "sunspots, years": SeriesSet(lambda: _years("sunspots", "SUNACTIVITY", "YEAR"), 1, 10),
    "nile, years": SeriesSet(lambda: _years("nile", "volume", "year"), 1, 10),
    "el niño, months": SeriesSet(_elnino, 12, 12),
    "gdp, quarters": SeriesSet(lambda: _quarters("realgdp"), 4, 8),
    "unemployment, quarters": SeriesSet(lambda: _quarters("unemp"), 4, 8),
    "prices, quarters": SeriesSet(lambda: _quarters("cpi"), 4, 8),
    "employment, months": SeriesSet(_employment, 12, 12),
    "seattle, hours": SeriesSet(lambda: _temperatures("seattle", 1_000), 24, 48),
    "san francisco, hours": SeriesSet(lambda: _temperatures("sf", 1_000), 24, 24),
    "seattle, days": SeriesSet(lambda: _weather("temp_max"), 7, 14),
    "exchange, days": SeriesSet(_exchange, 1, 5),
    "copper, years": SeriesSet(_copper, 1, 3),
    "inflation, quarters": SeriesSet(_inflation, 4, 4),
    "equipment, months": SeriesSet(_equipment, 12, 12),
    "rain, days": SeriesSet(lambda: _weather("precipitation"), 7, 7),
    "stocks, months": SeriesSet(_stocks, 12, 6, is_panel=True),
    "electricity, years": SeriesSet(_electricity, 1, 3, is_panel=True),
    "sectors, months": SeriesSet(_sectors, 12, 12, is_panel=True),
    "investment, years": SeriesSet(_investment, 1, 3, is_panel=True),
    "fertility, years": SeriesSet(_fertility, 1, 5, is_panel=True),
}
