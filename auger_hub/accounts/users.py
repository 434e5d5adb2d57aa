"""Create users, check passwords, issue and find tokens; only hashes of either are stored."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, cast

from sqlalchemy import CursorResult, bindparam, delete, select
from sqlalchemy.orm import Session

from auger_hub.accounts.audit import Deed, note
from auger_hub.accounts.roles import ADMIN, MEMBER, WRITING, rank_of
from auger_hub.database.engine import Database
from auger_hub.database.tables import Organization, Token, User
from auger_hub.settings import OWN_ORGANIZATION
from auger_hub.timestamps import timestamp

LOGIN_SECONDS = 31 * 24 * 3600  # wire contract §1.3
MOST_NAME = 255
LEAST_PASSWORD = 12
_USER_NAME = re.compile(r"[\w.@+-]{1,255}")  # an address of e-mail is one
_SCRYPT = {"n": 2**14, "r": 8, "p": 1}
_WITHOUT_PASSWORD = "sso:"  # noqa: S105 - none
"""Begins what stands for the password of a user who has none, and logs in elsewhere."""
_NOBODY = f"{'0' * 32}:{'0' * 128}"
"""Stands for the hash of an unknown user, made without the work of a hash."""
_CALLER = (  # built once: it is asked with every request
    select(
        User.id,
        User.organization_id,
        User.password_hash,
        Token.expires_at,
        User.name,
        Organization.name.label("organization"),
        User.role,
        Token.scope,
        Organization.most_questions,
    )
    .join(Token, Token.user_id == User.id)
    .join(Organization, Organization.id == User.organization_id)
    .where(Token.digest == bindparam("digest"))
)

_PASSWORD = select(User.password_hash).where(User.id == bindparam("id"))
_ID_LETTERS = 12
_MOST_LIFETIME = 36500 * 24 * 3600
OWN_TOKEN = "this machine"  # noqa: S105 - a name


@dataclass(frozen=True)
class Caller:
    """Who sends a request.

    Attributes:
        seal: changes with the password; what is signed for the user ends with it.
        name: of the user.
        organization: its name.
        rank: what the user may do with this token, see `accounts.roles`.
        is_scoped: whether the token may do less than its user.
        most_questions: to models in a minute, of the whole organization; None is any number.
        expires_at: when this login ends, in Unix seconds; None is never.
    """

    user_id: int
    organization_id: int
    seal: str
    name: str = ""
    organization: str = ""
    rank: int = WRITING
    is_scoped: bool = False
    most_questions: int | None = None
    expires_at: int | None = None


def hash_password(password: str) -> str:
    """Return salt and scrypt hash as text."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{hashlib.scrypt(password.encode(), salt=salt, **_SCRYPT).hex()}"


def is_password(password: str, stored: str | None) -> bool:
    """Compare in constant time; an unknown user costs as much as a known one."""
    if stored is not None and stored.startswith(_WITHOUT_PASSWORD):
        stored = None
    salt, _, expected = (stored or _NOBODY).partition(":")
    found = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), **_SCRYPT).hex()
    return hmac.compare_digest(found, expected) and stored is not None


def make_seal_without_password() -> str:
    """Return what stands for the password of a user who logs in elsewhere: no password is it.

    As with a password, what is signed for the user ends when it is another one.
    """
    return f"{_WITHOUT_PASSWORD}{secrets.token_hex(32)}"


def has_password(user: User) -> bool:
    """Return whether a user may log in by a password."""
    stored = user.password_hash
    return stored is not None and not stored.startswith(_WITHOUT_PASSWORD)


def is_invited(user: User) -> bool:
    """Return whether a user is to log in elsewhere for the first time."""
    return not (user.password_hash is None or has_password(user) or user.oidc_subject)


def is_user_name(name: str) -> bool:
    """Return whether a user can have this name."""
    return _USER_NAME.fullmatch(name) is not None


