"""Read what is declared to be watched of a deployed model, and what is watched anyway."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_WEEK = 168


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
