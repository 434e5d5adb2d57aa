"""Score rows that a client sent as what really happened, by every metric that applies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auger_hub.processes.job_process import Impossible

if TYPE_CHECKING:
    from auger_hub.models.predict import Predictor

OUTCOME = "actual"
_LEFT_OUT = {
    "rows-without-target": "without a value of the target",
    "unknown-classes": "of a class that the model never met",
    "past-rows": "in the past of what the model learned from",
    "rows-without-weight": "without a weight above 0",
}


def score_rows(
    predictor: Predictor, columns: Sequence[str], records: Sequence[Sequence[Any]]
) -> dict[str, Any]:
    """Return `{"scores", "count", "left_out"}` of the rows whose truth is known; BadInput else.

    What is left out is told as the number of rows by the reason.

    The truth is the target column's, else that of a column `actual` (§2.16). Clients may send all
    values as texts (§5.2): the model's schema says what they mean.
    """
    from auger_hub.models.evaluate import evaluate, to_table

    table = to_table(predictor, columns, records)
    truth = table.get(OUTCOME) if predictor.target not in table else None
    evaluation = evaluate(predictor, table, truth=truth)
    left_out = {
        _LEFT_OUT[one.code]: one.count for one in evaluation.notices if one.code in _LEFT_OUT
    }
    return {"scores": evaluation.scores, "count": evaluation.rows, "left_out": left_out}


def sent_table(
    sent: Sequence[Any], names: Sequence[Any] | None
) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows of what a client sent: objects by column, or arrays and their names.

    Raises:
        Impossible: it is neither.
    """
    objects = [one for one in sent if isinstance(one, dict)]
    if len(objects) < len(sent) and objects:
        raise Impossible("the rows are objects and arrays: they have to be all of one form")
    if objects:
        columns = list(dict.fromkeys(name for one in objects for name in one))
        return columns, [[one.get(name) for name in columns] for one in objects]
    columns = [str(name) for name in names or []]
    if any(len(one) != len(columns) for one in sent):
        raise Impossible("the rows do not have as many values as there are `actual_column_names`")
    return columns, list(sent)


def table_of(path: Path) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows of a file as it has them, missing values as None."""
    from auger_hub.data.read import read_raw

    frame = read_raw(path)
    records = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    return [str(name) for name in frame.columns], records