def digest_token(token: str) -> str:
    """Return what the database holds of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_token(
    session: Session,
    user_id: int,
    lifetime: int | None,
    name: str = "",
    *,
    scope: str | None = None,
) -> str:
    """Store a new token's digest and return the token; drop those of all users that are over.

    Args:
        session: one that writes.
        user_id: whose login it is.
        lifetime: in seconds; None is for ever.
        name: what tells it from others in a list.
        scope: what it may do of what its user may; None is all of it.
    """
    began = int(time.time())
    session.execute(delete(Token).where(Token.expires_at < began))
    token = secrets.token_urlsafe(32)
    expires_at = began + lifetime if lifetime else None
    told = {"expires_at": expires_at, "name": name, "scope": scope}
    session.add(Token(digest=digest_token(token), user_id=user_id, **told))
    return token


def find_caller(database: Database, token: str) -> Caller | None:
    """Return who the token belongs to, or None for an unknown or expired one."""
    row = database.first(_CALLER, {"digest": digest_token(token)})
    if row is None:
        return None
    user_id, organization_id, password_hash, expires_at, name, organization, *more = row
    role, scope, most_questions = more
    is_over = expires_at is not None and expires_at < time.time()
    if is_over or password_hash is None:
        return None
    return Caller(
        user_id,
        organization_id,
        _seal(password_hash),
        name,
        organization,
        rank_of(role, scope),
        scope is not None,
        most_questions,
        expires_at,
    )


def find_seal(database: Database, user_id: int) -> str | None:
    """Return the seal of a user; None for nobody, and for one who may not log in."""
    row = database.first(_PASSWORD, {"id": user_id})
    return None if row is None or row[0] is None else _seal(row[0])


def seal_of(user: User) -> str | None:
    """Return the seal of a user; None for one who may not log in."""
    return None if user.password_hash is None else _seal(user.password_hash)


def _seal(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()[:32]


def log_in(database: Database, name: str, password: str) -> str | None:
    """Return a new token, or None when name or password is wrong."""
    user = None
    if len(name) <= MOST_NAME:
        with database.read() as session:
            user = session.scalar(select(User).where(User.name == name))
    if not is_password(password, user.password_hash if user else None) or user is None:
        return None
    with database.write() as session:
        note(session, user.organization_id, Deed("log in", "user", user.id, name, user=name))
        return issue_token(session, user.id, LOGIN_SECONDS, "login")


def find_or_add_organization(session: Session, name: str) -> Organization:
    """Return the organization of that name, made when there is none."""
    organization = session.scalar(select(Organization).where(Organization.name == name))
    if organization is None:
        bucket = f"auger-{name}-{secrets.token_hex(3)}"
        organization = Organization(name=name, main_bucket=bucket)
        session.add(organization)
        session.flush()
    return organization


def add_user(
    session: Session, name: str, organization: str | None, role: str | None = None
) -> dict[str, Any]:
    """Make a user with a random password, or give an existing one a new password and token.

    A new password ends all logins of before, and those by single sign-on. Without a `role` an
    existing user keeps the own, the first one of an organization is its admin, and others are
    members. Without an `organization` an existing user keeps the own, a new one gets the hub's own.
    Returns `{"username", "password", "token", "organization", "role", "ended"}`; both secrets are
    shown only here, and `ended` counts the logins.
    Raises ValueError for a name that no user can have, and for a user of another organization.
    """
    password = secrets.token_urlsafe(18)
    user, owner = _find_or_make(session, name, organization, role)
    user.password_hash = hash_password(password)
    user.oidc_issuer = user.oidc_subject = None
    session.flush()
    _note(session, "set password", user)
    ended = end_logins(session, user)
    token = issue_token(session, user.id, None, "user add")
    return {
        "username": name,
        "password": password,
        "token": token,
        "organization": owner,
        "role": user.role,
        "ended": ended,
    }


def invite_user(
    session: Session, name: str, organization: str | None, role: str | None = None
) -> dict[str, Any]:
    """Make a user who logs in by single sign-on, or make an existing one such a user.

    Whoever the provider then knows by this name is the user from there on. A password and all
    logins of before end. Returns `{"username", "organization", "role", "ended", "sso"}`.
    Raises ValueError as `add_user` does.
    """
    user, owner = _find_or_make(session, name, organization, role)
    user.password_hash = make_seal_without_password()
    user.oidc_issuer = user.oidc_subject = None
    session.flush()
    _note(session, "invite", user)
    ended = end_logins(session, user)
    facts = {"username": name, "organization": owner, "role": user.role}
    return {**facts, "ended": ended, "sso": True}


def _find_or_make(
    session: Session, name: str, organization: str | None, role: str | None
) -> tuple[User, str]:
    """Return a user, new ones without a password, and the name of the organization."""
    user = session.scalar(select(User).where(User.name == name))
    if user is not None:
        owner = session.get_one(Organization, user.organization_id)
        if organization is not None and organization != owner.name:
            raise ValueError(
                f"user `{name}` belongs to organization `{owner.name}`, and a name belongs to one: "
                "leave out the organization to mean that user, or choose another name"
            )
        user.role = role or user.role
        return user, owner.name
    if not is_user_name(name):
        raise ValueError("a user's name has 1 to 255 letters, digits and `.`, `_`, `@`, `+`, `-`")
    owner = find_or_add_organization(session, organization or OWN_ORGANIZATION)
    others = select(User.id).where(User.organization_id == owner.id).limit(1)
    usual = ADMIN if session.scalar(others) is None else MEMBER
    user = User(name=name, organization_id=owner.id, password_hash=None, role=role or usual)
    session.add(user)
    return user, owner.name


def set_role(session: Session, name: str, role: str) -> bool:
    """Give a user another role; False when there is no such user.

    Raises ValueError for the last admin of an organization, who would leave it without one.
    """
    user = session.scalar(select(User).where(User.name == name))
    if user is None:
        return False
    if role != ADMIN:
        refuse_last_admin(session, user)
    user.role = role
    _note(session, f"set role {role}", user)
    return True


def refuse_last_admin(session: Session, user: User) -> None:
    """Raise ValueError when an organization would be left without an admin who may log in."""
    others = select(User.id).where(
        User.organization_id == user.organization_id,
        User.id != user.id,
        User.role == ADMIN,
        User.password_hash.is_not(None),
    )
    if user.role == ADMIN and session.scalar(others.limit(1)) is None:
        raise ValueError(f"user `{user.name}` is the only admin of the organization")


def change_password(session: Session, user_id: int, old: str, new: str) -> dict[str, Any] | None:
    """Give a user the password of the own choice, which ends all logins of before.

    Returns `{"token", "ended"}` with a new login, or None when the old password is wrong. Raises
    ValueError for a password that is too short.
    """
    user = session.get_one(User, user_id)
    if not has_password(user):
        raise ValueError("is none of this hub's: you log in by single sign-on")
    if not is_password(old, user.password_hash):
        return None
    if not LEAST_PASSWORD <= len(new) <= MOST_NAME:
        raise ValueError(f"should have {LEAST_PASSWORD} to {MOST_NAME} characters")
    user.password_hash = hash_password(new)
    _note(session, "change password", user)
    ended = end_logins(session, user)
    return {"token": issue_token(session, user.id, LOGIN_SECONDS, "login"), "ended": ended}


def add_own_token(session: Session, name: str, organization: str) -> str:
    """Return a new token of the hub's own user, who is made if need be; other logins stay."""
    user = session.scalar(select(User).where(User.name == name))
    if user is None or user.password_hash is None:
        return str(add_user(session, name, organization)["token"])
    return issue_token(session, user.id, None, OWN_TOKEN)


