"""Add up by day what deployed models were asked and said.

Every answer leaves the counts of its rows beside it, in the transaction that stores it. Here they
are moved into the day of the prediction, so each is added once, whenever the hub was killed.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from auger_hub.database.engine import Database
from auger_hub.database.review_tables import ModelDay
from auger_hub.database.tables import Pipeline, Prediction
from auger_hub.models.counts import add_counts

FAILED: dict[str, Any] = {"failed": 1}
"""What a prediction leaves that could not be answered."""
_AT_ONCE = 500
_KEPT_DAYS = 400
_DOUBLINGS = 24  # of a millisecond


def segments_of(pipeline: Pipeline) -> list[str]:
    """Return the columns by whose values the rows of a model are counted besides."""
    return [str(name) for name in (pipeline.monitor or {}).get("segments") or ()]


def count_new(database: Database) -> set[str]:
    """Move counts from answers into their days; return the models that have new ones."""
    waiting = select(Prediction.id).where(Prediction.observation.is_not(None))
    with database.connect() as connection:
        if connection.scalar(waiting.limit(1)) is None:
            return set()
    touched: set[str] = set()
    while True:
        with database.write() as session:
            rows = session.scalars(
                select(Prediction)
                .where(Prediction.observation.is_not(None))
                .order_by(Prediction.created_at)
                .limit(_AT_ONCE)
            ).all()
            _add_to_days(session, rows)
        touched |= {row.pipeline_id for row in rows}
        if len(rows) < _AT_ONCE:
            return touched


def _add_to_days(session: Session, rows: Any) -> None:
    sums: dict[tuple[str, str, str], dict[str, Any]] = {}
    owners = {}
    for row in rows:
        day = row.predicted_at.date().isoformat()
        owners[row.pipeline_id] = (row.organization_id, row.project_id)
        for segment, counts in _counts_of(row).items():
            place = (row.pipeline_id, day, segment)
            sums[place] = add_counts(sums[place], counts) if place in sums else counts
        row.observation = None
    for (pipeline_id, day, segment), counts in sums.items():
        known = session.scalar(
            select(ModelDay).where(
                ModelDay.pipeline_id == pipeline_id,
                ModelDay.day == day,
                ModelDay.segment == segment,
            )
        )
        if known is not None:
            known.counts = add_counts(known.counts, counts)
            continue
        organization_id, project_id = owners[pipeline_id]
        session.add(
            ModelDay(
                organization_id=organization_id,
                project_id=project_id,
                pipeline_id=pipeline_id,
                day=day,
                segment=segment,
                counts=counts,
            )
        )
        _forget_old(session, pipeline_id)


def _forget_old(session: Session, pipeline_id: str) -> None:
    days = select(ModelDay.day).where(ModelDay.pipeline_id == pipeline_id).distinct()
    kept = session.scalars(days.order_by(ModelDay.day.desc()).limit(_KEPT_DAYS)).all()
    if len(kept) == _KEPT_DAYS:
        old = ModelDay.pipeline_id == pipeline_id, ModelDay.day < kept[-1]
        session.execute(delete(ModelDay).where(*old))


def _counts_of(row: Prediction) -> dict[str, dict[str, Any]]:
    """Return what one answer adds, by segment; all rows have the requests and their times."""
    observed: dict[str, Any] = row.observation or {}
    if observed == FAILED:
        return {"": {"rows": 0, "requests": 1, "failed": 1}}
    milliseconds = max(row.time_consumed_ms or 0, 0)
    times = [0] * _DOUBLINGS
    times[min(milliseconds.bit_length(), _DOUBLINGS - 1)] = 1
    whole = {"requests": 1, "milliseconds": milliseconds, "times": times}
    return {**observed, "": {"rows": 0, **observed.get("", {}), **whole}}
