"""Count time in steps: how many a row is behind the last one that was learned from.

A series has one step: a number of months, of days of the week that it has, or of seconds. An
exported model carries this file along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

Array = np.ndarray[Any, Any]
Clock = Mapping[str, Any]
"""`unit` (months, days or us), `size` of a step, `last` time learned from, days of a `week`.

Of times that are not regular, `known` has all of them, and `size` is what lies between most.
"""

REGULAR = 0.8
"""The share of steps of one size from which on a series counts as regular, with gaps."""
_FEWEST = 4
_DAY = 86_400_000_000
_CYCLES = (_DAY, 7 * _DAY, 364 * _DAY)  # day, week, and the year of whole weeks
_LONGEST_CYCLE = 300


def find_clock(times: pd.Series) -> dict[str, Any] | None:
    """Return the step of a series; None when its times are not regular, or not all different.

    Args:
        times: time stamps in their order.
    """
    stamps = pd.DatetimeIndex(times).as_unit("us")
    if len(stamps) < _FEWEST or stamps.hasnans or not stamps.is_unique:
        return None
    for find in (_months, _days_of_week, _microseconds):
        clock = find(stamps)
        if clock is not None:
            return {**clock, "last": int(stamps.to_numpy().astype("int64")[-1])}
    return None


def find_any_clock(times: pd.Series) -> dict[str, Any]:
    """Return a step for times that have none: half of them are farther apart, half of them nearer.

    Args:
        times: different time stamps in their order.
    """
    stamps = pd.DatetimeIndex(times).as_unit("us").to_numpy().astype("int64")
    size = int(np.median(np.diff(stamps))) if len(stamps) > 1 else _DAY
    return {"unit": "us", "size": size, "last": int(stamps[-1]), "known": stamps.tolist()}


def ending_at(clock: Clock, times: pd.Series) -> dict[str, Any]:
    """Return the clock of other times for a series that ends at the last of these."""
    stamps = pd.DatetimeIndex(times).as_unit("us")
    return {**clock, "last": int(stamps.to_numpy().astype("int64")[-1])}


def usual_period(clock: Clock | None) -> int:
    """Return after how many steps the calendar repeats: 12 months, 24 hours, 7 days; else 1."""
    match clock:
        case None:
            return 1
        case {"unit": "months", "size": size} if size <= 6 and 12 % size == 0:
            return int(12 // size)
        case {"unit": "days", "week": week}:
            return int(week.count("1"))
        case {"unit": "us", "size": size} if "known" not in clock:
            periods = [cycle // size for cycle in _CYCLES if cycle % size == 0 and cycle > size]
            return int(next((one for one in periods if one <= _LONGEST_CYCLE), 1))
        case _:
            return 1


def steps_after(clock: Clock, times: pd.Series) -> Array:
    """Return for each time how many steps it is after the last one; of the past, negative ones."""
    stamps = pd.DatetimeIndex(times).as_unit("us")
    last = pd.Timestamp(clock["last"], unit="us")
    match clock["unit"]:
        case "months":
            months = (stamps.year * 12 + stamps.month) - (last.year * 12 + last.month)
            return np.asarray(np.round(months / clock["size"]), dtype=int)
        case "days":
            days = stamps.to_numpy().astype("datetime64[D]")
            begin = np.datetime64(last.date(), "D")
            return np.asarray(np.busday_count(begin, days, weekmask=clock["week"]), dtype=int)
        case _:
            away = stamps.to_numpy().astype("int64") - clock["last"]
            return np.asarray(np.round(away / clock["size"]), dtype=int)


def times_at(clock: Clock, steps: Array) -> pd.DatetimeIndex:
    """Return the times that are so many steps after the last one."""
    last = pd.Timestamp(clock["last"], unit="us")
    match clock["unit"]:
        case "months":
            months = (last.year * 12 + last.month - 1) + np.asarray(steps) * clock["size"]
            firsts = pd.to_datetime({"year": months // 12, "month": months % 12 + 1, "day": 1})
            ends = firsts.dt.days_in_month
            day = ends if clock["end"] else np.minimum(last.day, ends)
            return pd.DatetimeIndex(firsts + pd.to_timedelta(day - 1, unit="D")) + _clock_of(last)
        case "days":
            begin = np.datetime64(last.date(), "D")
            days = np.busday_offset(begin, steps, roll="preceding", weekmask=clock["week"])
            return pd.DatetimeIndex(days) + _clock_of(last)
        case _:
            stamps = clock["last"] + np.asarray(steps, dtype="int64") * clock["size"]
            return pd.DatetimeIndex(stamps.astype("datetime64[us]"))


def _clock_of(stamp: pd.Timestamp) -> pd.Timedelta:
    return stamp - stamp.normalize()


def _is_regular(sizes: Array, size: int) -> bool:
    return size > 0 and bool((sizes == size).mean() >= REGULAR and (sizes % size == 0).all())


def _commonest(sizes: Array) -> int:
    values, counts = np.unique(sizes, return_counts=True)
    return int(values[np.argmax(counts)])


def _months(stamps: pd.DatetimeIndex) -> dict[str, Any] | None:
    is_end = bool(stamps.is_month_end.all())
    if not is_end and len(set(stamps.day)) > 1:
        return None
    sizes = np.diff(np.asarray(stamps.year * 12 + stamps.month))
    size = _commonest(sizes)
    return {"unit": "months", "size": size, "end": is_end} if _is_regular(sizes, size) else None


def _days_of_week(stamps: pd.DatetimeIndex) -> dict[str, Any] | None:
    """Find series that never have some days of the week, as those of exchanges."""
    present = set(stamps.day_of_week)
    away = np.diff(stamps.to_numpy().astype("int64"))
    if not 1 < len(present) < 7 or len(stamps) < 10 or away.min() != _DAY or (away % _DAY).any():
        return None
    week = "".join("1" if day in present else "0" for day in range(7))
    days = stamps.to_numpy().astype("datetime64[D]")
    sizes = np.busday_count(days[:-1], days[1:], weekmask=week)
    return {"unit": "days", "size": 1, "week": week} if (sizes == 1).mean() >= REGULAR else None


def _microseconds(stamps: pd.DatetimeIndex) -> dict[str, Any] | None:
    sizes = np.diff(stamps.to_numpy().astype("int64"))
    size = _commonest(sizes)
    return {"unit": "us", "size": size} if _is_regular(sizes, size) else None
