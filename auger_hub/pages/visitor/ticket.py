"""Issue one-time tickets: who may read this hub's database may open its pages without a password.

A ticket is no token: the API does not take it.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.accounts.single_use import keep_once, use_up
from auger_hub.database.tables import User

TICKET_SECONDS = 60
_KIND = "ticket"


class UnknownUser(Exception):
    """There is nobody of that name who may log in."""


def issue_ticket(session: Session, user_name: str) -> str:
    """Store a new ticket's digest and return the ticket; raise UnknownUser for nobody's."""
    user = session.scalar(select(User).where(User.name == user_name))
    if user is None or user.password_hash is None:
        raise UnknownUser(f"there is no user `{user_name}` who may log in")
    return keep_once(session, _KIND, {"user_id": user.id}, TICKET_SECONDS)


def redeem_ticket(session: Session, ticket: str) -> int | None:
    """Use a ticket up and return its user's id, or None for a used, old or invented one."""
    facts = use_up(session, _KIND, ticket)
    user = session.get(User, facts["user_id"]) if facts else None
    return None if user is None or user.password_hash is None else user.id
