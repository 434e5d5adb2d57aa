"""Draw how a search went: scores by algorithm, and parallel coordinates of hyperparameters."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from auger_hub.database.tables import ExperimentSession, Hyperparameter, Trial
from auger_hub.http.contract import Call
from auger_hub.pages.drawings.chart import Mark, find_ticks
from auger_hub.pages.words import algorithm, number, score, ticks_in_words

WIDTH, ROW = 520, 24
_LEFT, _RIGHT, _TOP = 190, 16, 10
_MOST_ALGORITHMS, _MOST_DOTS = 14, 60
_PARALLEL_HEIGHT, _FEWEST, _MOST_STRANDS, _MOST_AXES = 250, 6, 200, 7
_MOST_LABELS, _MOST_TOLD = 8, 10
_LOG_FROM = 50.0  # from this quotient on an axis counts powers
Tried = tuple[str, float]


@dataclass(frozen=True)
class Strips:
    """A row of dots for each algorithm, the best at the top."""

    height: int
    names: Sequence[Mark]
    dots: Sequence[Mark]
    columns: Sequence[Mark]
    summary: str
    table: Sequence[tuple[str, str, str]]
    """Each algorithm, its best score and how many trials it had, in words."""


@dataclass(frozen=True)
class Parallel:
    """A line for each trial of one algorithm through the axes of its hyperparameters."""

    algorithm: str
    axes: Sequence[Mark]
    ends: Sequence[Mark]
    strands: Sequence[tuple[str, bool]]
    summary: str
    heads: Sequence[str]
    table: Sequence[Sequence[str]]
    """The best trials: their scores, and their values on each axis."""


def show_search(call: Call, run: ExperimentSession) -> dict[str, Any] | None:
    """Return the drawings of a run; None while there is too little to see."""
    query = (
        select(Hyperparameter.algorithm_name, Trial.score_value)
        .join(Trial, Trial.hyperparameter_id == Hyperparameter.id)
        .where(Trial.experiment_session_id == run.id, Trial.score_value.is_not(None))
        .order_by(Trial.score_value.desc(), Trial.created_at)
    )
    rows = call.session.execute(query)
    tried = [(str(name), float(value)) for name, value in rows if value is not None]
    if len(tried) < 2:
        return None
    return {"strips": draw_strips(tried), "parallel": _parallel(call, run, tried)}


def draw_strips(tried: Sequence[Tried]) -> Strips:
    """Return the dots of all trials, the best first; very bad ones lie on the left edge."""
    by_name: dict[str, list[float]] = {}
    for name, value in tried:
        by_name.setdefault(name, []).append(value)
    shown = dict(list(by_name.items())[:_MOST_ALGORITHMS])
    values = [value for scores in shown.values() for value in scores]
    low, high = _range(values)

    def x(value: float) -> float:
        share = (max(value, low) - low) / (high - low)
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * share, 1)

    def y(place: int) -> float:
        return _TOP + ROW * place + ROW / 2

    dots = [
        Mark(x(value), y(place), f"{algorithm(name)}: {score(value)}", is_outside=value < low)
        for place, (name, scores) in enumerate(shown.items())
        for value in scores[:: math.ceil(len(scores) / _MOST_DOTS)]
    ]
    ticks = find_ticks(low, high, 4)
    words = [f"{algorithm(name)} {score(scores[0])}" for name, scores in shown.items()]
    bottom = _TOP + ROW * len(shown)
    return Strips(
        height=bottom + 34,
        names=[Mark(_LEFT - 10, y(place), algorithm(name)) for place, name in enumerate(shown)],
        dots=dots,
        columns=[Mark(x(v), bottom, w) for v, w in zip(ticks, ticks_in_words(ticks), strict=True)],
        summary=f"best of each algorithm: {', '.join(words)}",
        table=[
            (algorithm(name), score(scores[0]), str(len(scores))) for name, scores in shown.items()
        ],
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Return the scores to show: the worst tenth must not flatten all the others."""
    ordered = sorted(values)
    low, high = ordered[len(ordered) // 10], ordered[-1]
    room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    return low - room, high + room


def _parallel(call: Call, run: ExperimentSession, tried: Sequence[Tried]) -> Parallel | None:
    """Draw the algorithm that was tried most."""
    name, count = Counter(name for name, _ in tried).most_common(1)[0]
    if count < _FEWEST:
        return None
    query = (
        select(Hyperparameter.algorithm_params, Trial.score_value)
        .join(Trial, Trial.hyperparameter_id == Hyperparameter.id)
        .where(
            Trial.experiment_session_id == run.id,
            Trial.score_value.is_not(None),
            Hyperparameter.algorithm_name == name,
        )
        .order_by(Trial.score_value.desc())
        .limit(_MOST_STRANDS)
    )
    rows = [(_flat(params), float(value)) for params, value in call.session.execute(query)]
    return draw_parallel(algorithm(name), rows)


def _flat(params: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in params.items():
        flat |= _flat(value) if isinstance(value, Mapping) else {name: value}
    return flat


def draw_parallel(name: str, rows: Sequence[tuple[Mapping[str, Any], float]]) -> Parallel | None:
    """Return the lines of trials, the best last so that they lie above; None without an axis.

    Args:
        name: of the algorithm.
        rows: parameters and score of each, the best first.
    """
    common = [key for key in rows[0][0] if all(key in params for params, _ in rows)]
    axes = [axis for key in common if (axis := _axis(key, [params[key] for params, _ in rows]))]
    if not axes:
        return None
    axes = axes[: _MOST_AXES - 1]
    scored = _axis("score", [value for _, value in rows])
    axes += [scored] if scored else []
    step = (WIDTH - 2 * _EDGE) / max(1, len(axes) - 1)
    top, bottom = 34, _PARALLEL_HEIGHT - 34
    places = [round(_EDGE + step * n, 1) for n in range(len(axes))]
    strands = [
        " ".join(
            f"{x},{round(bottom - (bottom - top) * axis.shares[row], 1)}"
            for x, axis in zip(places, axes, strict=True)
        )
        for row in range(len(rows))
    ]
    best = max(1, len(rows) // 10)
    return Parallel(
        algorithm=name,
        axes=[
            Mark(x, 14 if n % 2 else 26, axis.name)
            for n, (x, axis) in enumerate(zip(places, axes, strict=True))
        ],
        ends=[
            Mark(x, y, word)
            for x, axis in zip(places, axes, strict=True)
            for y, word in ((bottom + 14, axis.low), (top - 2, axis.high))
            if word
        ],
        strands=[(strand, n < best) for n, strand in reversed(list(enumerate(strands)))],
        summary=f"{len(rows)} trials of {name}; the best had "
        + ", ".join(f"{key} {_word(rows[0][0][key])}" for key in common[:_MOST_AXES]),
        heads=["score", *(axis.name for axis in axes if axis is not scored)],
        table=[
            (score(value), *(_word(params[one.name]) for one in axes if one is not scored))
            for params, value in rows[:_MOST_TOLD]
        ],
    )


_EDGE = 50


@dataclass(frozen=True)
class _Axis:
    name: str
    low: str
    high: str
    shares: Sequence[float]


def _axis(name: str, values: Sequence[Any]) -> _Axis | None:
    """Return where each value is on an axis; None where all are the same."""
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        low, high = min(values), max(values)
        if low == high:
            return None
        is_log = low > 0 and high / low > _LOG_FROM
        scaled = [math.log(v) if is_log else float(v) for v in values]
        bottom, top = min(scaled), max(scaled)
        shares = [(v - bottom) / (top - bottom) for v in scaled]
        return _Axis(name, number(low), number(high), shares)
    words = sorted({_word(value) for value in values})
    if not 1 < len(words) <= _MOST_LABELS:
        return None
    shares = [words.index(_word(value)) / (len(words) - 1) for value in values]
    return _Axis(name, words[0], words[-1], shares)


def _word(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)
