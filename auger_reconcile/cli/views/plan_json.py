"""Plan -> its JSON form, the same bytes for the same plan. No secret is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auger_reconcile.client.redact import redact
from auger_reconcile.planner.plan import Action, Plan, summary
from auger_reconcile.resources._base import Verb

FORMAT_VERSION = "1.0"
NOT_SHOWN = {"path"}  # differs between machines


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return the JSON document of a plan.

    Readers ignore members they do not know; the meaning of one never changes within a major
    version.
    """
    document = {
        "format_version": FORMAT_VERSION,
        "hub": plan.hub,
        "organization": plan.organization,
        "config_digest": plan.config_digest,
        "actions": [_action_to_json(action) for action in plan.actions],
        "summary": plan.summary,
        "diagnostics": [item.to_json() for item in (*plan.diagnostics, *plan.refusals)],
    }
    cleaned: dict[str, Any] = without_secrets(document)
    return cleaned


def _action_to_json(action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "address": action.address.qualified,
        "kind": action.address.kind,
        "name": action.name,
        "action": action.verb.value,
        "replacement": action.replacement.value if action.replacement else None,
        "detail": action.detail,
        "reason": action.reason,
        "depends_on": list(action.depends_on),
        "before": None if action.object is None else summary(action.object),
        "after": _after(action),
        "after_unknown": list(action.unknown),
        "changes": [
            {
                "path": change.path,
                "before": change.before,
                "after": change.after,
                "reason": change.reason,
            }
            for change in action.changes
        ],
        "loss": action.loss.value,
        "observed_fingerprint": action.fingerprint,
    }


def _after(action: Action) -> dict[str, Any] | None:
    """Return the declared settings that the action brings about."""
    if action.verb is Verb.DELETE or action.spec is None:
        return None
    declared: dict[str, Any] = action.spec.model_dump(
        mode="json", exclude=NOT_SHOWN, exclude_none=True
    )
    return {**declared, "name": action.name}


def without_secrets(value: Any) -> Any:
    """Remove the passwords and signatures of URLs, wherever they stand."""
    if isinstance(value, str):
        return redact(value) if "://" in value else value
    if isinstance(value, Mapping):
        return {key: without_secrets(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    return value
