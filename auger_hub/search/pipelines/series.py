"""Split a table into its time series, each on the steps of its times, and find their seasons.

Times that several rows of a series have count once, with the mean of their values; missing ones are
filled on a straight line. An exported model carries this file along, and what it imports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from auger_hub.search.columns import to_dates, to_text
from auger_hub.search.time_steps import (
    Clock,
    ending_at,
    find_any_clock,
    find_clock,
    steps_after,
    usual_period,
)

Array = np.ndarray[Any, Any]
LONGEST_SEASON = 400
GRID_AT_MOST = 4
CLEAR_SEASON = 0.3  # autocorrelation above which a period is believed,
USUAL_SEASON = 0.15  # and one of the calendar
_SEPARATOR = "\x1f"
_JUDGED_SERIES = 50


@dataclass(frozen=True)
class Series:
    """One series of a table.

    Attributes:
        key: the values of its columns that tell it from others, as one text.
        clock: its step; None without times, where each row is a step.
        rows: the positions of its rows in the table, in the order of time.
        at: the step of each row, counted from the first.
        values: at every step.
    """

    key: str
    clock: Clock | None
    rows: Array
    at: Array
    values: Array

    @property
    def gaps(self) -> int:
        """Return how many steps have no row."""
        return len(self.values) - len(np.unique(self.at))

    @property
    def doubled(self) -> int:
        """Return how many rows have the time of another one."""
        return len(self.at) - len(np.unique(self.at))


def keys_of(X: pd.DataFrame, columns: Sequence[str]) -> Array:  # noqa: N803 - sklearn's name
    """Return for each row the key of its series; all are of one without columns."""
    if not columns:
        return np.full(len(X), "", dtype=object)
    texts = [to_text(X[name]).to_numpy() for name in columns]
    return np.array([_SEPARATOR.join(map(str, row)) for row in zip(*texts, strict=True)], object)


def shown_key(key: str) -> str:
    """Return a key as a person reads it."""
    return key.replace(_SEPARATOR, ", ")


def time_order(X: pd.DataFrame, time_column: str | None) -> Array:  # noqa: N803 - sklearn's name
    """Return the positions of the rows in the order of time; without a column, as they stand."""
    if time_column is None or time_column not in X.columns:
        return np.arange(len(X))
    return np.argsort(to_dates(X[time_column]).to_numpy(), kind="stable")


def split_series(
    X: pd.DataFrame,  # noqa: N803 - sklearn's name
    y: Array,
    time_column: str | None,
    columns: Sequence[str] = (),
) -> list[Series]:
    """Return the series of a table in the order of their keys; rows without a time are of none."""
    values = np.asarray(y, dtype=float)
    order = time_order(X, time_column)
    keys = keys_of(X, columns)[order]
    if time_column is None or time_column not in X.columns:
        return [
            Series(key, None, rows, np.arange(len(rows)), values[rows])
            for key, rows in _grouped(keys, order)
        ]
    times = to_dates(X[time_column])
    known = times.iloc[order].notna().to_numpy()
    order, keys = order[known], keys[known]
    every = times.iloc[order].drop_duplicates()
    shared = find_clock(every)
    return [
        _on_steps(key, rows, values[rows], times.iloc[rows], shared)
        for key, rows in _grouped(keys, order)
    ]


def _grouped(keys: Array, order: Array) -> list[tuple[str, Array]]:
    names, group = np.unique(keys.astype(str), return_inverse=True)
    places = np.argsort(group, kind="stable")
    ends = np.cumsum(np.bincount(group, minlength=len(names)))[:-1]
    return list(zip(names.tolist(), np.split(order[places], ends), strict=True))


def _on_steps(
    key: str, rows: Array, values: Array, times: pd.Series, shared: Clock | None
) -> Series:
    """Return a series by the step that all have in common, by its own, or row by row."""
    different, place = np.unique(times.to_numpy(), return_inverse=True)
    mean = np.bincount(place, values) / np.bincount(place)
    stamps = pd.Series(different)
    clocks = [ending_at(shared, stamps)] if shared is not None else []
    if (own := find_clock(stamps)) is not None:
        clocks.append(own)
    for clock in clocks:
        steps = steps_after(clock, stamps)
        at = steps - steps[0]
        if at[-1] < len(at) * GRID_AT_MOST and (np.diff(at) > 0).all():
            return Series(key, clock, rows, at[place], np.interp(np.arange(at[-1] + 1), at, mean))
    return Series(key, find_any_clock(stamps), rows, place, mean)


def find_season(series: Array, usual: int = 1) -> int:
    """Return the period of a series: the clearest autocorrelation of its changes, or 1.

    Args:
        series: values at every step.
        usual: the period of the calendar, which is believed sooner than any other.
    """
    change = np.diff(series)
    change = change - change.mean() if len(change) else change
    power = float(change @ change)
    longest = min(len(change) // 3, LONGEST_SEASON)
    if longest < 3 or power == 0:
        return 1
    spectrum = np.fft.rfft(change, 2 * len(change))
    shared = np.fft.irfft(spectrum * spectrum.conj())[: len(change)] / power
    if 1 < usual < len(change) // 2:
        around = shared[usual - 1 : usual + 2]
        enough = max(USUAL_SEASON, 2 / np.sqrt(len(change)))
        if shared[usual] >= around.max() and shared[usual] > enough:
            return usual
    shared = shared[: longest + 1]
    inner = shared[2:-1]
    peaks = (inner >= shared[1:-2]) & (inner >= shared[3:]) & (inner > CLEAR_SEASON)
    return int(np.argmax(np.where(peaks, inner, -1)) + 2) if peaks.any() else 1


def common_season(found: Sequence[Series]) -> int:
    """Return the period that most of the longest series have."""
    longest = sorted(found, key=lambda one: -len(one.values))[:_JUDGED_SERIES]
    periods = [find_season(one.values, usual_period(one.clock)) for one in longest]
    return Counter(periods).most_common(1)[0][0] if periods else 1
