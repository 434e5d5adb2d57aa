"""Read what a contestant is given and write what it answers: the same files for all of them.

Imported by scripts of this folder, in environments that have pandas and no auger.
"""

import json
import sys

import pandas as pd

TARGET = "target"
TIME, SERIES, VALUE = "time", "series", "y"  # of series
DAY = "day"  # of streams


def run(main):
    """Call a contestant with its tables and what it is asked; print what it chose."""
    train, test, out, asked = sys.argv[1:5]
    print(main(train, test, out, json.loads(asked)))


def read_table(train, test):
    """Return the rows to learn from, and those to predict without their target."""
    return pd.read_csv(train), pd.read_csv(test).drop(columns=TARGET)


def task_of(table, asked, binary="binary", multiclass="multiclass"):
    """Return the task in the words of a tool."""
    if asked["kind"] == "regression":
        return "regression"
    return binary if table[TARGET].nunique() == 2 else multiclass


def write_numbers(values, out):
    """Write predicted numbers."""
    pd.DataFrame({"prediction": values}).to_csv(out, index=False)


def write_chances(values, classes, out):
    """Write the probability of each class."""
    pd.DataFrame(values, columns=classes).to_csv(out, index=False)


def read_series(train, test, key):
    """Return the steps to learn from and those to forecast, each row with the key of its series."""
    tables = pd.read_csv(train, parse_dates=[TIME]), pd.read_csv(test, parse_dates=[TIME])
    for table in tables:
        table[key] = table[SERIES].astype(str) if SERIES in table else "one"
    return tables


def windows_of(rows, length):
    """Yield for each day of a stream its rows and those of the days before it, `length` in all."""
    days = [frame.drop(columns=DAY) for _, frame in rows.groupby(DAY)]
    for last in range(len(days)):
        yield pd.concat(days[max(0, last - length + 1) : last + 1])


def write_forecast(rows, shown, key, names, out):
    """Write a forecast and its interval, each row its own by its place in its series.

    `names` says what the tool calls the prediction, the low and the high end.
    """
    for table in (rows, shown):
        table["step"] = table.groupby(key).cumcount()
    found = rows.merge(shown, on=[key, "step"], how="left")[list(names)]
    found.set_axis(["prediction", "low", "high"], axis=1).to_csv(out, index=False)
