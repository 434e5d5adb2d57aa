"""Draw how well a series was forecast: forecasts beside what came, errors by fold and step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auger_hub.http.contract import Fields
from auger_hub.pages.drawings.chart import Mark, find_ticks
from auger_hub.pages.words import number, ticks_in_words

WIDTH, HEIGHT = 520, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 24, 36
_TABLE_ROWS = 24


@dataclass(frozen=True)
class Forecast:
    """The newest forecasts of one series beside what came."""

    title: str
    actual: str
    forecasts: Sequence[str]
    dots: Sequence[tuple[float, float]]
    rows: Sequence[Mark]
    columns: Sequence[Mark]
    y: str
    summary: str
    table: Sequence[tuple[str, str, str]]


def show_backtests(told: Mapping[str, Any], target: str) -> Fields:
    """Return what the page of a trial shows of its backtests."""
    most = max((one["error"] for one in told["steps"]), default=0.0) or 1.0
    return {
        "folds": [
            {**one, "words": _span(str(one["from"]), str(one["to"]))} for one in told["folds"]
        ],
        "steps": [
            {
                **one,
                "words": _span(str(one["first"]), str(one["last"])),
                "bar": round(100 * one["error"] / most, 2),
            }
            for one in told["steps"]
        ],
        "plots": [draw_forecast(one, target) for one in told["lines"]],
    }


def draw_forecast(line: Mapping[str, Any], target: str) -> Forecast:
    """Return the drawing of one series; its rows stand at equal distances."""
    actual, forecast, times = line["actual"], line["forecast"], [str(t) for t in line["times"]]
    every = [float(value) for value in (*actual, *forecast)]
    low, high = min(every), max(every)
    room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    low, high, last = low - room, high + room, max(1, len(actual) - 1)

    def x(place: int) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * place / last, 1)

    def y(value: float) -> float:
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - (value - low) / (high - low)), 1)

    def corners(values: Sequence[float]) -> str:
        return " ".join(f"{x(place)},{y(value)}" for place, value in enumerate(values))

    ticks = find_ticks(low, high, 4)
    rows = list(zip(times, map(number, actual), map(number, forecast), strict=True))
    name = f"{line['series']}: " if line["series"] else ""
    return Forecast(
        title=f"{name}mean error {number(line['error'])}",
        actual=corners(actual),
        forecasts=[corners(forecast)],
        dots=[(x(place), y(value)) for place, value in enumerate(forecast)],
        rows=[
            Mark(_LEFT, y(v), word) for v, word in zip(ticks, ticks_in_words(ticks), strict=True)
        ],
        columns=[Mark(x(place), HEIGHT - _BOTTOM, times[place]) for place in _shown(len(times))],
        y=target,
        summary=f"{name}{len(actual)} forecasts from {times[0]} to {times[-1]} beside what came",
        table=rows[-_TABLE_ROWS:],
    )


def _shown(count: int) -> list[int]:
    """Return which of so many times stand below the drawing, away from its ends."""
    return sorted({count // 6, count // 2, count - 1 - count // 6})


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"
