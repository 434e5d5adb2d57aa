"""Keep the audit trail: who did what to which object, in the transaction that changes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from auger_hub.database.engine import Database
from auger_hub.database.tables import AuditEntry, Organization, now
from auger_hub.telemetry.request import current_request
from auger_hub.timestamps import timestamp

OPERATOR = "(operator)"
"""Who gives commands on the hub's machine."""
THE_HUB = "(hub)"
"""Background work that nobody asked for, as what settings of retention remove."""
_MOST_NAME = 255
_AT_ONCE = 5000
_MOST = 1_000_000


@dataclass(frozen=True)
class Deed:
    """What was done to one object.

    Attributes:
        action: a verb, as `create`.
        kind: what the object is, as clients call it.
        object_id: of the object, if it has one.
        name: of the object, if it has one.
        user: who did it; by default who sent the request, else whoever gives commands here.
    """

    action: str
    kind: str
    object_id: object = None
    name: object = None
    user: str = ""


def note(session: Session, organization_id: int | None, deed: Deed) -> None:
    """Add an entry, which stays or goes with the change of this session, one that writes.

    Args:
        session: of the change.
        organization_id: whose the object is; None for what is the hub's own.
        deed: what was done.
    """
    facts = current_request()
    session.add(
        AuditEntry(
            organization_id=organization_id,
            user=deed.user or (facts.user if facts else "") or OPERATOR,
            address=facts.address if facts else None,
            request_id=facts.id if facts else None,
            action=deed.action,
            kind=deed.kind,
            object_id=None if deed.object_id is None else str(deed.object_id),
            name=None if deed.name is None else str(deed.name)[:_MOST_NAME],
        )
    )


def entries(**wanted: Any) -> Select[AuditEntry]:
    """Select the entries with these values, newest first; None narrows nothing."""
    query = select(AuditEntry)
    for column, value in wanted.items():
        if value is not None:
            query = query.where(getattr(AuditEntry, column) == value)
    return query.order_by(AuditEntry.id.desc())


def list_entries(session: Session, limit: int, **wanted: Any) -> list[dict[str, Any]]:
    """Return the newest entries of all organizations, as the command shows them."""
    query = entries(**wanted).limit(limit)
    pairs = session.execute(select(Organization.id, Organization.name))
    names = {row.id: row.name for row in pairs}
    return [
        {
            "at": timestamp(row.at),
            "organization": names.get(row.organization_id) if row.organization_id else None,
            "user": row.user,
            "address": row.address,
            "request_id": row.request_id,
            "action": row.action,
            "kind": row.kind,
            "object_id": row.object_id,
            "name": row.name,
        }
        for row in session.scalars(query)
    ]


def prune(database: Database, days: int) -> int:
    """Remove the entries of before so many days, some at a time; return how many.

    More than `_MOST` are not kept: whoever creates and deletes all day must not fill the disk.
    """
    oldest = now() - timedelta(days=days)
    newest = select(func.max(AuditEntry.id)).scalar_subquery()
    is_old = (AuditEntry.at < oldest) | (AuditEntry.id <= newest - _MOST)
    old = select(AuditEntry.id).where(is_old).limit(_AT_ONCE)
    with database.connect() as connection:
        if connection.scalar(old.limit(1)) is None:
            return 0
    with database.write() as session:
        ids = list(session.scalars(old))
        session.execute(delete(AuditEntry).where(AuditEntry.id.in_(ids)))
    return len(ids)
