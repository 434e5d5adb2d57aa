"""Convert values of the learning libraries to plain JSON: numbers stay, NaN becomes null."""

from __future__ import annotations

import math
from typing import Any


def to_plain(value: Any) -> Any:
    """Return the value as JSON can hold it."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): to_plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(member) for member in value]
    if hasattr(value, "tolist"):  # numpy scalars and arrays, without importing numpy
        return to_plain(value.tolist())
    return str(value)
