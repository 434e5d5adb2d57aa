"""The OpenAPI document tells what routes answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints, is_typeddict

from auger_hub.program.route_table import ROUTES


def objects_in(kind: Any) -> Iterator[Any]:
    """Yield the types of objects in a type."""
    if is_typeddict(kind):
        yield kind
        for member in get_type_hints(kind).values():
            yield from objects_in(member)
    for part in get_args(kind):
        yield from objects_in(part)


def test_each_name_of_a_schema_is_that_of_one_type() -> None:
    kinds = {kind for route in ROUTES for kind in objects_in(route.answers)}
    names = sorted(kind.__name__ for kind in kinds)
    assert names == sorted(set(names))
