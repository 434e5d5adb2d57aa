"""Compute how well a deployed model did each day, by its actuals (wire contract §2.13)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auger_hub.database.tables import IS_OWN, Actual

LEFT_OUT = "left_out"
"""Among the details of scored actuals: how many of them are not, by the reason."""


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


def count_left_out(session: Session, pipeline_id: str, days: int) -> tuple[int, dict[str, int]]:
    """Return how many actuals of the newest days are scored, and by the reason how many are not."""
    mine = Actual.pipeline_id == pipeline_id
    newest = session.scalar(select(func.max(Actual.happened_at)).where(mine))
    if newest is None:
        return 0, {}
    query = select(
        Actual.scored_count,
        Actual.details,
        Actual.error_message,
        func.json_array_length(Actual.rows),
    ).where(mine, Actual.happened_at > newest - timedelta(days=days))
    scored, left_out = 0, Counter[str]()
    for count, details, message, rows in session.execute(query):
        scored += count
        left_out.update({message.rstrip("."): rows} if message else details.get(LEFT_OUT, {}))
    return scored, dict(left_out.most_common())
