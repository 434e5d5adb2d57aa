"""Run statsforecast's AutoETS on each series, with its intervals at 90 %."""

from __future__ import annotations

import json
import sys

import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoETS

TIME, SERIES, TARGET = "time", "series", "y"


def main(train: str, test: str, out: str, asked: str) -> None:
    """Fit, forecast the horizon, and give each row to predict its forecast by its place."""
    told = json.loads(asked)
    frame, rows = pd.read_csv(train, parse_dates=[TIME]), pd.read_csv(test, parse_dates=[TIME])
    for table in (frame, rows):
        table["unique_id"] = table[SERIES].astype(str) if SERIES in table else "one"
    frame = frame.rename(columns={TIME: "ds"})[["unique_id", "ds", TARGET]]
    frame["ds"] = frame.groupby("unique_id").cumcount() + 1
    model = StatsForecast(models=[AutoETS(season_length=told["season"])], freq=1)
    shown = model.forecast(df=frame, h=told["horizon"], level=[90]).reset_index()
    shown["step"] = shown.groupby("unique_id").cumcount()
    rows["step"] = rows.groupby("unique_id").cumcount()
    found = rows.merge(shown, on=["unique_id", "step"], how="left")
    names = {"AutoETS": "prediction", "AutoETS-lo-90": "low", "AutoETS-hi-90": "high"}
    found[[*names]].rename(columns=names).to_csv(out, index=False)
    print("AutoETS")


if __name__ == "__main__":
    main(*sys.argv[1:5])
