"""Users, passwords and tokens. Neither a password nor a token is ever stored."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from auger_hub.database.engine import Database
from auger_hub.database.tables import Organization, Token, User

LOGIN_SECONDS = 31 * 24 * 3600  # wire contract §1.3
MOST_NAME = 255
_USER_NAME = re.compile(r"[\w.@+-]{1,255}")  # an address of e-mail is one
_SCRYPT = {"n": 2**14, "r": 8, "p": 1}
_NOBODY = f"{'0' * 32}:{'0' * 128}"
"""Stands for the hash of an unknown user, made without the work of a hash."""
_CALLER = (  # built once: it is asked with every request
    select(User.id, User.organization_id, Token.expires_at)
    .join(Token, Token.user_id == User.id)
    .where(Token.digest == bindparam("digest"))
)


@dataclass(frozen=True)
class Caller:
    """Who sends a request."""

    user_id: int
    organization_id: int


def hash_password(password: str) -> str:
    """Return salt and scrypt hash as text."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{hashlib.scrypt(password.encode(), salt=salt, **_SCRYPT).hex()}"


def is_password(password: str, stored: str | None) -> bool:
    """Compare in constant time; an unknown user costs as much as a known one."""
    salt, _, expected = (stored or _NOBODY).partition(":")
    found = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), **_SCRYPT).hex()
    return hmac.compare_digest(found, expected) and stored is not None


def digest_token(token: str) -> str:
    """Return what the database holds of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_token(session: Session, user_id: int, lifetime: int | None) -> str:
    """Store a new token's digest and return the token; drop those of all users that are over."""
    began = int(time.time())
    session.execute(delete(Token).where(Token.expires_at < began))
    token = secrets.token_urlsafe(32)
    expires_at = began + lifetime if lifetime else None
    session.add(Token(digest=digest_token(token), user_id=user_id, expires_at=expires_at))
    return token


def find_caller(database: Database, token: str) -> Caller | None:
    """Return who the token belongs to, or None for an unknown or expired one."""
    row = database.first(_CALLER, {"digest": digest_token(token)})
    if row is None:
        return None
    user_id, organization_id, expires_at = row
    is_over = expires_at is not None and expires_at < time.time()
    return None if is_over else Caller(user_id, organization_id)


def log_in(database: Database, name: str, password: str) -> str | None:
    """Return a new token, or None when name or password is wrong."""
    user = None
    if len(name) <= MOST_NAME:
        with database.read() as session:
            user = session.scalar(select(User).where(User.name == name))
    if not is_password(password, user.password_hash if user else None) or user is None:
        return None
    with database.write() as session:
        return issue_token(session, user.id, LOGIN_SECONDS)


def find_or_add_organization(session: Session, name: str) -> Organization:
    """Return the organization of that name, made when there is none."""
    organization = session.scalar(select(Organization).where(Organization.name == name))
    if organization is None:
        bucket = f"auger-{name}-{secrets.token_hex(3)}"
        organization = Organization(name=name, main_bucket=bucket)
        session.add(organization)
        session.flush()
    return organization


def add_user(session: Session, name: str, organization: str) -> dict[str, str]:
    """Make a user with a random password, or give an existing one a new password and token.

    Returns `{"username", "password", "token", "organization"}`; both secrets are shown only here.
    Raises ValueError for a name that no user can have, and for a user of another organization.
    """
    password = secrets.token_urlsafe(18)
    owner = find_or_add_organization(session, organization)
    user = session.scalar(select(User).where(User.name == name))
    if user is None:
        if not _USER_NAME.fullmatch(name):
            raise ValueError(
                "a user's name has 1 to 255 letters, digits and `.`, `_`, `@`, `+`, `-`"
            )
        user = User(name=name, organization_id=owner.id, password_hash=None)
        session.add(user)
    elif user.organization_id != owner.id:
        raise ValueError(f"user `{name}` belongs to another organization")
    user.password_hash = hash_password(password)
    session.flush()
    token = issue_token(session, user.id, None)
    return {"username": name, "password": password, "token": token, "organization": organization}


def revoke_user(session: Session, name: str) -> bool:
    """End all logins of a user and forget the password; False when there is no such user."""
    user = session.scalar(select(User).where(User.name == name))
    if user is None:
        return False
    user.password_hash = None
    session.execute(delete(Token).where(Token.user_id == user.id))
    return True


def list_users(session: Session) -> list[dict[str, object]]:
    """Return every user with organization and whether a login is possible."""
    query = select(User, Organization.name).join(
        Organization, Organization.id == User.organization_id
    )
    return [
        {"name": user.name, "organization": name, "active": user.password_hash is not None}
        for user, name in session.execute(query.order_by(User.id))
    ]
