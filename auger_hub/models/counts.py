"""Add up counts of rows, whoever counted them: of two batches, of two answers, of two days."""

from __future__ import annotations

from typing import Any


def add_counts(one: Any, other: Any) -> Any:
    """Return the sum of two counts; a list of another length is of a newer profile, and stays."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            key: add_counts(one[key], other[key])
            if key in one and key in other
            else one.get(key, other.get(key))
            for key in dict.fromkeys([*one, *other])
        }
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return other
        return [add_counts(a, b) for a, b in zip(one, other, strict=True)]
    return one + other
