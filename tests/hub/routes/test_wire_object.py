"""What clients are shown of a row: the fields that a TypedDict declares, in its order."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any, Literal, TypedDict

import pytest

from auger_hub.routes.wire_object import to_object


class Shown(TypedDict):
    """An object with a field of each sort."""

    object: Literal["shown"]
    deleted: bool
    id: int
    image_url: None
    size: int
    created_at: str
    ended_at: str | None


ROW: Any = SimpleNamespace(
    id=7, size=1, secret="s", created_at=datetime(2026, 1, 2, 3, 4, 5, 678000), ended_at=None
)


def test_declared_fields_are_shown_in_their_order_and_no_others() -> None:
    assert list(to_object(Shown, ROW).items()) == [
        ("object", "shown"),
        ("deleted", False),
        ("id", 7),
        ("image_url", None),
        ("size", 1),
        ("created_at", "2026-01-02T03:04:05.678Z"),
        ("ended_at", None),
    ]


def test_a_computed_field_is_shown_instead_of_the_row_s() -> None:
    assert to_object(Shown, ROW, size=2, deleted=True) == {
        **to_object(Shown, ROW),
        "size": 2,
        "deleted": True,
    }


def test_a_computed_field_that_is_not_declared_is_refused() -> None:
    with pytest.raises(TypeError, match="Shown declares no sise"):
        to_object(Shown, ROW, sise=2)


def test_a_declared_field_that_the_row_has_not_is_refused() -> None:
    with pytest.raises(AttributeError):
        to_object(Shown, SimpleNamespace(id=1))
