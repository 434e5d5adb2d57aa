"""Measure what forecasts of time series are worth on steps that nobody has seen.

    python -m benchmarks.series_quality [--seconds 30] [--cores 1] [--sets NAME...]
        [--tools NAME...] [--environments FOLDER] [--results FILE] [--write]

auger, statsforecast's AutoETS and, where an environment `autogluon_series` is in the folder or can
be made, AutoGluon-TimeSeries (fast) get the same steps of twelve series and of four tables of
several, and forecast the last ones. The error is the mean absolute one over that of the seasonal
naive forecast within the steps that were learned from (MASE), a mean over the series of a table; of
the intervals at 90 % it is counted how many hold the truth.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import contest
from benchmarks.figure import Figure, Section, write_page
from benchmarks.series_sets import SERIES, SETS, TARGET, TIME, SeriesSet

PACKAGES = {
    "statsforecast": ["statsforecast==2.1.1"],
    "autogluon_series": ["autogluon.timeseries==1.6.3"],
}
TOOLS = {"auger_series": "auger", "statsforecast": "AutoETS", "autogluon_series": "AutoGluon"}


@dataclass(frozen=True)
class Result:
    """How a tool did on a set: error (None when it failed), share of truths inside, seconds."""

    data: str
    tool: str
    seconds: float
    error: float | None
    inside: float
    taken: float
    note: str


def main() -> None:
    """Measure what is missing, then print all."""
    options = _parse()
    contest.bind(options.cores)
    known = [Result(**found) for found in contest.read_results(options.results)]
    done = {(one.data, one.tool, one.seconds) for one in known}
    for name in options.sets:
        for tool in options.tools:
            if (name, tool, options.seconds) in done:
                continue
            python = contest.python_of(tool, options.environments, PACKAGES)
            result = measure(name, tool, options.seconds, python)
            contest.keep_result(options.results, asdict(result))
            known.append(result)
            print(result, flush=True)
    known = [one for one in known if one.seconds == options.seconds and one.tool in options.tools]
    section = summarize(known, options.tools, options.seconds)
    print(section.text)
    if options.write:
        write_page(section)


def measure(name: str, tool: str, seconds: float, python: Path) -> Result:
    """Let one tool forecast the last steps of one set."""
    data = SETS[name]
    train, test = split(data)
    times = pd.DatetimeIndex(np.sort(train[TIME].unique()))
    asked = {"seconds": seconds, "horizon": data.horizon, "season": data.season}
    asked |= {"frequency": pd.infer_freq(times) or "D"}
    answer = contest.ask(tool, python, train, test.drop(columns=TARGET), asked)
    shown = answer.table
    if shown is None:
        return Result(name, tool, seconds, None, 0.0, answer.taken, answer.note)
    truth = test[TARGET].to_numpy()
    inside = float(((shown["low"] <= truth) & (truth <= shown["high"])).mean())
    error = scaled_error(data, train, test, shown["prediction"].to_numpy())
    return Result(name, tool, seconds, error, inside, answer.taken, answer.note)


def split(data: SeriesSet) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the steps to learn from, and the last ones of each series."""
    frame = data.load()
    keys = frame[SERIES] if data.is_panel else pd.Series("", index=frame.index)
    left = frame.groupby(keys).cumcount(ascending=False)
    return frame[left >= data.horizon], frame[left < data.horizon].reset_index(drop=True)


def scaled_error(
    data: SeriesSet, train: pd.DataFrame, test: pd.DataFrame, shown: np.ndarray
) -> float:
    """Return the mean absolute scaled error, a mean over the series."""
    found = []
    keys = test[SERIES] if data.is_panel else pd.Series("", index=test.index)
    for key, rows in test.groupby(keys).groups.items():
        history = train[train[SERIES] == key] if data.is_panel else train
        values = history[TARGET].to_numpy()
        scale = np.abs(values[data.season :] - values[: -data.season]).mean()
        found.append(np.abs(test.loc[rows, TARGET] - shown[rows]).mean() / scale)
    return float(np.mean(found))


def summarize(results: Sequence[Result], tools: Sequence[str], seconds: float) -> Section:
    """Return the errors of all tools on each set, and their means."""
    frame = pd.DataFrame([asdict(one) for one in results])
    errors = frame.pivot_table(index="data", columns="tool", values="error", sort=False)
    inside = frame[frame["error"].notna()].pivot_table(
        index="data", columns="tool", values="inside", sort=False
    )
    peers = [tool for tool in tools if tool != "auger_series"]
    figures = [
        Figure(str(name), f"{row['auger_series']:.3f}", _beside(row, peers))
        for name, row in errors.iterrows()
    ]
    mean = errors.dropna().mean()
    figures.append(
        Figure(
            "mean error",
            f"{mean['auger_series']:.3f}",
            _beside(mean, peers),
            mean["auger_series"] / min(mean[peer] for peer in peers),
            1,
        )
    )
    sizes = {name: _steps(str(name)) for name in inside.index}
    weights = pd.Series(sizes)
    share = {tool: float((inside[tool] * weights).sum() / weights.sum()) for tool in inside}
    beside = ", ".join(f"{share[peer]:.0%} ({TOOLS[peer]})" for peer in peers if peer in share)
    figures.append(Figure("truths in intervals at 90 %", f"{share['auger_series']:.1%}", beside))
    taken = frame.groupby("tool")["taken"].mean()
    listed = ", ".join(f"{TOOLS[tool]} {taken[tool]:.0f} s" for tool in tools if tool in taken)
    notes = [
        "Mean absolute scaled errors of the last steps, less is better; those of a table of",
        "several series are means over them. Each tool was given one core and",
        f"{seconds:g} s, which AutoETS does not use up. From start to end their processes took, in",
        f"the mean: {listed}.",
    ]
    command = f"python -m benchmarks.series_quality --seconds {seconds:g}"
    return Section("series_quality", "Time series", figures, notes, command)


def _steps(name: str) -> int:
    return len(split(SETS[name])[1])


def _beside(row: pd.Series, peers: Sequence[str]) -> str:
    known = [(peer, row.get(peer, np.nan)) for peer in peers]
    return ", ".join(
        f"{TOOLS[peer]} failed" if np.isnan(error) else f"{error:.3f} ({TOOLS[peer]})"
        for peer, error in known
    )


def _parse() -> argparse.Namespace:
    about, kept = "Compare forecasts of time series.", "auger-series-quality"
    parser = contest.make_parser(about, kept, seconds=30.0, sets=list(SETS), tools=list(TOOLS))
    return contest.parse(parser, list(SETS))


if __name__ == "__main__":
    main()
