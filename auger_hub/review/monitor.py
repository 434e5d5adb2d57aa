"""Read what is declared to be watched of a deployed model, and what is watched anyway."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DRIFT, SCORE, MISSING = "drift", "score", "missing"
_WEEK = 168


class BadMonitor(ValueError):
    """A monitor says what cannot be; the text is for who sent it."""


@dataclass(frozen=True)
class Measure:
    """One thing that a monitor may declare, and the alert that stands for it (§2.18).

    Attributes:
        kind: of the alert.
        limit: the member that is its threshold; None where the value itself is.
    """

    name: str
    kind: str
    limit: str | None

    def read(self, told: Any) -> tuple[float, int]:
        """Return threshold and hours."""
        if self.limit is None:
            return float(told), _WEEK
        default = Monitor.alert if self.name == DRIFT else None
        return float(told.get(self.limit, default)), int(told.get("window_hours", _WEEK))

    def changed(self, told: Any, threshold: float, hours: int) -> Any:
        """Return what is declared with another threshold and other hours."""
        if self.limit is None:
            return threshold
        return {**(told or {}), self.limit: threshold, "window_hours": hours}


MEASURES = {
    DRIFT: Measure(DRIFT, "feature_average_range", "alert"),
    SCORE: Measure(SCORE, "model_accuracy", "min"),
    MISSING: Measure(MISSING, "feature_average_range", None),
}
_MEMBERS = {
    DRIFT: ("warn", "alert", "window_hours", "min_rows"),
    SCORE: ("min", "window_hours", "min_rows"),
}


def check_monitor(told: Mapping[str, Any]) -> None:
    """Raise BadMonitor unless a monitor can be followed."""
    unknown = set(told) - {*MEASURES, "segments"}
    if unknown:
        raise BadMonitor(f"has no member {sorted(unknown)[0]}")
    for name, members in _MEMBERS.items():
        _check_members(name, told.get(name), members)
    if told.get(SCORE) is not None and "min" not in told[SCORE]:
        raise BadMonitor("score should have a min")
    if told.get(MISSING) is not None:
        _check_number(MISSING, told[MISSING])
    segments = told.get("segments", [])
    if not isinstance(segments, list) or not all(isinstance(one, str) for one in segments):
        raise BadMonitor("segments should be an array of names")


def _check_members(name: str, told: Any, members: tuple[str, ...]) -> None:
    if told is None:
        return
    if not isinstance(told, dict) or set(told) - set(members):
        raise BadMonitor(f"{name} should be an object of {', '.join(members)}")
    for member, value in told.items():
        _check_number(f"{name}.{member}", value)


def _check_number(name: str, value: Any) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise BadMonitor(f"{name} should be a number")


@dataclass(frozen=True)
class Monitor:
    """How good a deployed model has to stay; what is not declared opens no alert.

    Attributes:
        warn, alert: of the stability index of a column or of the predictions.
        window: days that are looked at together.
        min_rows: fewer rows say nothing.
        min_score: by the actuals; None where none is declared.
        missing: share of missing values of a column beyond that of the training data.
        is_drift_declared: whether drift opens alerts.
    """

    warn: float = 0.1
    alert: float = 0.25
    window: int = 7
    min_rows: int = 100
    is_drift_declared: bool = False
    min_score: float | None = None
    score_window: int = 7
    score_min_rows: int = 100
    missing: float | None = None
    segments: tuple[str, ...] = ()


def read_monitor(declared: Mapping[str, Any] | None) -> Monitor:
    """Return what a pipeline's `monitor` says, with the defaults for what it does not."""
    declared = declared or {}
    drift, score = declared.get("drift") or {}, declared.get("score") or {}
    alert = float(drift.get("alert", Monitor.alert))
    return Monitor(
        warn=float(drift.get("warn", min(Monitor.warn, alert))),
        alert=alert,
        window=_days(drift.get("window_hours", _WEEK)),
        min_rows=int(drift.get("min_rows", Monitor.min_rows)),
        is_drift_declared=bool(declared.get("drift")),
        min_score=None if score.get("min") is None else float(score["min"]),
        score_window=_days(score.get("window_hours", _WEEK)),
        score_min_rows=int(score.get("min_rows", Monitor.score_min_rows)),
        missing=None if declared.get("missing") is None else float(declared["missing"]),
        segments=tuple(str(name) for name in declared.get("segments") or ()),
    )


def _days(hours: Any) -> int:
    """A day is the least: what is counted is counted by day."""
    return max(1, math.ceil(float(hours) / 24))
