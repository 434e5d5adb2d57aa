"""Turn values of tables into what a request carries: values of JSON, times as ISO 8601."""

from __future__ import annotations

import json
import math
from datetime import date, time
from typing import Any

_MISSING = ("NaN", "NaT", "<NA>")  # as decimals, spans of time and pandas' NA are written


def to_json_value(value: Any) -> Any:
    """Return a value of JSON; None for every kind of missing value.

    Takes what Python, numpy, pandas and Arrow hand out, without importing them.
    """
    if hasattr(value, "item"):  # a scalar of numpy
        value = value.item()
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case date() | time():  # pandas' NaT is a date that is not itself
            return value.isoformat() if value == value else None  # noqa: PLR0124
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
        case bytes():
            return value.decode("utf-8", "replace")
    return None if str(value) in _MISSING else str(value)
