"""Serve the page of the controllers: how each target stands, since when, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from auger_hub.database.apply_tables import Controller
from auger_hub.database.tables import Project
from auger_hub.http.contract import Call, Fields
from auger_hub.pages.view import View
from auger_hub.routes.controllers import CONDITIONS, controllers, is_silent
from auger_hub.routes.query import rows_of


def show_controllers(call: Call) -> View:
    """Show each controller with its targets, those that need somebody first."""
    ids = {row.name: row.id for row in call.session.scalars(rows_of(call, Project))}
    shown = [_describe(row, ids) for row in call.session.scalars(controllers(call))]
    return View("controllers.html", {"controllers": shown}, bool(shown))


def keepers(call: Call, project: str) -> Iterator[Fields]:
    """Yield the targets that keep a project, with what they say of it."""
    for row in call.session.scalars(controllers(call)):
        for target in row.targets:
            if project in target["projects"]:
                yield {
                    "controller": row.name,
                    "is_silent": is_silent(row),
                    "heard_at": row.heard_at,
                    **_target(target, {}),
                    "condition": target["projects"][project],
                }


def _describe(row: Controller, ids: dict[str, int]) -> Fields:
    targets = sorted(row.targets, key=lambda one: (CONDITIONS.index(one["condition"]), one["name"]))
    counts = [sum(one["condition"] == told for one in targets) for told in CONDITIONS]
    return {
        "name": row.name,
        "user": row.user_name,
        "heard_at": row.heard_at,
        "is_silent": is_silent(row),
        "counts": [
            (condition, count) for condition, count in zip(CONDITIONS, counts, strict=True) if count
        ],
        "targets": [_target(one, ids) for one in targets],
    }


def _target(told: Any, ids: dict[str, int]) -> Fields:
    return {
        **told,
        "since": _moment(told["since"]),
        "looked_at": _moment(told["looked_at"]),
        "waits": ", ".join(f"{count} to {verb}" for verb, count in told["actions"].items()),
        "projects": [(name, ids.get(name)) for name in told["projects"]],
    }


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.strptime(text or "", "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None
