"""Estimate how long the runs of a plan will take, from how long earlier ones took. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from auger_reconcile.resources._base import Assessment


class Estimate(NamedTuple):
    """The time that runs will take one after the other, in seconds.

    Attributes:
        seconds: what is to be expected of the runs that are known; None when none is.
        low: the shortest of the past.
        high: the longest of the past.
        runs: of the past that this is told by.
        unknown: runs of the plan that nothing of the past is like.
        limit: the declared most of those.
    """

    seconds: float | None = None
    low: float | None = None
    high: float | None = None
    runs: int = 0
    unknown: int = 0
    limit: float = 0.0

    @property
    def expected(self) -> float:
        """The expected seconds, an unknown run counted with all that it may take."""
        return (self.seconds or 0.0) + self.limit

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "seconds": self.seconds,
            "low": self.low,
            "high": self.high,
            "past_runs": self.runs,
            "unknown_runs": self.unknown,
            "unknown_limit_seconds": self.limit,
        }

    @classmethod
    def from_document(cls, told: Mapping[str, Any]) -> Estimate:
        """Read the JSON form back."""
        return cls(
            told["seconds"],
            told["low"],
            told["high"],
            told["past_runs"],
            told["unknown_runs"],
            told["unknown_limit_seconds"],
        )


def estimate_start(assessment: Assessment) -> Estimate | None:
    """Return how long the start of a resource will take; None for what is no run."""
    if assessment.limit is None:
        return None
    past = [min(seconds, assessment.limit) for seconds in assessment.past]
    if not past:
        return Estimate(unknown=1, limit=assessment.limit)
    return Estimate(_median(past), min(past), max(past), len(past))


def _median(values: Sequence[float]) -> float:
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def add_up(estimates: Iterable[Estimate | None]) -> Estimate | None:
    """Return the sum of estimates, None when there is none."""
    found = [one for one in estimates if one is not None]
    if not found:
        return None
    known = [one for one in found if one.seconds is not None]
    return Estimate(
        sum(one.seconds or 0.0 for one in known) if known else None,
        sum(one.low or 0.0 for one in known) if known else None,
        sum(one.high or 0.0 for one in known) if known else None,
        sum(one.runs for one in found),
        sum(one.unknown for one in found),
        sum(one.limit for one in found),
    )
