"""Build the form that asks a model: one field a feature, filled with typical values of the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from auger_hub.http.contract import Fields
from auger_hub.pages.words import number

_MOST_CHOICES = 50


@dataclass(frozen=True)
class Field:
    """One feature: how it is asked for and what stands there; an empty one is missing."""

    id: str
    name: str
    kind: str
    """number | choice | text"""
    is_number: bool
    value: str
    choices: tuple[str, ...]
    hint: str

    def filled(self, value: str) -> Field:
        """Return the field with another value."""
        return replace(self, value=value)

    @property
    def fault(self) -> str | None:
        """What is wrong with the value, in a sentence."""
        is_good = not self.is_number or not self.value.strip() or _to_number(self.value) is not None
        return None if is_good else "This should be a number."

    @property
    def sent(self) -> float | str | None:
        """The value as the model takes it."""
        return _to_number(self.value) if self.is_number else self.value or None

    @property
    def options(self) -> tuple[str, ...]:
        """What a choice offers; what was sent stays on offer, whatever it was."""
        is_known = not self.value or self.value in self.choices
        return self.choices if is_known else (self.value, *self.choices)


def make_fields(names: Sequence[str], stat_data: Any) -> list[Field]:
    """Return a field for each feature; ids count, because names may hold anything."""
    told = stat_data if isinstance(stat_data, list) else []  # a client may have sent anything
    columns = {str(each.get("column_name")): each for each in told if isinstance(each, dict)}
    return [_make_field(f"f{n}", name, columns.get(name, {})) for n, name in enumerate(names)]


def _make_field(field_id: str, name: str, column: Fields) -> Field:
    is_number = column.get("orig_datatype") in ("integer", "double")
    blank = Field(field_id, name, "text", is_number, value="", choices=(), hint="")
    counts = column.get("value_counts") or {}
    if counts and len(counts) <= _MOST_CHOICES:
        common = max(counts, key=lambda value: counts[value])
        return replace(blank, kind="choice", value=common, choices=tuple(counts))
    if not is_number:
        return replace(blank, hint=str(column.get("datatype") or ""))
    edges = (column.get("histogram") or {}).get("bin_edges") or []
    hint = f"{number(edges[0])} to {number(edges[-1])}" if edges else ""
    return replace(blank, kind="number", value=_typical(column), hint=hint)


def _typical(column: Fields) -> str:
    mean = column.get("avg")
    if mean is None:
        return ""
    return str(round(mean)) if column.get("orig_datatype") == "integer" else f"{mean:.4g}"


def _to_number(text: str) -> float | None:
    """Return the number, None for an empty text or what is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and text.strip().lstrip("+-").isdigit() else value
