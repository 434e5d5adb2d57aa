"""Render a plan as its JSON document, without the secrets that a URL may carry."""

from __future__ import annotations

from typing import Any

from auger_reconcile.cli.views.harmless import without_secrets
from auger_reconcile.planner.plan import Plan
from auger_reconcile.planner.saved.document import to_document


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return the JSON document of a plan, the same bytes for the same plan."""
    document: dict[str, Any] = without_secrets(to_document(plan))
    return document
