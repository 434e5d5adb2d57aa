"""How a model does on rows whose target is known: what Model.evaluate returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from auger_reconcile.notebook import to_frame, to_sentences, to_table

if TYPE_CHECKING:
    import pandas as pd

_MOST_CONFUSED = 12  # classes whose confusion can be read


@dataclass(frozen=True)
class Evaluation:
    """Scores of a model, all of them "greater is better".

    Attributes:
        model_type: `classification`, `regression` or `timeseries`.
        target: the column that is predicted.
        metric: the one that the model's run was sorted by.
        rows: how many were scored.
        scores: every metric of the model's kind that these rows define, by its name.
        labels: of the classes; empty where numbers are predicted, as the next two.
        per_class: of each class `label`, `precision`, `recall`, `f1` and `rows`; None for what
            these rows do not define, as the recall of a class that they do not have.
        confusion: counts of rows, a list for each true class, by the predicted one.
        notices: what was left out and could not be read: `code`, `column`, `count`, `text`.
    """

    model_type: str
    target: str
    metric: str | None
    rows: int
    scores: dict[str, float]
    labels: list[str]
    per_class: list[dict[str, Any]]
    confusion: list[list[int]]
    notices: list[dict[str, Any]]

    @classmethod
    def from_wire(cls, result: Mapping[str, Any]) -> Evaluation:
        """Read what a hub answers; members of newer hubs are left alone."""
        empty: dict[str, Any] = {"metric": None, "labels": [], "per_class": [], "confusion": []}
        return cls(**{one.name: result.get(one.name, empty.get(one.name)) for one in fields(cls)})

    def to_frame(self) -> pd.DataFrame:
        """Return the scores as a table of pandas: metric and score."""
        return to_frame(list(self.scores.items()), ["metric", "score"])

    def _repr_html_(self) -> str:
        """Return what a notebook shows: every metric, each class, what is taken for what."""
        told = [f"{self.rows:,} rows with a known {self.target}, greater scores are better."]
        told += [str(one["text"]) for one in self.notices]
        names = ("label", "precision", "recall", "f1", "rows")
        classes = [[one[name] for name in names] for one in self.per_class]
        confusion = [[a, *b] for a, b in zip(self.labels, self.confusion, strict=False)]
        confusion = confusion if len(self.labels) <= _MOST_CONFUSED else []
        heads = [name.capitalize() for name in ("class", *names[1:])]
        return "".join(
            [
                to_sentences(told),
                to_table(("Metric", "Score"), self.scores.items()),
                to_table(heads, classes),
                to_table(("True, predicted as:", *self.labels), confusion),
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)
