"""Find actuals that were sent before, so that no row counts twice (wire contract §2.16).

The same upload may come again, as of a job that is retried; it may have grown, as a file that every
day's rows are appended to; and what is known of a prediction may be corrected. Rows of any other
kind are new ones: the same flower may well be met twice.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import String, cast, or_, select
from sqlalchemy.orm import Session

from auger_hub.data.notices import Notice, rows
from auger_hub.database.tables import Actual, now
from auger_hub.review.actuals_by_prediction import NAMED, told_whole

_UPLOAD, _ROWS = "upload", "upload_rows"
"""Among the details of actuals: digest and number of the rows that they were sent with."""
_SPAN = timedelta(hours=36)  # in which a daily job comes again, late or not
_MANY = 20  # rows that nobody meets twice in the same order
_SPAN_OF_MANY = timedelta(days=31)
_FEW = 20  # predictions that are looked for in the texts of what was sent


def count_known(
    session: Session, pipeline_id: str, sent: Mapping[str, Any], records: Sequence[Any]
) -> tuple[int, dict[str, Any]]:
    """Return how many of the first rows of an upload are there, and what tells it from others.

    All of an upload may be there, or one that it begins with, in the same order: then it has grown.

    Args:
        session: of the database.
        pipeline_id: of the model.
        sent: what was sent beside the rows.
        records: the rows.
    """
    lengths = set(_lengths(session, pipeline_id)) & set(range(2, len(records))) | {len(records)}
    digests = _digests(sent, records, lengths)
    told = {_UPLOAD: digests[len(records)], _ROWS: len(records)}
    for count in sorted(lengths, reverse=True):
        if _is_known(session, pipeline_id, digests[count], count):
            return count, told
    return 0, told


def _lengths(session: Session, pipeline_id: str) -> Iterator[int]:
    """Yield how many rows the uploads had that are still compared."""
    count = Actual.details[_ROWS].as_integer()
    yield from session.scalars(
        select(count)
        .where(
            Actual.pipeline_id == pipeline_id,
            count.is_not(None),
            Actual.created_at > now() - _SPAN_OF_MANY,
        )
        .distinct()
    )


def _digests(
    sent: Mapping[str, Any], records: Sequence[Any], lengths: Collection[int]
) -> dict[int, str]:
    """Return by their number what tells the first rows of an upload from those of others."""
    digest, found = hashlib.sha256(_to_bytes(sent)), {}
    for number, record in enumerate(records, 1):
        digest.update(_to_bytes(record))
        if number in lengths:
            found[number] = digest.hexdigest()
    return found


def _to_bytes(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode() + b"\n"


def _is_known(session: Session, pipeline_id: str, digest: str, count: int) -> bool:
    """Return whether so many rows of a digest are there.

    Those that could not be scored give way: they may be sent again when the reason is gone.
    """
    span = _SPAN_OF_MANY if count >= _MANY else _SPAN
    query = select(Actual).where(
        Actual.pipeline_id == pipeline_id,
        Actual.details[_UPLOAD].as_string() == digest,
        Actual.created_at > now() - span,
    )
    found = session.scalars(query).all()
    if any(one.status != "error" for one in found):
        return True
    for one in found:
        session.delete(one)
    return False


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
    told = told_whole(session, sent)
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
    one.details = {name: value for name, value in one.details.items() if name != _UPLOAD}
    one.status, one.error_message = "waiting", None
    one.score, one.scored_count, one.segment_scores = None, 0, None