def revoke_user(session: Session, name: str) -> bool:
    """End all logins of a user and forget the password; False when there is no such user."""
    user = session.scalar(select(User).where(User.name == name))
    if user is None:
        return False
    user.password_hash = None
    _note(session, "revoke", user)
    end_logins(session, user)
    return True


def _note(session: Session, action: str, user: User) -> None:
    note(session, user.organization_id, Deed(action, "user", user.id, user.name))


def end_logins(session: Session, user: User) -> int:
    """End the tokens of a user; what was signed for them ended with the password."""
    ended = session.execute(delete(Token).where(Token.user_id == user.id))
    return int(cast("CursorResult[Any]", ended).rowcount)


def add_token(
    session: Session,
    user_name: str,
    name: str,
    lifetime: int | None,
    scope: str | None = None,
) -> dict[str, Any]:
    """Make one more token of a user and return it with its id; it is shown only here.

    Raises ValueError when there is no such user, or none who may log in, or the name is too long.
    """
    if len(name) > MOST_NAME:
        raise ValueError(f"the name of a token has at most {MOST_NAME} characters")
    if lifetime is not None and not 0 < lifetime <= _MOST_LIFETIME:
        raise ValueError(f"a token is good for 1 to {_MOST_LIFETIME // 86400} days")
    user = session.scalar(select(User).where(User.name == user_name))
    if user is None or user.password_hash is None:
        raise ValueError(f"there is no user `{user_name}` who may log in")
    token = issue_token(session, user.id, lifetime, name, scope=scope)
    token_id = id_of_token(token)
    note(session, user.organization_id, Deed("create", "token", token_id, name))
    return {"username": user_name, "name": name, "id": token_id, "token": token}


def list_tokens(session: Session) -> list[dict[str, Any]]:
    """Return every token that is good, oldest first, without its secret."""
    query = (
        select(Token, User.name)
        .join(User, User.id == Token.user_id)
        .where((Token.expires_at.is_(None)) | (Token.expires_at >= int(time.time())))
    )
    return [
        {
            "id": _id_of(token.digest),
            "username": user_name,
            "name": token.name or "",
            "created_at": timestamp(token.created_at),
            "expires_at": _when(token.expires_at),
            "scope": token.scope,
        }
        for token, user_name in session.execute(query.order_by(Token.created_at, Token.digest))
    ]


def end_token(session: Session, token_id: str) -> bool:
    """End one token by the id that `list_tokens` tells; False when there is none."""
    if not re.fullmatch(f"[0-9a-f]{{{_ID_LETTERS}}}", token_id):
        return False
    found = session.execute(
        select(Token, User.organization_id)
        .join(User, User.id == Token.user_id)
        .where(Token.digest.startswith(token_id))
    ).all()
    for token, owner in found:
        note(session, owner, Deed("end", "token", token_id, token.name))
        session.delete(token)
    return bool(found)


def id_of_token(token: str) -> str:
    """Return what lists call a token."""
    return _id_of(digest_token(token))


def _id_of(digest: str) -> str:
    return digest[:_ID_LETTERS]


def _when(expires_at: int | None) -> str | None:
    if expires_at is None:
        return None
    return timestamp(datetime.fromtimestamp(expires_at, timezone.utc).replace(tzinfo=None))


def list_users(session: Session) -> list[dict[str, object]]:
    """Return every user with organization and whether a login is possible."""
    query = select(User, Organization.name).join(
        Organization, Organization.id == User.organization_id
    )
    return [
        {
            "name": user.name,
            "organization": name,
            "role": user.role,
            "active": user.password_hash is not None,
            "sso": user.password_hash is not None and not has_password(user),
        }
        for user, name in session.execute(query.order_by(User.id))
    ]
