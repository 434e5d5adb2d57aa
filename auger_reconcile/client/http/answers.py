"""Parse an answer of the hub into its data, or raise what went wrong.

Shapes of both: wire contract §1.4, §1.6.

Refuses to do: send anything; repeat the hub's body in an error beyond its own short messages.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from auger_reconcile.client.http.connection import name_fate
from auger_reconcile.client.http.transport import Answer
from auger_reconcile.errors import (
    AugerError,
    Conflict,
    HubError,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    Unavailable,
)
from auger_reconcile.redact import quote_foreign

Secrets = Collection[str | None]

_MOST_DETAILS = 20
_ROLE = re.compile(r"\bthe role (member|admin)\b")
_ACCEPTED = frozenset({200, 201})
# Texts by which the hub says that an object exists already, or that its status forbids this.
_NAME_TAKEN = "has already been taken"
_MADE_MEANWHILE = "another command may just have made it; this one, run again, continues from there"
_CONFLICTS = (
    _NAME_TAKEN,
    "url_not_uniq",
    "cannot transition",
    "transition to this status impossible",
)


def read_envelope(answer: Answer, *, request: str, secrets: Secrets) -> tuple[Any, dict[str, Any]]:
    """Return `data` and `meta` of a successful answer.

    Raises:
        NotAuthenticated: 401.
        HubError: or one of its kinds; the answer is an error, or is not of the API's shape.
    """
    if answer.status not in _ACCEPTED:
        raise to_error(answer, request=request, secrets=secrets)
    envelope = answer.document
    problem = ""
    if envelope is None:
        problem = f"{_describe_body(answer)} ({answer.reason})"
    elif not isinstance(envelope, dict):
        problem = "a bare value instead of an object with `data`"
    elif envelope.get("data") is None:
        problem = "without `data`"
    if problem:
        raise HubError(
            f"the hub answered {problem}{name_fate(request)}",
            request=request,
            status=answer.status,
            hint="the URL may belong to something else than a hub",
        )
    meta = envelope.get("meta")
    return envelope["data"], meta if isinstance(meta, dict) else {}


def to_error(answer: Answer, *, request: str, secrets: Secrets) -> AugerError:
    """Return the exception for an answer that is no success."""
    details = _read_details(answer, secrets)
    message = f"the hub answered {answer.reason}"
    if details:
        message = f"{message}: {'; '.join(details)}"
    elif answer.document is None:
        message = f"the hub answered {_describe_body(answer)} ({answer.reason})"
    words = "; ".join(details) or answer.reason
    if answer.status == 401:
        login = "a token ends after about a month; a new one comes from\nauger auth login"
        return NotAuthenticated(f"the hub refused the credentials: {words}", hint=login)
    if answer.status == 403:
        return NotAllowed(
            f"the hub does not allow it: {words}",
            request=request,
            status=403,
            details=details,
            hint=_who_allows(words),
        )
    kind, hint = _classify(answer, details)
    if kind is Unavailable and answer.status != 429:
        message += name_fate(request)
    return kind(message, request=request, status=answer.status, details=details, hint=hint)


def _classify(answer: Answer, details: tuple[str, ...]) -> tuple[type[HubError], str | None]:
    """Return the kind of error and its hint."""
    if 300 <= answer.status < 400:
        place = quote_foreign(answer.headers.get("Location", "elsewhere"), limit=200)
        return HubError, f"it redirects to {place}; redirects are not followed"
    if answer.status == 404:
        return NotFound, None
    if answer.status == 409 or any(text in item for item in details for text in _CONFLICTS):
        return Conflict, _MADE_MEANWHILE if any(_NAME_TAKEN in item for item in details) else None
    if answer.status == 429:
        return Unavailable, "the hub asks for fewer requests; a lower --parallelism makes fewer"
    if answer.status == 408 or answer.status >= 500:
        return Unavailable, None
    return HubError, None


def _who_allows(words: str) -> str | None:
    """Return who gives the role that a hub asks for, if it names one."""
    role = _ROLE.search(words)
    if role is None:
        return None
    told = "an admin of the organization gives the role; a token of a scope may less than its user"
    return f"{told}\nauger hub user role NAME {role[1]}"


def _read_details(answer: Answer, secrets: Secrets) -> tuple[str, ...]:
    """Return the hub's own messages as `param: message`; the parameter may be missing."""
    meta = answer.document.get("meta") if isinstance(answer.document, Mapping) else None
    errors = meta.get("errors") if isinstance(meta, Mapping) else None
    found = []
    for error in errors[:_MOST_DETAILS] if isinstance(errors, list) else ():
        members = error if isinstance(error, Mapping) else {"message": error}
        words = (members.get("error_param"), members.get("message") or members.get("error_type"))
        text = ": ".join(str(word) for word in words if word)
        found.append(quote_foreign(text, secrets))
    return tuple(item for item in found if item)


def _describe_body(answer: Answer) -> str:
    """Say what a body is, if not JSON, without repeating it."""
    start = answer.body[:512].lstrip().lower()
    if not start:
        return "an empty body instead of JSON"
    if start.startswith((b"<!doctype html", b"<html")):
        return "HTML instead of JSON"
    if start.startswith(b"<"):
        return "XML instead of JSON"
    is_json = "json" in answer.headers.get("Content-Type", "").lower()
    return "broken JSON" if is_json else "text instead of JSON"
