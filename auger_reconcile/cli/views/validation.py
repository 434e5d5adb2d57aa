"""Render the result of `auger validate` as text and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from auger_reconcile.cli.views.words import count_of
from auger_reconcile.diagnostics import Diagnostic
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.state import DesiredState


def render_valid(desired: DesiredState, warnings: Sequence[Diagnostic]) -> str:
    """Return one line about valid files: `Valid: 1 project, 2 data sets; 1 warning.`."""
    counts = Counter(kind_of(address.kind).plural for address in desired.resources)
    declared = [count_of(number, plural[:-1]) for plural, number in counts.items()]
    noted = f"; {count_of(len(warnings), 'warning')}" if warnings else ""
    return f"Valid: {', '.join(declared)}{noted}."


def validation_to_json(
    desired: DesiredState | None, diagnostics: Sequence[Diagnostic]
) -> dict[str, Any]:
    """Return the JSON document; without a desired state the files are not valid."""
    return {
        "valid": desired is not None,
        "resources": [address.qualified for address in desired.resources] if desired else [],
        "diagnostics": [item.to_json() for item in diagnostics],
    }
