"""How a deployed model does: what Model.health returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Health:
    """What a model is asked against what it learned, and how good it is.

    Attributes:
        id: of the model.
        name: that auger.yaml gives it; None where it was deployed by hand.
        status: `ok`, `warning` (something has drifted), `alert` (an alert is open) or `unknown`.
        monitor: what is declared to be watched; None where nothing is.
        metric: of the scores, greater is better.
        trained_score: that its run measured.
        window: the days that are looked at: `from`, `to`, `rows`, `requests`, `failed` and times.
        columns: of each column and the predictions `column`, `level`, `drift` (population
            stability index), `p_value`, `missing`, `missing_trained`, `unseen` and `rows`.
        score: `value` by the actuals, `rows` and `from`; None without actuals.
        estimate: `value` without actuals, `trained` and `metric`; None where nothing tells it.
        segments: of each segment `rows`, `estimate`, `score` and `score_rows`.
        days: of each day use, furthest `column`, `drift`, `missing`, `score` and `estimate`.
        alerts: that were opened, the newest first; `closed_at` is None while one is open.
        notices: what could not be told, and why.
    """

    id: str
    name: str | None
    status: str
    monitor: dict[str, Any] | None
    metric: str
    trained_score: float | None
    window: dict[str, Any] | None
    columns: list[dict[str, Any]]
    score: dict[str, Any] | None
    estimate: dict[str, Any] | None
    segments: list[dict[str, Any]]
    days: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    notices: list[dict[str, Any]]

    @classmethod
    def from_wire(cls, told: Mapping[str, Any]) -> Health:
        """Read what a hub answers; members of newer hubs are left alone."""
        return cls(**{one.name: told.get(one.name) for one in fields(cls)})  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)
