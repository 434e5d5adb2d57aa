"""Read what a hub has measured of trials on rows that they have not seen: holdout, or folds.

All of it is additional to the API: a hub that measures nothing else than its board tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Segment:
    """The rows with one value of a column; `score` is None where the metric is undefined."""

    value: str
    count: int
    score: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the members by name."""
        return {"value": self.value, "count": self.count, "score": self.score}


@dataclass(frozen=True)
class Evaluation:
    """How one trial does on some rows.

    Attributes:
        trial_id: of the trial.
        run_id: whose folds these are, or for which the holdout was looked at.
        dataset_id: of the holdout; None for the rows of all folds, each predicted by a model that
            has not seen it.
        count: of rows.
        score: by the metric of the run.
        scores: by every metric that is defined.
        segments: column to its values; None for a column that the rows do not have.
        error: why there is no score.
        metric: of the score and of the segments, where the hub tells.
        found_by: the run that found the trial, where the hub tells.
    """

    trial_id: str
    run_id: str
    dataset_id: str | None
    count: int | None
    score: float | None
    scores: Mapping[str, float] = field(default_factory=dict)
    segments: Mapping[str, tuple[Segment, ...] | None] = field(default_factory=dict)
    error: str | None = None
    metric: str | None = None
    found_by: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the members by name."""
        return {
            "metric": self.metric,
            "trial_id": self.trial_id,
            "found_by": self.found_by,
            "project_file_id": self.dataset_id,
            "count": self.count,
            "score": self.score,
            "scores": dict(self.scores),
            "segments": {
                name: None if told is None else [one.to_json() for one in told]
                for name, told in self.segments.items()
            },
            "error": self.error,
        }


class Holdout(NamedTuple):
    """The data set whose rows no search of a run sees, and whether its trials were scored on it.

    Attributes:
        status: `waiting`, `scored` or `error`.
    """

    dataset_id: str
    name: str
    status: str
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the members by name."""
        return {
            "project_file_id": self.dataset_id,
            "name": self.name,
            "status": self.status,
            "error": self.error,
        }


def holdout_from_wire(told: Any) -> Holdout | None:
    """Read the `holdout` of a run."""
    if not isinstance(told, Mapping) or told.get("project_file_id") is None:
        return None
    return Holdout(
        str(told["project_file_id"]),
        str(told.get("name") or told["project_file_id"]),
        str(told.get("status")),
        str(told["error"]) if told.get("error") else None,
    )


def evaluations_from_wire(told: Any, run_id: str) -> tuple[Evaluation, ...]:
    """Read the `evaluations` of a run; what is no evaluation is left out."""
    listed = told if isinstance(told, list) else []
    return tuple(
        _evaluation(one, run_id)
        for one in listed
        if isinstance(one, Mapping) and one.get("trial_id") is not None
    )


def _evaluation(one: Mapping[str, Any], run_id: str) -> Evaluation:
    data, scores, segments = one.get("project_file_id"), one.get("scores"), one.get("segments")
    return Evaluation(
        trial_id=str(one["trial_id"]),
        run_id=run_id,
        dataset_id=str(data) if data is not None else None,
        count=int(one["count"]) if isinstance(one.get("count"), int) else None,
        score=_score(one.get("score")),
        scores=dict(scores) if isinstance(scores, Mapping) else {},
        segments={
            str(name): None if values is None else tuple(_segments(values))
            for name, values in (segments if isinstance(segments, Mapping) else {}).items()
        },
        error=str(one["error"]) if one.get("error") else None,
        metric=str(one["metric"]) if one.get("metric") else None,
        found_by=str(one["found_by"]) if one.get("found_by") else None,
    )


def _segments(values: Any) -> Iterator[Segment]:
    for one in values if isinstance(values, list) else ():
        if isinstance(one, Mapping):
            score, count = one.get("score"), one.get("count")
            yield Segment(
                str(one.get("value")), count if isinstance(count, int) else 0, _score(score)
            )


def _score(told: Any) -> float | None:
    is_number = isinstance(told, int | float) and not isinstance(told, bool)
    return float(told) if is_number else None
