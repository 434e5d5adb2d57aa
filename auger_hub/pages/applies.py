"""Serve the pages of the history: which plans were applied, and one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auger_hub.database.apply_tables import Apply
from auger_hub.http.contract import Call, Fields
from auger_hub.pages.view import View
from auger_hub.routes.applies import describe, list_applies, status_of
from auger_hub.routes.query import find


def show_applies(call: Call) -> View:
    """Show a row an apply, newest first."""
    page = list_applies(call)
    rows = [_facts(call, item) for item in page.items]
    facts = {
        "rows": rows,
        "project": call.given("project"),
        "newer": max(page.offset - page.limit, 0) if page.offset else None,
        "older": page.offset + page.limit if page.offset + page.limit < page.total else None,
        "total": page.total,
    }
    return View("applies.html", facts, any(row["status"] == "running" for row in rows))


def show_apply(call: Call) -> View:
    """Show an apply with what came of each action."""
    row = find(call, Apply, call.params["id"])
    shown = describe(call, row, is_whole=True)
    return View("apply.html", {"apply": _facts(call, shown)}, status_of(row) == "running")


def _facts(call: Call, item: Mapping[str, Any]) -> Fields:
    """Return what the template needs; times as times."""
    row = find(call, Apply, item["id"])
    actions = item["actions"] or []
    return {
        **item,
        "began": row.created_at,
        "ended": row.ended_at,
        "actions": actions,
        "left_out": item["actions_count"] - len(actions),
        "counts": ", ".join(f"{count} to {verb}" for verb, count in item["summary"].items()),
        "came": ", ".join(f"{count} {status}" for status, count in item["outcomes"].items()),
    }
