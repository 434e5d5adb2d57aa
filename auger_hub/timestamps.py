"""Format times as the API does: ISO 8601 with milliseconds, inside settings without a zone."""

from __future__ import annotations

from datetime import datetime


def timestamp(value: datetime) -> str:
    """Format as ISO 8601 UTC with milliseconds (§1.4)."""
    return value.isoformat(timespec="milliseconds") + "Z"


def timestamp_if(value: datetime | None) -> str | None:
    """Format a time that may not have come yet."""
    return None if value is None else timestamp(value)


def moment(text: str) -> datetime:
    """Read what `timestamp` has written."""
    return datetime.fromisoformat(text.removesuffix("Z"))


def naive_timestamp(value: datetime) -> str:
    """Format as inside model_settings and raw_data: always with a fraction (§2.11)."""
    return value.strftime("%Y-%m-%d %H:%M:%S.%f")
