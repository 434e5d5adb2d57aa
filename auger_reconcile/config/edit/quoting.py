"""A value -> YAML text that every version of YAML, and every client, reads as that value."""

from __future__ import annotations

import json
import re
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | None

_PLAIN = re.compile(r"[A-Za-z][\w.-]*(?: [\w.-]+)*", re.ASCII)  # text in any place
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f\ufeff\u2028\u2029]*")
_TO_ESCAPE = re.compile(r"[\x7f-\x9f\ufeff\u2028\u2029]")


def to_yaml(value: Value, quote: str = "") -> str:
    """Return a value as every version of YAML reads it, in the quotes that were there."""
    if not isinstance(value, str):
        return json.dumps(value)
    if quote != '"' and _PRINTABLE.fullmatch(value):
        if quote != "'" and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
            return value
        return "'" + value.replace("'", "''") + "'"
    escaped = json.dumps(value, ensure_ascii=False)
    return _TO_ESCAPE.sub(lambda match: f"\\u{ord(match[0]):04x}", escaped)
