"""Find the rows that actuals mean which only name predictions (wire contract §2.16).

auger.ai sends `{prediction_id, actual}`. A prediction has an id here, and not each of its rows: the
actuals of one are its rows in their order, and there have to be as many of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from auger_hub.data.notices import Notice, rows
from auger_hub.database.engine import Database
from auger_hub.database.tables import Pipeline, Prediction
from auger_hub.processes.job_process import Impossible

_AT_ONCE = 500
NAMED, _TRUTH = "prediction_id", "actual"
NOT_NAMED = (
    "no `prediction_id` is the id of a prediction of this model with as many records as"
    " there are actuals of it"
)


def among_those_of(session: Session, pipeline: Pipeline) -> ColumnElement[bool]:
    """Return the condition for predictions whose actuals a model is scored by.

    Two that stand side by side are scored on the same rows, whoever has answered these.
    """
    query = select(Pipeline).where(
        Pipeline.project_id == pipeline.project_id, Pipeline.rollout.is_not(None)
    )
    pairs = [{one.id, str((one.rollout or {})["challenger"])} for one in session.scalars(query)]
    others = (other for pair in pairs if pipeline.id in pair for other in pair)
    return Prediction.pipeline_id.in_({pipeline.id, *others})


def foresee(
    session: Session,
    pipeline: Pipeline,
    table: tuple[Sequence[str], Sequence[Sequence[Any]]],
    *,
    target: str,
    features: Sequence[str],
) -> Iterator[Notice]:
    """Yield how many rows will not be scored, as far as that is seen before they are looked at.

    Args:
        session: of the database.
        pipeline: the model.
        table: columns and rows, as they were sent.
        target: its target.
        features: the columns that it was to learn from.
    """
    columns, records = table
    outcome = target if target in columns else _TRUTH
    if outcome in columns:
        place = columns.index(outcome)
        untold = sum(1 for record in records if record[place] in (None, ""))
        if untold:
            text = f"{rows(untold)} cannot be scored: without a value in `{outcome}`."
            yield Notice("actuals-without-outcome", text, outcome, untold)
    if set(features) & set(columns):
        return
    if NAMED not in columns:
        text = f"{rows(len(records))} cannot be scored: without `{NAMED}`, and without a column"
        text += " that the model has learned from."
        yield Notice("actuals-without-columns", text, count=len(records))
        return
    sent = Counter(str(record[columns.index(NAMED)]) for record in records)
    told = told_whole(session, sent, among_those_of(session, pipeline))
    lost = sum(count for one, count in sent.items() if one not in told)
    if lost:
        text = f"{rows(lost)} cannot be scored: no prediction of this model with as many records"
        text += f" has their `{NAMED}`."
        yield Notice("actuals-not-matched", text, NAMED, lost)


def told_whole(
    session: Session, sent: Mapping[str, int], *conditions: ColumnElement[bool]
) -> set[str]:
    """Return the predictions that as many rows are about as they have records.

    Args:
        session: of the database.
        sent: number of rows by the prediction that they name.
        conditions: for the predictions.
    """
    ids, told = list(sent), set[str]()
    for start in range(0, len(ids), _AT_ONCE):
        query = select(Prediction.id, Prediction.records_count).where(
            Prediction.id.in_(ids[start : start + _AT_ONCE]), *conditions
        )
        told |= {one for one, count in session.execute(query) if sent[one] == count}
    return told


def of_predictions(
    database: Database,
    among: ColumnElement[bool],
    needed: Sequence[str],
    columns: list[str],
    records: list[list[Any]],
) -> tuple[list[str], list[list[Any]], set[int]]:
    """Return the rows with the features of the predictions that they name.

    Rows that have the features themselves are returned as they are. One whose prediction is not
    known has no true value either; the numbers of these come third.

    Raises:
        Impossible: no row names a prediction whose features are known.
    """
    names_predictions = {NAMED, _TRUTH} <= set(columns)
    if not names_predictions or set(needed) <= set(columns):
        return columns, records, set()
    ids = [str(record[columns.index(NAMED)]) for record in records]
    truths = [record[columns.index(_TRUTH)] for record in records]
    sent = Counter(ids)
    asked = {
        prediction_id: iter(rows)
        for prediction_id, rows in _asked(database, among, needed, sent)
        if len(rows) == sent[prediction_id]
    }
    if not asked:
        raise Impossible(NOT_NAMED)
    unknown = [None] * (len(needed) + 1)
    joined = [
        [*next(asked[one]), truth] if one in asked else unknown
        for one, truth in zip(ids, truths, strict=True)
    ]
    unmatched = {number for number, one in enumerate(ids) if one not in asked}
    return [*needed, _TRUTH], joined, unmatched


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
