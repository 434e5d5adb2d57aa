"""Render drift as text and JSON: what the hub has, beside what the files say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
from rich.cells import cell_len

from auger_reconcile.cli.views.harmless import plain, without_secrets
from auger_reconcile.cli.views.words import count_of, matches, uncovered
from auger_reconcile.planner.drift import Difference, Divergence, Drift, to_document

COLORS = {
    Divergence.UNDECLARED: "blue",
    Divergence.MISSING: "yellow",
    Divergence.CHANGED: "yellow",
    Divergence.IDLE: "yellow",
    Divergence.ACTIVE: "yellow",
    Divergence.FAILED: "red",
    Divergence.PRESENT: "yellow",
    Divergence.UNKNOWN: "red",
}
# Reasons that the divergence itself tells.
OBVIOUS = frozenset({"does not exist", "is new", "not declared", "not deployed", "declared absent"})


def render_drift(drift: Drift, *, color: bool, files: str = "auger.yaml") -> str:
    """Return a line for each difference, changed settings below it."""
    if drift.is_empty:
        return f"No drift. {matches(drift.coverage, files)}\n"
    number = len(drift.differences)
    head = f'The hub is not as declared, in organization "{plain(drift.organization)}":'
    foot = f"Drift: {count_of(number, 'difference')}."
    lines = [head, "", *_rows(drift, color=color), "", foot, *uncovered(drift.coverage)]
    return "\n".join(lines) + "\n"


def drift_to_json(drift: Drift) -> dict[str, Any]:
    """Return the JSON document of a drift, without the secrets that a URL may carry."""
    document: dict[str, Any] = without_secrets(to_document(drift))
    return document


def _rows(drift: Drift, *, color: bool) -> Iterator[str]:
    has_several = len({one.address.project for one in drift.differences}) > 1
    labels = [
        plain(one.address.qualified if has_several else str(one.address))
        for one in drift.differences
    ]
    wide = max(map(cell_len, labels))
    for one, label in zip(drift.differences, labels, strict=True):
        word = f"{one.divergence.value:10}"
        shown = click.style(word, fg=COLORS[one.divergence]) if color else word
        yield f"  {label}{' ' * (wide - cell_len(label))}  {shown}  {_describe(one)}".rstrip()
        for change in one.changes:
            told = f"declared {_value(change.after)}, found {_value(change.before)}"
            yield f"      {plain(change.path)}: {told}"


def _describe(one: Difference) -> str:
    """Return the object's name where it is not the address's, the reason, and the place."""
    parts = [one.name] if one.name != one.address.name else []
    if one.reason not in OBVIOUS:
        parts.append(one.reason)
    place = f" ({one.span.path}:{one.span.line})" if one.span else ""
    return plain(", ".join(parts) + place).strip()


def _value(value: Any) -> str:
    return plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
