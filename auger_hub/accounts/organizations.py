"""List and limit the organizations of a hub."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.accounts.audit import Deed, note
from auger_hub.accounts.quota import used_bytes
from auger_hub.database.tables import Organization

LIMITS = {"most_workers": 2**31 - 1, "most_questions": 2**31 - 1, "most_storage": 2**63 - 1}
"""The limits of an organization, and what each can be at most: what its column holds."""


def list_organizations(session: Session) -> list[dict[str, Any]]:
    """Return every organization with its limits, and the bytes that it stores."""
    return [
        {
            "name": row.name,
            **{limit: getattr(row, limit) for limit in LIMITS},
            "used_storage": used_bytes(session, row.id),
        }
        for row in session.scalars(select(Organization).order_by(Organization.id))
    ]


def limit_organization(session: Session, name: str, **limits: int | None) -> dict[str, Any] | None:
    """Set limits of an organization, 0 for none; return what it stores, None for no organization.

    Args:
        session: one that writes.
        name: of the organization.
        limits: of `LIMITS`; None leaves one as it is.

    Raises ValueError for a limit that cannot be.
    """
    for limit, value in limits.items():
        if value is not None and not 0 <= value <= LIMITS[limit]:
            raise ValueError(f"{limit} has to be from 0 to {LIMITS[limit]}, not {value}")
    row = session.scalar(select(Organization).where(Organization.name == name))
    if row is None:
        return None
    told = []
    for limit, value in limits.items():
        if value is not None:
            setattr(row, limit, value or None)
            told.append(f"{limit} {value or 'none'}")
    note(session, row.id, Deed("limit", "organization", row.id, f"{name}: {', '.join(told)}"))
    return {"used_storage": used_bytes(session, row.id), "most_storage": row.most_storage}
