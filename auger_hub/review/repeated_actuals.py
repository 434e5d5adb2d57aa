"""Find actuals that were sent before, so that no row counts twice (wire contract §2.16).

The same upload may come again, as of a job that is retried; and what is known of a prediction may
be corrected. Rows of any other kind are new ones: the same flower may well be met twice.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import String, cast, or_, select
from sqlalchemy.orm import Session

from auger_hub.data.notices import Notice, rows
from auger_hub.database.tables import Actual, Prediction, now
from auger_hub.review.actuals_by_prediction import NAMED

UPLOAD = "upload"
"""Among the details of actuals: the digest of what they were sent with."""
_SPAN = timedelta(days=1)
_AT_ONCE = 500
_FEW = 20  # predictions that are looked for in the texts of what was sent


def digest_upload(sent: Mapping[str, Any]) -> str:
    """Return what tells one upload from another."""
    return hashlib.sha256(json.dumps(sent, sort_keys=True, default=str).encode()).hexdigest()


def find_known(session: Session, pipeline_id: str, upload: str) -> int | None:
    """Return how many rows of the same upload are there since a day ago; None without it.

    One that could not be scored gives way: it may be sent again when its reason is gone.
    """
    query = select(Actual).where(
        Actual.pipeline_id == pipeline_id,
        Actual.details[UPLOAD].as_string() == upload,
        Actual.created_at > now() - _SPAN,
    )
    found = session.scalars(query).all()
    if all(one.status == "error" for one in found):
        for one in found:
            session.delete(one)
        return None
    return sum(len(one.rows) for one in found)


def known_already(count: int) -> Notice:
    """Say that rows came once more."""
    text = f"{rows(count)} {'was' if count == 1 else 'were'} there already and count once."
    return Notice("actuals-known", text, count=count)


def replace_earlier(
    session: Session, row: Actual, columns: Sequence[str], records: Sequence[Sequence[Any]]
) -> None:
    """Take the rows of predictions that are told anew out of what was sent before.

    A prediction is told anew by as many rows as it has: of fewer, the others may be told elsewhere.
    """
    if NAMED not in columns:
        return
    place = list(columns).index(NAMED)
    sent = Counter(str(record[place]) for record in records)
    told = _told_whole(session, sent)
    if not told:
        return
    earlier = select(Actual.id).where(
        Actual.pipeline_id == row.pipeline_id,
        Actual.id != row.id,
        Actual.created_at < row.created_at,
    )
    if len(told) <= _FEW:  # as of a service that tells each outcome by itself
        as_text = cast(Actual.rows, String)
        earlier = earlier.where(or_(*(as_text.contains(one, autoescape=True) for one in told)))
    for number in session.scalars(earlier).all():
        one = session.get_one(Actual, number)
        kept = [sent for sent in one.rows if _named(sent, one.details) not in told]
        if len(kept) < len(one.rows):
            _keep(session, one, kept)
        else:
            session.expunge(one)


def _told_whole(session: Session, sent: Mapping[str, int]) -> set[str]:
    ids, told = list(sent), set[str]()
    for start in range(0, len(ids), _AT_ONCE):
        query = select(Prediction.id, Prediction.records_count).where(
            Prediction.id.in_(ids[start : start + _AT_ONCE])
        )
        told |= {one for one, count in session.execute(query) if sent[one] == count}
    return told


def _named(sent: Any, details: Mapping[str, Any]) -> str | None:
    """Return the prediction that a row names, of either form of rows."""
    if isinstance(sent, dict):
        return str(sent[NAMED]) if NAMED in sent else None
    columns = details.get("actual_column_names") or []
    place = columns.index(NAMED) if NAMED in columns else len(sent)
    return str(sent[place]) if place < len(sent) else None


def _keep(session: Session, one: Actual, kept: list[Any]) -> None:
    """Leave some rows of what was sent before, to be scored by themselves."""
    if not kept:
        session.delete(one)
        return
    one.rows = kept
    one.details = {name: value for name, value in one.details.items() if name != UPLOAD}
    one.status, one.error_message = "waiting", None
    one.score, one.scored_count, one.segment_scores = None, 0, None
