"""Keep secrets that are good once and for a short while; their digests alone are stored."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from auger_hub.accounts.users import digest_token
from auger_hub.database.tables import Secret


def keep_once(session: Session, kind: str, facts: dict[str, Any], seconds: int) -> str:
    """Return a new secret that stands for the facts; forget those of the kind that are too old.

    Args:
        session: one that writes.
        kind: what it is for; another use does not take it.
        facts: what `use_up` returns, as JSON.
        seconds: how long it is good.
    """
    present = int(time.time())
    for old in session.scalars(select(Secret).where(Secret.name.startswith(f"{kind}:"))):
        if json.loads(old.value)["until"] < present:
            session.delete(old)
    secret = secrets.token_urlsafe(32)
    value = json.dumps({"until": present + seconds, "facts": facts})
    session.add(Secret(name=_name(kind, secret), value=value))
    return secret


def use_up(session: Session, kind: str, secret: str) -> dict[str, Any] | None:
    """Return the facts that a secret stands for, once; None for a used, old or invented one."""
    name = _name(kind, secret)
    value = session.scalar(select(Secret.value).where(Secret.name == name))
    removed = cast(
        "CursorResult[Any]", session.execute(delete(Secret).where(Secret.name == name))
    ).rowcount
    if value is None or removed != 1:  # of two that come at once, one removes it
        return None
    kept: dict[str, Any] = json.loads(value)
    facts: dict[str, Any] = kept["facts"]
    return facts if kept["until"] >= time.time() else None


def _name(kind: str, secret: str) -> str:
    return f"{kind}:{digest_token(secret)}"
