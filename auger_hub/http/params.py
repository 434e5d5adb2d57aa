"""Declare the parameters of routes, check them with every call, describe them for OpenAPI.

Clients send ids, numbers and flags as JSON values or as texts, and names that YAML read as numbers
(wire contract §5.2): both forms are good, and the schemas say so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Complaint = tuple[str, str]
_IN_A_PATH = r"[^/\\\u0000]*[^/\\\u0000\s.][^/\\\u0000]*"
"""Part of a path: no separator, and something besides dots and spaces."""
_MOST_KEY = 2**63 - 1
MOST = 2**31 - 1
"""What a whole number in a table holds."""


def storable(value: Any, most: int = 255) -> str | None:
    """Return a text of at most so many characters that every database takes; None for null."""
    return None if value is None else str(value)[:most].replace("\0", "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or _is_number(value)


def _is_key(value: Any) -> bool:
    """A number that no row can have is no id: with a text of digits it is the same."""
    if not _is_text(value):
        return False
    if isinstance(value, float):
        return math.isfinite(value) and abs(value) <= _MOST_KEY
    if isinstance(value, str):
        return re.fullmatch(r"-?[0-9]{19,}", value) is None
    return bool(abs(value) <= _MOST_KEY)


def _is_integer(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"[0-9]{1,10}", value) is not None
    return _is_number(value) and (isinstance(value, int) or value.is_integer())


def _is_float(value: Any) -> bool:
    try:
        return _is_text(value) and math.isfinite(float(value)) and value == value.strip()
    except AttributeError:
        return True  # a number, which has no spaces to strip
    except (ValueError, OverflowError):
        return False


@dataclass(frozen=True)
class ValueKind:
    """A kind of parameter: its test, what is said of a bad value, and its JSON Schema."""

    is_good: Callable[[Any], bool]
    wrong: str
    schema: Mapping[str, Any]


_STORABLE = {"type": ["string", "number"], "pattern": "^[^\\u0000]*$"}
TEXT = ValueKind(_is_text, "should be a text", _STORABLE)
KEY = ValueKind(_is_key, "should be an id", _STORABLE)
FOLDER_NAME = ValueKind(
    lambda value: _is_text(value) and re.fullmatch(_IN_A_PATH, str(value)) is not None,
    "is invalid",
    {"type": ["string", "number"], "pattern": f"^{_IN_A_PATH}$"},
)
INTEGER = ValueKind(
    _is_integer, "is not a number", {"type": ["integer", "string"], "pattern": "^[0-9]{1,9}$"}
)
NUMBER = ValueKind(
    _is_float,
    "should be a number",
    {"type": ["number", "string"], "pattern": r"^-?[0-9]{1,9}(\.[0-9]{1,9})?$"},
)
FLAG = ValueKind(
    lambda value: isinstance(value, bool) or value in ("true", "false"),
    "should be true or false",
    {"enum": [True, False, "true", "false"]},
)
OBJECT = ValueKind(lambda value: isinstance(value, dict), "should be an object", {"type": "object"})
LIST = ValueKind(lambda value: isinstance(value, list), "should be an array", {"type": "array"})
ANY = ValueKind(lambda _: True, "", {})


@dataclass(frozen=True)
class Param:
    """One parameter of a route; null counts as absent (wire contract §1.2)."""

    name: str
    kind: ValueKind = TEXT
    about: str = ""
    is_required: bool = False
    choices: tuple[str, ...] = ()
    least: int | None = None

    @property
    def needed(self) -> Param:
        """Return the same parameter, required."""
        return replace(self, is_required=True)

    def complaint(self, value: Any) -> str | None:
        """Return what is wrong with a value, or None."""
        if value is None:
            return "is required" if self.is_required else None
        if self.choices:
            listed = ", ".join(f'"{choice}"' for choice in self.choices)
            return None if value in self.choices else f"is not in the list [{listed}]"
        is_good = self.kind.is_good(value)
        if self.kind is INTEGER:
            is_good = is_good and (self.least or 0) <= int(value) <= MOST
        if not is_good:
            return "should be a positive number" if self.least else self.kind.wrong
        return "is invalid" if isinstance(value, str) and "\0" in value else None

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a good value."""
        if self.choices:
            return {"type": "string", "enum": list(self.choices)}
        schema = dict(self.kind.schema)
        if self.kind is INTEGER:
            schema |= {"minimum": self.least or 0, "maximum": MOST}
            if self.least:
                schema["pattern"] = "^[1-9][0-9]{0,8}$"
        return schema


def check(takes: Sequence[Param], params: Mapping[str, Any]) -> list[Complaint]:
    """Return what is wrong with the parameters of a call, all at once (§1.6)."""
    found = ((param.name, param.complaint(params.get(param.name))) for param in takes)
    return [(name, complaint) for name, complaint in found if complaint]
