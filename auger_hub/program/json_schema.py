"""Derive the JSON Schema of what routes answer from the types that their functions return."""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

_PLAIN: dict[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def schema_of(  # noqa: PLR0911 - one for each form of a type
    kind: Any, named: dict[str, Any]
) -> dict[str, Any]:
    """Return the schema of a type; schemas of objects with members are put into `named`."""
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if is_typeddict(kind):
        return _reference(kind, named)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0], named)}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(arguments[1], named)}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema_of(one, named) for one in arguments]}
    assert kind is Any, f"no schema for {kind}"
    return {}


def _reference(kind: Any, named: dict[str, Any]) -> dict[str, Any]:
    if kind.__name__ not in named:
        named[kind.__name__] = {}  # holds the place: an object may contain its own kind
        members = get_type_hints(kind)
        named[kind.__name__] = {
            "type": "object",
            "properties": {name: schema_of(one, named) for name, one in members.items()},
            "required": sorted(kind.__required_keys__),
            "additionalProperties": False,
        }
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
