"""Run AutoGluon-TimeSeries with its fast presets, which need no pretrained weights."""

import tempfile

from autogluon.timeseries import TimeSeriesDataFrame, TimeSeriesPredictor
from exchange import TIME, VALUE, read_series, run, write_forecast

KEY = "item_id"


def main(train, test, out, asked):
    """Fit, forecast the horizon."""
    frame, rows = read_series(train, test, KEY)
    data = TimeSeriesDataFrame.from_data_frame(
        frame[[KEY, TIME, VALUE]], id_column=KEY, timestamp_column=TIME
    )
    with tempfile.TemporaryDirectory() as folder:
        predictor = TimeSeriesPredictor(
            prediction_length=asked["horizon"],
            target=VALUE,
            eval_metric="MASE",
            path=folder,
            freq=asked["frequency"],
            quantile_levels=[0.05, 0.5, 0.95],
            verbosity=0,
        )
        predictor.fit(data, presets="fast_training", time_limit=asked["seconds"], random_seed=0)
        shown = predictor.predict(data).reset_index()
        name = predictor.model_best
    write_forecast(rows, shown, KEY, ("0.5", "0.05", "0.95"), out)
    return name


if __name__ == "__main__":
    run(main)
