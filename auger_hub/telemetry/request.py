"""Provide who sent the request that is being answered, for the log and the audit trail.

The facts travel in a context variable: threads that answer for the server see them too.
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass

_ID = re.compile(r"[\w.:@=+/-]{1,64}", re.ASCII)


@dataclass
class RequestFacts:
    """What is known of a request; who sent it is filled in once its token was seen.

    Attributes:
        id: the client's or the proxy's own, from `X-Request-Id`, else a new one.
        address: of the client.
        user: the name of who is logged in.
        organization: the name of the organization.
    """

    id: str = ""
    address: str = ""
    user: str = ""
    organization: str = ""


_current: ContextVar[RequestFacts | None] = ContextVar("request", default=None)


def begin_request(facts: RequestFacts) -> None:
    """Let what runs from here on, in this task and its threads, belong to a request."""
    _current.set(facts)


def current_request() -> RequestFacts | None:
    """Return the request that is being answered; None in background work and commands."""
    return _current.get()


def note_caller(user: str, organization: str) -> None:
    """Fill in who sent the request."""
    facts = _current.get()
    if facts is not None:
        facts.user, facts.organization = user, organization


def request_id(given: str) -> str:
    """Return the id that a client gave if it can be written into a log, else a new one."""
    return given if _ID.fullmatch(given) else secrets.token_hex(8)
