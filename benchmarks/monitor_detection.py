"""Measure how a monitor detects drift: days of false alarm a month, and days until the true one.

Streams of ten columns are drawn day by day from real tables: without drift, with a season of a week
that the training data has as well, with one column that moves at once, and with one that moves over
a month. Each day is checked with the rows of the last seven days: by the hub, as its monitor does
it by default, and by two tools that watch models, as they do it by default. One drifted column is
an alarm for all of them.

    python -m benchmarks.monitor_detection [--repeats 1] [--tools hub evidently nannyml]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn import datasets

from auger_hub.models.counts import add_counts
from auger_hub.models.profile import Observer, make_profile
from auger_hub.review.health import Known, check_columns
from auger_hub.review.monitor import Monitor
from benchmarks.contest import ask, python_of

COLUMNS, DAYS, ONSET, WINDOW, TRAINED, WEEKS = 10, 90, 45, 7, 20_000, 20
TABLES: dict[str, Callable[..., Any]] = {
    "cancer": datasets.load_breast_cancer,
    "diabetes": datasets.load_diabetes,
    "wine": datasets.load_wine,
}
PACKAGES = {"evidently": ("evidently==0.7.23", "pandas<3"), "nannyml": ("nannyml==0.13.1",)}
TOOLS = ("hub", *PACKAGES)


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


class Verdict(NamedTuple):
    """Days of false alarm, the days that these may be, and days until the true one."""

    false: int
    quiet: int
    delay: int | None


def table_of(name: str) -> pd.DataFrame:
    """Return the first columns of a real table."""
    frame: pd.DataFrame = TABLES[name](as_frame=True).data.iloc[:, :COLUMNS]
    return frame.set_axis([str(column).replace("/", " ") for column in frame], axis=1)


def draw(
    random: np.random.Generator, table: pd.DataFrame, stream: Stream, day: int, rows: int
) -> pd.DataFrame:
    """Return the rows of one day: rows of the table, the first column moved."""
    frame = table.sample(rows, replace=True, random_state=random).reset_index(drop=True)
    moved = stream.moved(day) + 0.5 * np.sin(2 * np.pi * day / 7) * stream.has_season
    first = frame.columns[0]
    frame[first] += moved * table[first].std()
    return frame


def draw_training(random: np.random.Generator, table: pd.DataFrame, stream: Stream) -> pd.DataFrame:
    """Return rows of the weeks before the stream."""
    still = Stream(stream.name, lambda _: 0.0, has_drift=False, has_season=stream.has_season)
    days = 7 * WEEKS
    drawn = [draw(random, table, still, day, TRAINED // days) for day in range(days)]
    return pd.concat(drawn, ignore_index=True)


def alarms_of_hub(learned: pd.DataFrame, days: list[pd.DataFrame]) -> list[bool]:
    """Return for each day whether the alert of the hub is open, as it opens and closes."""
    names = list(learned.columns)
    described = {"needed": names, "kinds": dict.fromkeys(names, "number"), "classes": None}
    profile = make_profile(learned, np.zeros(len(learned)), described)
    known = Known(Monitor(is_drift_declared=True, window=WINDOW), profile, None, {}, {}, "r2")
    observer, counted, alarms, is_open = Observer(profile), [], [], False
    for frame in days:
        observer.begin(())
        observer.see(frame, np.zeros(len(frame)), None)
        counted.append(observer.take()[""])
        columns = check_columns(known, reduce(add_counts, counted[-WINDOW:]))
        columns = [one for one in columns if one.column in names]
        is_open = any(one.is_drifted for one in columns) or (
            is_open and any(one.is_suspect for one in columns)
        )
        alarms.append(is_open)
    return alarms


def alarms_of_peer(tool: str, learned: pd.DataFrame, days: list[pd.DataFrame]) -> list[bool]:
    """Return for each day whether a column has drifted.

    Raises:
        SystemExit: the tool failed.
    """
    environments = Path(tempfile.gettempdir()) / "monitor-detection"
    stream = pd.concat([frame.assign(day=day) for day, frame in enumerate(days)])
    asked = {"seconds": 600, "window": WINDOW}
    answer = ask(tool, python_of(tool, environments, PACKAGES), learned, stream, asked)
    if answer.table is None:
        raise SystemExit(f"{tool}: {answer.note}")
    return list(answer.table["alarm"].astype(bool))


def judge(alarms: list[bool], stream: Stream) -> Verdict:
    """Compare alarms with what happened; the days before the first whole window do not count."""
    quiet = range(WINDOW - 1, ONSET if stream.has_drift else DAYS)
    delay = next((day - ONSET for day in range(ONSET, DAYS) if alarms[day]), None)
    false = sum(alarms[day] for day in quiet)
    return Verdict(false, len(quiet), delay if stream.has_drift else None)


def main() -> None:
    """Print a line a stream, size of a day and tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--tools", nargs="+", default=list(TOOLS), choices=TOOLS)
    asked = parser.parse_args()
    heading = f"{'stream':26} {'rows a day':>10} {'tool':10} {'false days a month':>18}"
    print(f"{heading} {'found':>7} {'days until':>10}")
    for stream in STREAMS:
        for rows in (50, 200):
            told: dict[str, list[Verdict]] = {tool: [] for tool in asked.tools}
            for name in TABLES:
                for seed in range(asked.repeats):
                    random, table = np.random.default_rng(seed), table_of(name)
                    learned = draw_training(random, table, stream)
                    days = [draw(random, table, stream, day, rows) for day in range(DAYS)]
                    for tool, verdicts in told.items():
                        alarms = (
                            alarms_of_hub(learned, days)
                            if tool == "hub"
                            else alarms_of_peer(tool, learned, days)
                        )
                        verdicts.append(judge(alarms, stream))
            for tool, verdicts in told.items():
                show(stream, rows, tool, verdicts)


def show(stream: Stream, rows: int, tool: str, verdicts: list[Verdict]) -> None:
    """Print what came of one tool on all streams of a kind."""
    month = 30 * sum(one.false for one in verdicts) / sum(one.quiet for one in verdicts)
    delays = [one.delay for one in verdicts if one.delay is not None]
    found = f"{len(delays)}/{len(verdicts)}" if stream.has_drift else ""
    delay = f"{np.median(delays):.0f}" if delays else ""
    line = f"{stream.name:26} {rows:>10} {tool:10} {month:>18.2f} {found:>7} {delay:>10}"
    print(line, flush=True)


if __name__ == "__main__":
    main()
