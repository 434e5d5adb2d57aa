"""Serve how controllers stand: reported by them, additional to the API (§7).

A controller reports its targets whenever one of them changes, and else that it lives.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal, TypedDict

from sqlalchemy import Select, delete

from auger_hub.database.apply_tables import Controller
from auger_hub.database.tables import User, now
from auger_hub.http.contract import Call, InvalidParams, Page, Route
from auger_hub.http.params import LIST, NUMBER, Param, storable
from auger_hub.routes.query import rows_of, to_page
from auger_hub.routes.wire_object import to_object

CONDITIONS = ("degraded", "out of sync", "in sync")
MOST_TARGETS = 2000
_KEPT = timedelta(days=30)
"""So long a controller is remembered that is not heard of."""
_BEATS_MISSED = 3
_LONGEST_BEAT = 86400.0
_LONG = 2000
_MOST_REASONS = 20
_MOST_PROJECTS = 1000


class TargetObject(TypedDict):
    """What a controller says of one target, as far as it fits."""

    name: str
    condition: str
    since: str | None
    why: list[str]
    commit: str | None
    applied_commit: str | None
    plan: str | None
    actions: dict[str, int]
    projects: dict[str, str]
    apply: int | None
    looked_at: str | None


class ControllerObject(TypedDict):
    """What a client sees of a controller."""

    object: Literal["controller"]
    deleted: bool
    id: int
    name: str
    user: str
    beat_seconds: float
    is_silent: bool
    targets: list[TargetObject]
    heard_at: str
    created_at: str


def controllers(call: Call) -> Select[Any]:
    """Return the query for the controllers of the caller's organization, by name."""
    return rows_of(call, Controller).order_by(Controller.name)


def is_silent(row: Controller) -> bool:
    """Say whether a controller has not been heard of for too long."""
    return now() - row.heard_at > timedelta(seconds=_BEATS_MISSED * row.beat_seconds)


def _describe(row: Controller) -> ControllerObject:
    return to_object(ControllerObject, row, user=row.user_name, is_silent=is_silent(row))


def _index(call: Call) -> Page:
    return to_page(call, controllers(call), _describe)


def _report(call: Call) -> ControllerObject:
    """Keep what a controller reports; without targets, that it lives."""
    name = storable(call.given("name")) or ""
    user = call.session.get_one(User, call.caller.user_id)
    row = call.session.scalar(rows_of(call, Controller).where(Controller.name == name))
    row = row or Controller(organization_id=call.caller.organization_id, name=name, targets=[])
    row.user_name = user.name
    row.beat_seconds = max(1.0, min(float(call.given("beat_seconds")), _LONGEST_BEAT))
    row.heard_at = now()
    told = call.given("targets")
    if told is not None:
        row.targets = [_read_target(one) for one in told[:MOST_TARGETS]]
    forgotten = Controller.heard_at < now() - _KEPT
    own = Controller.organization_id == call.caller.organization_id
    call.session.add(row)
    call.session.flush()
    call.session.execute(delete(Controller).where(own, forgotten))
    return _describe(row)


def _read_target(told: Any) -> TargetObject:
    """Return what is known of a target, in texts that fit.

    Raises:
        InvalidParams: it has no name or condition.
    """
    if not isinstance(told, dict) or not told.get("name"):
        raise InvalidParams(("targets", "should be an array of objects with a name"))
    if told.get("condition") not in CONDITIONS:
        raise InvalidParams(("targets", f"a condition is one of {', '.join(CONDITIONS)}"))
    actions, projects = _map(told.get("actions")), _map(told.get("projects"))
    apply, why = told.get("apply"), told.get("why")
    return TargetObject(
        name=storable(told["name"]) or "",
        condition=told["condition"],
        since=storable(told.get("since")),
        why=[storable(one, _LONG) or "" for one in why[:_MOST_REASONS]]
        if isinstance(why, list)
        else [],
        commit=storable(told.get("commit")),
        applied_commit=storable(told.get("applied_commit")),
        plan=storable(told.get("plan")),
        actions={name: count for name, count in actions.items() if isinstance(count, int)},
        projects={name: storable(one) or "" for name, one in projects.items()},
        apply=apply if isinstance(apply, int) and abs(apply) < 2**31 else None,
        looked_at=storable(told.get("looked_at")),
    )


def _map(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    return {storable(name) or "": one for name, one in list(value.items())[:_MOST_PROJECTS]}


ROUTES = [
    Route(
        "GET",
        "/controllers",
        _index,
        "List the controllers that keep projects of an organization",
        answers=ControllerObject,
        is_list=True,
    ),
    Route(
        "POST",
        "/controllers",
        _report,
        "Report how the targets of a controller stand, or only that it lives",
        takes=(
            Param("name").needed,
            Param("beat_seconds", NUMBER, "how often it is going to be heard of").needed,
            Param(
                "targets",
                LIST,
                "`{name, condition, since, why, commit, applied_commit, plan, actions, projects, "
                "apply, looked_at}`, in place of all before",
            ),
        ),
        answers=ControllerObject,
        is_audited=False,  # it says so every few seconds
    ),
]
