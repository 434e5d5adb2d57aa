"""How a deployed model does: what Model.health returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from auger_reconcile.notebook import to_frame, to_sentences, to_table

if TYPE_CHECKING:
    import pandas as pd

STATUS = {
    "ok": "well",
    "warning": "something has drifted",
    "alert": "an alert is open",
    "unknown": "not known: too few predictions",
}
_COLUMN = ("column", "level", "drift", "p_value", "missing", "missing_trained", "unseen", "rows")
_DAYS = 14


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

    def to_frame(self) -> pd.DataFrame:
        """Return the columns as a table of pandas: drift, missing values, and how far off."""
        return to_frame(self.columns, _COLUMN)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: open alerts, scores, columns, segments and days."""
        told = [f"Model {self.name or self.id}: {STATUS.get(self.status, self.status)}."]
        told += [str(one["text"]) for one in self.alerts if one["closed_at"] is None]
        told += [str(one["text"]) for one in self.notices]
        scores = [("trained", self.trained_score, None)]
        scores += (
            [("by the actuals", self.score["value"], self.score["rows"])] if self.score else []
        )
        scores += [("without actuals", self.estimate["value"], None)] if self.estimate else []
        days = ("day", "rows", "failed", "drift", "column", "missing", "score", "estimate")
        return "".join(
            [
                to_sentences(told),
                to_table((f"Score ({self.metric})", "Value", "Rows"), scores),
                _table(_COLUMN, self.columns, "Columns"),
                _table(("segment", "rows", "score", "estimate"), self.segments, "Segments"),
                _table(days, self.days[-_DAYS:], "Days"),
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)


def _table(names: Sequence[str], rows: Iterable[Mapping[str, Any]], title: str) -> str:
    heads = [name.replace("_", " ").capitalize() for name in names]
    return to_table(heads, [[row.get(name) for name in names] for row in rows], title=title)
