"""Log a command line in by somebody who is logged in at the hub's pages.

The page gives a code to the browser, which takes it to the command line; that one proves by a
verifier that it is the one that asked (RFC 7636), and gets a token.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from typing import Any

from sqlalchemy.orm import Session

from auger_hub.accounts.audit import Deed, note
from auger_hub.accounts.single_use import keep_once, use_up
from auger_hub.accounts.users import LOGIN_SECONDS, Caller, id_of_token, issue_token, seal_of
from auger_hub.database.tables import Organization, User

CODE_SECONDS = 300
_KIND = "login-code"


def issue_login_code(session: Session, caller: Caller, challenge: str, name: str) -> str:
    """Return a code that stands for a token of this user.

    Args:
        session: one that writes.
        caller: who allows it. The token ends no later than the login that it comes from.
        challenge: SHA-256 of the verifier, as base64url without padding.
        name: of the token.
    """
    until = int(time.time()) + LOGIN_SECONDS
    facts = {
        "user_id": caller.user_id,
        "seal": caller.seal,
        "challenge": challenge,
        "name": name,
        "until": until if caller.expires_at is None else min(until, caller.expires_at),
    }
    return keep_once(session, _KIND, facts, CODE_SECONDS)


def redeem_login_code(session: Session, code: str, verifier: str) -> dict[str, Any] | None:
    """Return `{"token", "username", "organization", "expires_at"}`, or None for a bad code.

    A code is used up whether the verifier is right or not.
    """
    facts = use_up(session, _KIND, code)
    if facts is None:
        return None
    user = session.get(User, facts["user_id"])
    lifetime = facts["until"] - int(time.time())
    proof = hashlib.sha256(verifier.encode()).digest()
    told = urlsafe_b64encode(proof).rstrip(b"=").decode()
    is_same = hmac.compare_digest(told, facts["challenge"])
    if user is None or not is_same or seal_of(user) != facts["seal"] or lifetime <= 0:
        return None
    token = issue_token(session, user.id, lifetime, facts["name"])
    deed = Deed("create", "token", id_of_token(token), facts["name"], user=user.name)
    note(session, user.organization_id, deed)
    organization = session.get_one(Organization, user.organization_id).name
    facts = {"username": user.name, "organization": organization}
    return {"token": token, **facts, "expires_at": int(time.time()) + lifetime}
