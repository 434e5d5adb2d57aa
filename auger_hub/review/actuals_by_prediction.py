"""Find the rows that actuals mean which only name predictions (wire contract §2.16).

auger.ai sends `{prediction_id, actual}`. A prediction has an id here, and not each of its rows: the
actuals of one are its rows in their order, and there have to be as many of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from auger_hub.database.engine import Database
from auger_hub.database.tables import Prediction
from auger_hub.processes.job_process import Impossible

_AT_ONCE = 500
NAMED, _TRUTH = "prediction_id", "actual"


def of_predictions(
    database: Database,
    among: ColumnElement[bool],
    needed: Sequence[str],
    columns: list[str],
    records: list[list[Any]],
) -> tuple[list[str], list[list[Any]]]:
    """Return the rows with the features of the predictions that they name.

    Rows that have the features themselves are returned as they are. One whose prediction is not
    known has no true value either.

    Raises:
        Impossible: no row names a prediction whose features are known.
    """
    names_predictions = {NAMED, _TRUTH} <= set(columns)
    if not names_predictions or set(needed) <= set(columns):
        return columns, records
    ids = [str(record[columns.index(NAMED)]) for record in records]
    truths = [record[columns.index(_TRUTH)] for record in records]
    sent = Counter(ids)
    asked = {
        prediction_id: iter(rows)
        for prediction_id, rows in _asked(database, among, needed, sent)
        if len(rows) == sent[prediction_id]
    }
    if not asked:
        raise Impossible(
            "no `prediction_id` is the id of a prediction of this model with as many records as"
            " there are actuals of it"
        )
    unknown = [None] * (len(needed) + 1)
    joined = [
        [*next(asked[one]), truth] if one in asked else unknown
        for one, truth in zip(ids, truths, strict=True)
    ]
    return [*needed, _TRUTH], joined


def days_of(
    database: Database, among: ColumnElement[bool], columns: list[str], records: list[list[Any]]
) -> dict[int, datetime]:
    """Return by the number of a row the day of the prediction that it names: truths come late."""
    if NAMED not in columns:
        return {}
    place = columns.index(NAMED)
    ids = [str(record[place]) for record in records]
    wanted = list(dict.fromkeys(ids))
    found: dict[str, datetime] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(Prediction.id, Prediction.predicted_at).where(
            among,
            Prediction.id.in_(wanted[start : start + _AT_ONCE]),
        )
        with database.read() as session:
            found |= dict(session.execute(query).tuples().all())
    days = {number: found.get(one) for number, one in enumerate(ids)}
    return {
        number: at.replace(hour=0, minute=0, second=0, microsecond=0)
        for number, at in days.items()
        if at is not None
    }


def _asked(
    database: Database, among: ColumnElement[bool], needed: Sequence[str], ids: Iterable[str]
) -> Iterable[tuple[str, list[list[Any]]]]:
    """Yield the predictions that show what they were asked about, with the values of each row."""
    wanted = list(ids)
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(Prediction.id, Prediction.result).where(
            among,
            Prediction.id.in_(wanted[start : start + _AT_ONCE]),
            Prediction.status == "done",
        )
        with database.read() as session:
            found = session.execute(query).all()
        for prediction_id, result in found:
            shown = (result or {}).get("columns", [])
            if set(needed) <= set(shown):
                places = [shown.index(name) for name in needed]
                yield prediction_id, [[row[place] for place in places] for row in result["data"]]
