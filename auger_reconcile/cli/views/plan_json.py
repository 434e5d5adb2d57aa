"""Plan -> its JSON document, without the secrets that a URL may carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auger_reconcile.client.redact import redact
from auger_reconcile.planner.document import to_document
from auger_reconcile.planner.plan import Plan


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return the JSON document of a plan, the same bytes for the same plan."""
    document: dict[str, Any] = without_secrets(to_document(plan))
    return document


def without_secrets(value: Any) -> Any:
    """Return a value without the passwords and signatures of URLs, wherever they stand."""
    if isinstance(value, str):
        return redact(value) if "://" in value else value
    if isinstance(value, Mapping):
        return {key: without_secrets(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    return value
