"""Removes secrets from text that may be printed; the law is that none ever is.

Every text of this package that can reach a person goes through `redact`: errors, traces, reprs.
It works on patterns and on secrets known by value, and prefers to remove too much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

HIDDEN = "[hidden]"

# A name that says that its value is secret: token, project_api_token, password, x-amz-signature
_SECRETS = "token|password|passwd|secret|signature|credential|api[_-]?key|access[_-]?key"
_NAME = rf"[\w.-]*(?:{_SECRETS})[\w.-]*"
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f]+"


@cache
def _rules() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return patterns and what of them stays; compiled when something is to be told."""
    return (
        # "token": "value", also with escaped quotes, as inside an echoed body
        (
            re.compile(rf"""(\\?["']{_NAME}\\?["']\s*[:=]\s*\\?["'])[^"'\\]+""", re.IGNORECASE),
            r"\1",
        ),
        # Authorization: Bearer value
        (re.compile(r"(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}", re.IGNORECASE), r"\1"),
        # https://user:password@host
        (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@\"'<>]+(?=@)", re.IGNORECASE), r"\1"),
        # the query of a URL: signed links carry their signature there
        (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s?\"'<>]+\?)[^\s\"'<>]+", re.IGNORECASE), r"\1"),
        # password=value, token: value
        (re.compile(rf"(\b{_NAME}\s*=\s*)(?!\[hidden\])[^\s&,;\"'<>]+", re.IGNORECASE), r"\1"),
        # a JSON web token, wherever it stands
        (re.compile(r"()\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"), r"\1"),
    )


def redact(text: str, secrets: Iterable[str | None] = ()) -> str:
    """Return the text without tokens, passwords and signed query strings.

    Args:
        text: anything that could be printed.
        secrets: values to remove wherever they stand; None and very short ones are ignored.
    """
    for secret in sorted(
        {item for item in secrets if item and len(item) > 3}, key=len, reverse=True
    ):
        text = text.replace(secret, HIDDEN)
    for pattern, kept in _rules():
        text = pattern.sub(rf"{kept}{HIDDEN}", text)
    return text


def quote_foreign(text: str, secrets: Iterable[str | None] = (), *, limit: int = 500) -> str:
    """Return words of another program fit for a message: one line, short, no secrets.

    Control characters go too, so that nothing can steer the reader's terminal.
    """
    words = " ".join(re.sub(_CONTROL, " ", redact(text, secrets)).split())
    return words if len(words) <= limit else f"{words[: limit - 1]}…"
