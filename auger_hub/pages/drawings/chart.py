"""Compute where the bars and points of a chart lie; the templates draw them as SVG."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from auger_hub.pages.words import duration, score, ticks_in_words

BARS_WIDTH, BARS_HEIGHT = 160, 36
CHART_WIDTH, CHART_HEIGHT = 760, 256
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 28, 48
_WIDEST_BAR = 28
_MOST_POINTS = 600


@dataclass(frozen=True)
class Bar:
    """A bar of a small chart, in the units of its drawing."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True)
class Tried:
    """A trial as the chart sees it: when after the run's start, and how good."""

    seconds: float
    score: float
    label: str


@dataclass(frozen=True)
class Mark:
    """A place in the chart with its words."""

    x: float
    y: float
    label: str
    is_outside: bool = False
    """Worse than what the chart shows: it lies on the lower edge."""


@dataclass(frozen=True)
class ScoreChart:
    """Score over time: a point a trial and the line of the best so far."""

    points: Sequence[Mark]
    best: str
    """Corners of the line, as SVG's `points`."""
    rows: Sequence[Mark]
    columns: Sequence[Mark]
    outside: int
    summary: str
    steps: Sequence[Tried]
    """The trials that were better than all before them."""


def draw_bars(counts: Sequence[float], labels: Sequence[str]) -> list[Bar]:
    """Return a bar a count, the highest as high as the drawing; none is invisible but zero."""
    highest = max(counts, default=0) or 1
    pitch = min(BARS_WIDTH / max(1, len(counts)), _WIDEST_BAR)
    bars = []
    for position, (count, label) in enumerate(zip(counts, labels, strict=True)):
        height = max(1.0, BARS_HEIGHT * count / highest) if count else 0.0
        x, y = round(position * pitch, 1), round(BARS_HEIGHT - height, 1)
        bars.append(
            Bar(x, y, width=max(round(pitch - 2, 1), 1), height=round(height, 1), label=label)
        )
    return bars


def draw_scores(trials: Sequence[Tried], until: float = 0.0) -> ScoreChart | None:
    """Return the chart of the trials in the order they ended; None without any.

    `until` is how many seconds the run has taken so far, with whatever it tries now.
    """
    if not trials:
        return None
    bests = list(accumulate((trial.score for trial in trials), max))
    is_new = [True, *(best > before for before, best in pairwise(bests))]
    lowest, highest = range_of(trials)
    seconds = max(trials[-1].seconds, until, 1.0)

    def x(value: float) -> float:
        inner = CHART_WIDTH - _LEFT - _RIGHT
        return round(_LEFT + inner * value / seconds, 1)

    def y(value: float) -> float:
        inner = CHART_HEIGHT - _TOP - _BOTTOM
        share = (max(value, lowest) - lowest) / (highest - lowest)
        return round(_TOP + inner * (1 - share), 1)

    corners = [(x(trials[0].seconds), y(bests[0]))]
    for trial, before, best in zip(trials[1:], bests, bests[1:], strict=False):
        if best > before:
            corners += [(x(trial.seconds), y(before)), (x(trial.seconds), y(best))]
    corners.append((x(seconds), y(bests[-1])))
    step = math.ceil(len(trials) / _MOST_POINTS)
    ticks = find_ticks(lowest, highest, 4)
    words_of_ticks = ticks_in_words(ticks)
    words = f"{len(trials)} scored trials in {duration(seconds)}"
    return ScoreChart(
        points=[
            Mark(x(t.seconds), y(t.score), t.label, is_outside=t.score < lowest)
            for t in trials[::step]
        ],
        best=" ".join(f"{left},{top}" for left, top in corners),
        rows=[Mark(_LEFT, y(v), word) for v, word in zip(ticks, words_of_ticks, strict=True)],
        columns=[Mark(x(v), CHART_HEIGHT - _BOTTOM, _clock(v)) for v in _seconds(seconds)],
        outside=sum(t.score < lowest for t in trials),
        steps=[trial for trial, is_step in zip(trials, is_new, strict=True) if is_step],
        summary=f"{words}; the best score went from {score(bests[0])} to {score(bests[-1])}",
    )


def find_ticks(lowest: float, highest: float, wanted: int) -> list[float]:
    """Return round numbers within the range, about as many as wanted."""
    raw = (highest - lowest) / max(1, wanted)
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(magnitude * factor for factor in (1, 2, 2.5, 5, 10) if magnitude * factor >= raw)
    first, last = math.ceil(lowest / step), math.floor(highest / step)
    return [round(index * step, 12) for index in range(first, last + 1)]


def _seconds(longest: float) -> list[float]:
    """Return whole seconds, minutes or hours along the time; from two minutes on no part of one."""
    steps = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400)
    step = next((step for step in steps if longest / step <= 6), 86400 * math.ceil(longest / 5e5))
    return [float(step * index) for index in range(int(longest // step) + 1)]


def _clock(seconds: float) -> str:
    """Return a round time for the axis: `40 s`, `2 min`, `1.5 h`."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds else "0"
    if seconds < 7200:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes}:{rest:02} min" if rest else f"{minutes} min"
    return f"{seconds / 3600:g} h"


def range_of(trials: Sequence[Tried]) -> tuple[float, float]:
    """Return the scores to show: one very bad trial must not flatten all the others."""
    scores = [trial.score for trial in trials]
    best, middle = max(scores), statistics.median(scores)
    lowest = max(min(scores), best - 5 * (best - middle)) if best > middle else min(scores)
    room = (best - lowest) * 0.08 or abs(best) * 0.05 or 1.0
    return lowest - room, best + room
