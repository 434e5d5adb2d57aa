"""Score rows that a client sent as what really happened, by every metric that applies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auger_hub.models.predict import Predictor

OUTCOME = "actual"


def score_rows(
    predictor: Predictor, columns: Sequence[str], records: Sequence[Sequence[Any]]
) -> dict[str, Any]:
    """Return `{"scores", "count"}` of the rows whose truth is known; BadInput without any.

    The truth is the target column's, else that of a column `actual` (§2.16). Clients may send all
    values as texts (§5.2): the model's schema says what they mean.
    """
    from auger_hub.models.evaluate import evaluate, to_table

    table = to_table(columns, records)
    truth = table.get(OUTCOME) if predictor.target not in table else None
    evaluation = evaluate(predictor, table, truth=truth)
    return {"scores": evaluation.scores, "count": evaluation.rows}


def table_of(path: Path) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows of a file as it has them, missing values as None."""
    from auger_hub.data.read import read_raw

    frame = read_raw(path)
    records = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    return [str(name) for name in frame.columns], records
