"""Serialise rows: a TypedDict declares the fields of an object, their order and its constants.

What clients are shown is declared once, for the answers and for the OpenAPI document alike.
"""

from __future__ import annotations

import functools
from datetime import datetime
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from auger_hub.database.tables import Base
from auger_hub.http.contract import Call
from auger_hub.timestamps import timestamp

WireObject = TypeVar("WireObject")


def to_object(declared: type[WireObject], row: object, **computed: Any) -> WireObject:
    """Return the declared fields: computed ones, constants, and the row's attributes of that name.

    A field with one possible value (`Literal["trial"]`, `None`) is a constant; `deleted` is false
    unless computed. Times become texts (§1.4).
    """
    constants, names = _fields(declared)  # type: ignore[arg-type]  # a class is hashable
    fields: Any = {}
    for name in names:
        if name in computed:
            fields[name] = computed.pop(name)
        elif name in constants:
            fields[name] = constants[name]
        else:
            value = getattr(row, name)
            fields[name] = timestamp(value) if isinstance(value, datetime) else value
    if computed:
        raise TypeError(f"{declared.__name__} declares no {', '.join(computed)}")
    return fields  # type: ignore[no-any-return]


def delete(call: Call, row: Base, shown: WireObject) -> WireObject:
    """Delete a row, and return what was shown of it, as deleted."""
    call.session.delete(row)
    fields: Any = shown
    return fields | {"deleted": True}  # type: ignore[no-any-return]


@functools.cache
def _fields(declared: type) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the constants of a TypedDict, and the names of all its fields in order."""
    hints = get_type_hints(declared)
    constants: dict[str, Any] = {"deleted": False}
    for name, hint in hints.items():
        if hint is type(None):
            constants[name] = None
        elif get_origin(hint) is Literal and len(get_args(hint)) == 1:
            (constants[name],) = get_args(hint)
    return constants, tuple(hints)
