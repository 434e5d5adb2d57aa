"""Add up by day what deployed models were asked and said.

Every answer leaves the counts of its rows beside it, in the transaction that stores it. Here they
are moved into the day of the prediction, so each is added once, whenever the hub was killed. What
is not stored is counted in memory, and moved every few seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from auger_hub.database.engine import Database
from auger_hub.database.review_tables import ModelDay
from auger_hub.database.tables import Pipeline, Prediction
from auger_hub.models.counts import add_counts

FAILED: dict[str, Any] = {"failed": 1}
"""What a prediction leaves that could not be answered."""
_AT_ONCE = 500
_UNSUMMED = 50  # answers whose counts lie in memory one by one
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
            for place, counts in _sums_of(rows).items():
                _add_to_day(session, place, counts)
            for row in rows:
                row.observation = None
        touched |= {row.pipeline_id for row in rows}
        if len(rows) < _AT_ONCE:
            return touched


class Unkept:
    """Counts of answers of which nothing else is kept, until they are in their days.

    They are in the memory of this process for some seconds: a killed hub loses so many of them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Prediction] = []
        self._sums: _Sums = {}

    def add(self, row: Prediction) -> None:
        """Count an answered question that is not stored, or not any more."""
        if row.observation is None:
            return
        with self._lock:
            self._waiting.append(row)
            if len(self._waiting) >= _UNSUMMED:
                self._sum()

    def move(self, database: Database) -> set[str]:
        """Add what was counted to its days; return the models that have news."""
        with self._lock:
            self._sum()
            sums, self._sums = self._sums, {}
        if not sums:
            return set()
        try:
            with database.write() as session:
                models = {place.pipeline_id for place in sums}
                there = set(session.scalars(select(Pipeline.id).where(Pipeline.id.in_(models))))
                for place, counts in sums.items():
                    if place.pipeline_id in there:
                        _add_to_day(session, place, counts)
        except Exception:
            with self._lock:
                self._sums = _add_up(self._sums, sums)
            raise
        return there

    def _sum(self) -> None:
        self._sums = _add_up(self._sums, _sums_of(self._waiting))
        self._waiting = []


class _Place(NamedTuple):
    """Where something is counted: a segment of a day of a model, and whose that is."""

    organization_id: int
    project_id: int
    pipeline_id: str
    day: str
    segment: str


_Sums = dict[_Place, dict[str, Any]]


def _sums_of(rows: Sequence[Prediction]) -> _Sums:
    sums: _Sums = {}
    for row in rows:
        day = row.predicted_at.date().isoformat()
        owner = (row.organization_id, row.project_id, row.pipeline_id)
        sums = _add_up(sums, {_Place(*owner, day, s): c for s, c in _counts_of(row).items()})
    return sums


def _add_up(sums: _Sums, more: _Sums) -> _Sums:
    for place, counts in more.items():
        sums[place] = add_counts(sums[place], counts) if place in sums else counts
    return sums


def _add_to_day(session: Session, place: _Place, counts: dict[str, Any]) -> None:
    known = session.scalar(
        select(ModelDay).where(
            ModelDay.pipeline_id == place.pipeline_id,
            ModelDay.day == place.day,
            ModelDay.segment == place.segment,
        )
    )
    if known is not None:
        known.counts = add_counts(known.counts, counts)
        return
    session.add(ModelDay(**place._asdict(), counts=counts))
    _forget_old(session, place.pipeline_id)


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
