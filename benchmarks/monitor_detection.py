"""Measure how a monitor detects drift: false alarms a month, and days until an alarm.

Streams of ten columns are drawn day by day: without drift, with a season of a week that the
training data has as well, with one column that moves at once, and with one that moves over a month.
Each day is checked as the hub does it, with the windows of `monitor`. Beside it stands the rule
that tools for drift apply to small samples by default: a Kolmogorov-Smirnov test of every column
at 5 %, once a day, on the rows of the day.

    python -m benchmarks.monitor_detection [--repeats 20]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from auger_hub.models.counts import add_counts
from auger_hub.models.profile import Observer, make_profile
from auger_hub.review.health import Known, check_columns
from auger_hub.review.monitor import Monitor

COLUMNS, DAYS, ONSET, TRAINED = 10, 90, 45, 5_000
NAMES = [f"c{number}" for number in range(COLUMNS)]
DESCRIPTION = {"needed": NAMES, "kinds": dict.fromkeys(NAMES, "number"), "classes": None}
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Stream:
    """A kind of stream: by how much its first column has moved on a day, in deviations."""

    name: str
    moved: Callable[[int], float]
    has_drift: bool
    has_season: bool = False


STREAMS = (
    Stream("none", lambda _: 0.0, has_drift=False),
    Stream("season of a week", lambda _: 0.0, has_drift=False, has_season=True),
    Stream("abrupt, half a deviation", lambda day: 0.5 * (day >= ONSET), has_drift=True),
    Stream("abrupt, one deviation", lambda day: 1.0 * (day >= ONSET), has_drift=True),
    Stream("gradual, one in a month", lambda day: min(max(day - ONSET, 0) / 30, 1), has_drift=True),
)


def draw(random: np.random.Generator, stream: Stream, day: int, rows: int) -> pd.DataFrame:
    """Return the rows of one day."""
    values = random.normal(size=(rows, COLUMNS))
    if stream.has_season:
        values += 0.5 * np.sin(2 * np.pi * day / 7)
    values[:, 0] += stream.moved(day)
    return pd.DataFrame(values, columns=NAMES)


def training(random: np.random.Generator, stream: Stream) -> pd.DataFrame:
    """Return rows of the days before the stream, of every day of the week."""
    still = Stream(stream.name, lambda _: 0.0, has_drift=False, has_season=stream.has_season)
    days = [draw(random, still, day, TRAINED // 70) for day in range(70)]
    return pd.concat(days, ignore_index=True)


def alarms_of_hub(learned: pd.DataFrame, days: list[pd.DataFrame], window: int) -> Iterator[bool]:
    """Yield for each day whether the alert of the hub is open, as it opens and closes."""
    monitor = Monitor(is_drift_declared=True, window=window)
    profile = make_profile(learned, np.zeros(len(learned)), DESCRIPTION)
    known = Known(monitor, profile, None, {}, {}, "r2")
    observer, counted, is_open = Observer(profile), [], False
    for frame in days:
        observer.begin(())
        observer.see(frame, np.zeros(len(frame)), None)
        counted.append(observer.take()[""])
        columns = check_columns(known, reduce(add_counts, counted[-window:]))
        columns = [one for one in columns if one.column in NAMES]
        is_open = any(one.is_drifted for one in columns) or (
            is_open and any(one.is_suspect for one in columns)
        )
        yield is_open


def alarms_of_test(learned: pd.DataFrame, days: list[pd.DataFrame]) -> Iterator[bool]:
    """Yield for each day whether some column differs by a test at 5 %."""
    for frame in days:
        yield any(ks_2samp(learned[one], frame[one]).pvalue < 0.05 for one in NAMES)


def judge(alarms: list[bool], stream: Stream) -> tuple[int, int, int | None]:
    """Return false alarms, the days that these may happen on, and days until the true one."""
    quiet = ONSET if stream.has_drift else DAYS
    opened = [day for day in range(DAYS) if alarms[day] and not (day and alarms[day - 1])]
    false = sum(1 for day in opened if day < quiet)
    found = next((day - ONSET for day in range(quiet, DAYS) if alarms[day]), None)
    return false, quiet, found


def main() -> None:
    """Print a line a stream, size of a day and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    repeats = parser.parse_args().repeats
    heading = f"{'stream':26} {'rows a day':>10} {'method':16} {'false a month':>13}"
    print(f"{heading} {'found':>7} {'days until':>10}")
    for stream in STREAMS:
        for rows in (50, 500):
            told: dict[str, list[tuple[int, int, int | None]]] = {}
            for seed in range(repeats):
                random = np.random.default_rng(seed)
                learned = training(random, stream)
                days = [draw(random, stream, day, rows) for day in range(DAYS)]
                methods = {
                    "hub, 7 days": list(alarms_of_hub(learned, days, 7)),
                    "hub, 1 day": list(alarms_of_hub(learned, days, 1)),
                    "test at 5 %": list(alarms_of_test(learned, days)),
                }
                for method, alarms in methods.items():
                    told.setdefault(method, []).append(judge(alarms, stream))
            for method, results in told.items():
                show(stream, rows, method, results)


def show(
    stream: Stream, rows: int, method: str, results: list[tuple[int, int, int | None]]
) -> None:
    """Print what came of one method on all streams of a kind."""
    month = 30 * sum(false for false, _, _ in results) / sum(quiet for _, quiet, _ in results)
    delays = [delay for _, _, delay in results if delay is not None]
    found = f"{len(delays)}/{len(results)}" if stream.has_drift else ""
    delay = f"{np.median(delays):.0f}" if stream.has_drift and delays else ""
    print(f"{stream.name:26} {rows:>10} {method:16} {month:>13.2f} {found:>7} {delay:>10}")


if __name__ == "__main__":
    main()
