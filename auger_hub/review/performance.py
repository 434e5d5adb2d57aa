"""Compute how well a deployed model did each day, by its actuals (wire contract §2.13)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.database.tables import IS_OWN, Actual


def daily_performance(session: Session, pipeline_id: str) -> dict[str, float]:
    """Return the score of each day that has scored actuals, weighted by their number."""
    query = (
        select(Actual.happened_at, Actual.score, Actual.scored_count)
        .where(Actual.pipeline_id == pipeline_id, Actual.score.is_not(None))
        .order_by(Actual.happened_at)
    )
    sums: dict[str, tuple[float, int]] = {}
    for happened_at, score, count in session.execute(query):
        day = happened_at.date().isoformat()
        total, counted = sums.get(day, (0.0, 0))
        sums[day] = (total + (score or 0.0) * count, counted + count)
    return {day: total / counted for day, (total, counted) in sums.items() if counted}


def count_days(session: Session, pipeline_id: str) -> dict[str, int]:
    """Return of how many rows of each day it is known what really happened."""
    query = (
        select(Actual.happened_at, Actual.scored_count)
        .where(Actual.pipeline_id == pipeline_id, Actual.scored_count > 0, IS_OWN)
        .order_by(Actual.happened_at)
    )
    days: dict[str, int] = {}
    for happened_at, count in session.execute(query):
        day = happened_at.date().isoformat()
        days[day] = days.get(day, 0) + count
    return days
