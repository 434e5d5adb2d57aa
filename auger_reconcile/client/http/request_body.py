"""Encode a request as the bytes of its body."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any


def to_json(members: Mapping[str, Any]) -> bytes:
    """Return a body as JSON; the hub answers NaN with a page of HTML (wire contract §1.2).

    Raises:
        ValueError: a number is NaN or infinite; it says where.
    """
    try:
        return json.dumps(members, allow_nan=False).encode()
    except ValueError:
        place = _find_not_finite(members, "")
    raise ValueError(f"`{place}` is not a number that can be sent: NaN or infinite")


def _find_not_finite(value: Any, path: str) -> str | None:
    """Return where in a body the first NaN or infinity is, such as `records[3][1]`."""
    if isinstance(value, float):
        return None if math.isfinite(value) else path
    places: Iterable[tuple[str, Any]] = ()
    if isinstance(value, Mapping):
        places = ((f"{path}.{key}".lstrip("."), item) for key, item in value.items())
    elif isinstance(value, (list, tuple)):
        places = ((f"{path}[{index}]", item) for index, item in enumerate(value))
    found = (_find_not_finite(item, place) for place, item in places)
    return next((place for place in found if place), None)
