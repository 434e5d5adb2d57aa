"""What the page of a trial shows of its explanation: numbers in tables, curves as drawings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auger_hub.database.tables import Explanation
from auger_hub.http.contract import Call, Fields
from auger_hub.pages.drawings.backtests import show_backtests
from auger_hub.pages.drawings.chart import Mark, draw_bars, find_ticks
from auger_hub.pages.words import number, ticks_in_words
from auger_hub.routes.experiments.trials import scored_trial
from auger_hub.runs.explanations import ask_explanation, is_cut_short

WIDTH, HEIGHT, WIDER = 340, 264, 760
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 12, 24, 44
_TABLE_ROWS, _WORST_PARTS = 12, 3
_COLUMNS, _CURVES = 20, 6
_HEAT = 5  # shades of a confusion matrix
_MOST_CELLS = 12  # classes of a matrix that is drawn
Point = Sequence[float]


@dataclass(frozen=True)
class Plot:
    """A drawing: corners of a line or dots, with its axes."""

    title: str
    line: str
    dots: Sequence[tuple[float, float]]
    diagonal: str
    rows: Sequence[Mark]
    columns: Sequence[Mark]
    x: str
    y: str
    summary: str
    table: Sequence[tuple[str, str]]
    """Some of the points in words, for who sees no drawing."""


def show_explanation(call: Call, trial_id: str) -> Fields:
    """Return what is known of why a trial predicts what it does, ready to be drawn."""
    row = call.session.get(Explanation, trial_id)
    if row is None or row.content is None:
        status = row.status if row else "not_requested"
        return {"status": status, "error": row.error_message if row else None}
    content = row.content
    shown: Fields = {
        "status": row.status,
        "error": None,
        "metric": content["metric"],
        "rows": content["rows"],
        "notices": content.get("notices", []),
        "is_cut_short": is_cut_short(row),
        "repeats": content["importance"]["repeats"],
        "importance": _importance(content["importance"]["columns"][:_COLUMNS]),
        "left_out": max(0, len(content["importance"]["columns"]) - _COLUMNS),
        "classes": _classes(content["classes"]) if "classes" in content else None,
        "residuals": _residuals(content["values"]) if "values" in content else None,
        "segments": _segments(content["segments"]),
        "worst_parts": _worst_parts(content["segments"]),
        "overall": content.get("error"),
        "backtests": show_backtests(told, "") if (told := content.get("backtests")) else None,
        "worst_rows": content["worst_rows"],
        "dependence": [_dependence(one) for one in content["dependence"]],
        "hyperparameters": _shares(content["hyperparameters"]),
    }
    return {**shown, "sections": list(sections_of(shown))}


def sections_of(shown: Fields) -> Iterator[tuple[str, str]]:
    """Yield where on the page each of the questions is answered."""
    classes = shown["classes"] or {}
    told = (
        (shown["importance"], "columns", "Which columns matter"),
        (classes, "confusion", "What it confuses"),
        (classes.get("thresholds"), "threshold", "Which threshold to take"),
        (classes.get("plots"), "curves", "Curves"),
        (shown["residuals"], "errors", "How far off it is"),
        (shown["backtests"], "backtests", "Backtests"),
        (shown["segments"], "segments", "Where it is bad"),
        (shown["dependence"], "dependence", "How the prediction moves"),
        (shown["hyperparameters"], "hyperparameters", "Hyperparameters"),
        (shown["worst_rows"], "worst", "The worst rows"),
    )
    yield from ((name, title) for there, name, title in told if there)


def _segments(told: Sequence[Mapping[str, Any]]) -> list[Fields]:
    """Return the parts of each column, the column with the worst part first."""
    most = max((part["error"] for one in told for part in one["segments"]), default=0.0) or 1.0

    def part_of(part: Mapping[str, Any]) -> Fields:
        return {**part, "bar": round(100 * part["error"] / most, 2)}

    def greatest(one: Mapping[str, Any]) -> float:
        return float(max(part["error"] for part in one["segments"]))

    ordered = sorted(told, key=greatest, reverse=True)
    return [{**one, "segments": [part_of(part) for part in one["segments"]]} for one in ordered]


def _worst_parts(told: Sequence[Mapping[str, Any]]) -> list[Fields]:
    """Return the parts with the greatest errors, one a column."""
    worst: list[Fields] = [
        {"column": one["column"], **max(one["segments"], key=lambda part: part["error"])}
        for one in told
    ]
    return sorted(worst, key=lambda part: -part["error"])[:_WORST_PARTS]


def ask_for_explanation(call: Call) -> str:
    """Ask for the explanation of a trial, as a client does, and go back to its page."""
    trial = scored_trial(call, call.params["id"])
    ask_explanation(call.session, trial)
    if call.params["form"].get("back") == "model":
        return f"/models/{trial.id}#learned"
    return f"/trials/{trial.id}#explanation"


def _importance(columns: Sequence[Mapping[str, Any]]) -> list[Fields]:
    """Return the columns with where their bar ends and how far its error reaches, of 100."""
    most = max((one["mean"] + one["std"] for one in columns), default=0.0) or 1.0

    def place(value: float) -> float:
        return round(100 * min(max(value / most, 0.0), 1.0), 2)

    return [
        {
            **one,
            "bar": place(one["mean"]),
            "low": place(one["mean"] - one["std"]),
            "high": place(one["mean"] + one["std"]),
        }
        for one in columns
    ]


def _classes(told: Mapping[str, Any]) -> Fields:
    matrix, labels = told["confusion"], told["labels"]
    cells = [
        {
            "label": label,
            "cells": [
                {"count": count, "heat": _heat(count, sum(row)), "is_right": k == number_}
                for k, count in enumerate(row)
            ],
            "rows": sum(row),
        }
        for number_, (label, row) in enumerate(zip(labels, matrix, strict=True))
    ]
    wrong = [
        (count, labels[i], labels[k])
        for i, row in enumerate(matrix)
        for k, count in enumerate(row)
        if i != k and count
    ]
    curves = told["curves"][:_CURVES]
    return {
        "labels": labels,
        "matrix": cells if len(labels) <= _MOST_CELLS else [],
        "confused": sorted(wrong, key=lambda one: -one[0])[:5],
        "per_class": told["per_class"],
        "plots": [plot for curve in curves for plot in _curve_plots(curve)],
        "thresholds": told.get("thresholds"),
        "threshold": told.get("threshold"),
    }


def _heat(count: int, rows: int) -> int:
    return -(-_HEAT * count // rows) if rows else 0


def _curve_plots(curve: Mapping[str, Any]) -> list[Plot]:
    """Return the drawings of one class; all but that of precision have a diagonal to beat."""
    label, unit = curve["label"], (0.0, 1.0)
    drawn = {
        "roc": (f"ROC of {label}: area {curve['auc']:.4f}", "false positives", "true positives"),
        "precision_recall": (
            f"Precision and recall of {label}: {curve['average_precision']:.4f}",
            "recall",
            "precision",
        ),
        "calibration": (
            f"Calibration of {label}: Brier {curve['brier']:.4f}",
            "predicted share",
            "found share",
        ),
        "gain": (f"Gain of {label}", "share of the rows", "share of the class"),
    }
    return [
        draw_plot(
            title,
            curve[name],
            axes=axes,
            ranges=(unit, unit),
            is_diagonal=name != "precision_recall",
        )
        for name, (title, *axes) in drawn.items()
    ]


def _residuals(told: Mapping[str, Any]) -> Fields:
    points = told["points"]
    both = [value for pair in points for value in pair]
    span = (min(both), max(both)) if both else (0.0, 1.0)
    histogram = told["residuals"]["histogram"]
    edges = histogram["edges"]
    labels = [
        f"{number(low)} to {number(high)}: {count:,}"
        for low, high, count in zip(edges, edges[1:], histogram["counts"], strict=False)
    ]
    return {
        "plot": draw_plot(
            "Predicted against actual",
            points,
            axes=("actual", "predicted"),
            ranges=(span, span),
            is_diagonal=True,
            is_line=False,
        ),
        "told": told["residuals"],
        "bars": draw_bars(histogram["counts"], labels),
        "words": f"residuals from {number(edges[0])} to {number(edges[-1])}",
    }


def _dependence(curve: Mapping[str, Any]) -> Fields:
    """Return a drawing for numbers, a table for labels; of classes, the last one of two or each."""
    if "classes" in curve:
        named = list(curve["classes"].items())
        series = named[-1:] if len(named) == 2 else named[:_CURVES]
    else:
        series = [("prediction", curve["mean"])]
    values = curve["values"]
    is_number = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    plots = []
    if is_number:
        every = [mean for _, means in series for mean in means]
        for label, means in series:
            plots.append(
                draw_plot(
                    f"{label} by {curve['column']}",
                    list(zip(map(float, values), means, strict=True)),
                    axes=(curve["column"], "mean prediction"),
                    ranges=((min(values), max(values)), (min(every), max(every))),
                )
            )
    return {"column": curve["column"], "plots": plots, "values": values, "series": series}


def _shares(told: Mapping[str, float]) -> list[Fields]:
    return [{"name": n, "share": s, "bar": round(100 * s, 2)} for n, s in told.items()]


def draw_plot(  # noqa: PLR0913 - the parts of a drawing
    title: str,
    points: Sequence[Point],
    *,
    axes: Sequence[str],
    ranges: tuple[tuple[float, float], tuple[float, float]],
    is_diagonal: bool = False,
    is_line: bool = True,
    is_wide: bool = False,
) -> Plot:
    """Return a drawing of points, joined by a line or not."""
    (left, right), (low, high) = (_wide(*one) for one in ranges)
    width = WIDER if is_wide else WIDTH

    def x(value: float) -> float:
        return round(_LEFT + (width - _LEFT - _RIGHT) * (value - left) / (right - left), 1)

    def y(value: float) -> float:
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - (value - low) / (high - low)), 1)

    places = [(x(one[0]), y(one[1])) for one in points]
    across, up = find_ticks(left, right, 4), find_ticks(low, high, 4)
    ends = (max(left, low), min(right, high))
    return Plot(
        title=title,
        line=" ".join(f"{a},{b}" for a, b in places) if is_line else "",
        dots=[] if is_line else places,
        diagonal=f"{x(ends[0])},{y(ends[0])} {x(ends[1])},{y(ends[1])}" if is_diagonal else "",
        rows=[Mark(_LEFT, y(v), word) for v, word in zip(up, ticks_in_words(up), strict=True)],
        columns=[
            Mark(x(v), HEIGHT - _BOTTOM, word)
            for v, word in zip(across, ticks_in_words(across), strict=True)
        ],
        x=axes[0],
        y=axes[1],
        summary=f"{title}: {len(points)} points, {axes[1]} over {axes[0]}",
        table=[(number(one[0]), number(one[1])) for one in _some(points)],
    )


def _some(points: Sequence[Point]) -> list[Point]:
    """Return points from the first to the last, as many as are read in a table."""
    if len(points) <= _TABLE_ROWS:
        return list(points)
    step = (len(points) - 1) / (_TABLE_ROWS - 1)
    return [points[round(step * place)] for place in range(_TABLE_ROWS)]


def _wide(low: float, high: float) -> tuple[float, float]:
    """Return a range of some width: a single value is in its middle."""
    room = abs(low) * 0.05 or 1.0
    return (low, high) if high > low else (low - room, high + room)
