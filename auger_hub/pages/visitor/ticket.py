"""Issue one-time tickets: who may read this hub's database may open its pages without a password.

A ticket is no token: the API does not take it. Only its digest is stored, among the hub's secrets.
"""

from __future__ import annotations

import secrets
import time
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from auger_hub.accounts.users import digest_token
from auger_hub.database.tables import Secret, User

TICKET_SECONDS = 60
_PREFIX = "ticket:"


class UnknownUser(Exception):
    """There is nobody of that name who may log in."""


def issue_ticket(session: Session, user_name: str) -> str:
    """Store a new ticket's digest and return the ticket; raise UnknownUser for nobody's."""
    user = session.scalar(select(User).where(User.name == user_name))
    if user is None or user.password_hash is None:
        raise UnknownUser(f"there is no user `{user_name}` who may log in")
    _forget_old_ones(session)
    ticket = secrets.token_urlsafe(32)
    value = f"{user.id}:{int(time.time()) + TICKET_SECONDS}"
    session.add(Secret(name=_PREFIX + digest_token(ticket), value=value))
    return ticket


def redeem_ticket(session: Session, ticket: str) -> int | None:
    """Use a ticket up and return its user's id, or None for a used, old or invented one."""
    name = _PREFIX + digest_token(ticket)
    value = session.scalar(select(Secret.value).where(Secret.name == name))
    removed = cast(
        "CursorResult[Any]", session.execute(delete(Secret).where(Secret.name == name))
    ).rowcount
    if value is None or removed != 1:  # of two that come at once, one removes it
        return None
    user_id, _, expires_at = value.partition(":")
    user = session.get(User, int(user_id))
    is_good = int(expires_at) >= time.time() and user is not None and user.password_hash is not None
    return int(user_id) if is_good else None


def _forget_old_ones(session: Session) -> None:
    for secret in session.scalars(select(Secret).where(Secret.name.startswith(_PREFIX))):
        if int(secret.value.partition(":")[2]) < time.time():
            session.delete(secret)
