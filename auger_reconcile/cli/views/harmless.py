"""Escape text of files, hubs and users: no control characters, no secrets."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from auger_reconcile.redact import redact

TAB = "    "
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # would move the cursor or reorder the text


def plain(text: str) -> str:
    """Return a text of a file or a hub harmless in a terminal, without the secrets of a URL."""
    safe = make_safe(text)
    return redact(safe) if "://" in safe else safe


def make_safe(text: str) -> str:
    """Return a text on one line, without characters that move the cursor or reorder others."""
    spaced = text.replace("\t", TAB)
    if spaced.isascii() and spaced.isprintable():
        return spaced
    return "".join("�" if unicodedata.category(c) in _UNSAFE else c for c in spaced)


def without_secrets(value: Any) -> Any:
    """Return a value without the passwords and signatures of URLs, wherever they stand."""
    if isinstance(value, str):
        return redact(value) if "://" in value else value
    if isinstance(value, Mapping):
        return {key: without_secrets(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    return value
