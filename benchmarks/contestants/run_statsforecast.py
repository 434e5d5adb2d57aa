"""Run statsforecast's AutoETS on each series, with its intervals at 90 %."""

from exchange import TIME, VALUE, read_series, run, write_forecast
from statsforecast import StatsForecast
from statsforecast.models import AutoETS

KEY = "unique_id"


def main(train, test, out, asked):
    """Fit, forecast the horizon."""
    frame, rows = read_series(train, test, KEY)
    frame = frame.rename(columns={TIME: "ds"})[[KEY, "ds", VALUE]]
    frame["ds"] = frame.groupby(KEY).cumcount() + 1
    model = StatsForecast(models=[AutoETS(season_length=asked["season"])], freq=1)
    shown = model.forecast(df=frame, h=asked["horizon"], level=[90]).reset_index()
    names = ("AutoETS", "AutoETS-lo-90", "AutoETS-hi-90")
    write_forecast(rows, shown, KEY, names, out)
    return "AutoETS"


if __name__ == "__main__":
    run(main)
