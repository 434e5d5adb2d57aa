"""Serve the history of applies: recorded by clients while they apply, additional to the API (§7).

A record is opened before the first action and closed after the last. While it is open its client is
heard of every few seconds; one that is not heard of any more was killed, and counts as interrupted.
An exclusive record is a lease on its projects: there is one at a time, and a killed holder's is
taken over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal, TypedDict

from sqlalchemy import delete, func, select

from auger_hub.database.apply_tables import Apply, ApplyAction
from auger_hub.database.tables import User, now
from auger_hub.http.contract import Call, Conflict, InvalidParams, Page, Route
from auger_hub.http.params import FLAG, LIST, NUMBER, Param, storable
from auger_hub.routes.query import find, rows_of, to_page
from auger_hub.routes.wire_object import to_object

KEPT = 1000
"""The newest of an organization; older ones are forgotten."""
MOST_ACTIONS = 5000
"""Of one apply that are kept; `actions_count` tells how many it had."""
BEAT_SECONDS = 30.0
_BEATS_MISSED = 3
_LONGEST_BEAT = 600.0
_LONG = 2000
_MOST_SECONDS = 1e9
_RUNNING = "running"
_ENDS = ("applied", "failed", "interrupted", "refused")
_OUTCOMES = ("applied", "failed", "skipped")
_TEXTS = ("id", "address", "project", "kind", "name", "action")


class ApplyActionObject(TypedDict):
    """What a client sees of an action; `id` is that within its plan."""

    id: str
    address: str
    project: str
    kind: str
    name: str
    action: str
    about: str
    status: str
    seconds: float | None
    note: str | None
    object_id: str | None
    run_id: str | None


class ApplyObject(TypedDict):
    """What a client sees of an apply; a list leaves its actions out."""

    object: Literal["apply"]
    deleted: bool
    id: int
    user: str
    origin: str | None
    auger_version: str | None
    commit: str | None
    branch: str | None
    is_dirty: bool | None
    plan_digest: str | None
    config_digest: str | None
    projects: list[Any]
    summary: dict[str, Any]
    actions_count: int
    outcomes: dict[str, int]
    status: Literal["running", "applied", "failed", "interrupted", "refused"]
    message: str | None
    is_exclusive: bool
    seconds: float
    created_at: str
    heard_at: str
    ended_at: str | None
    actions: list[ApplyActionObject] | None


def is_silent(row: Apply) -> bool:
    """Return whether a record is open whose client has not been heard of for too long."""
    quiet = timedelta(seconds=_BEATS_MISSED * row.beat_seconds)
    return row.status == _RUNNING and now() - row.heard_at > quiet


def status_of(row: Apply) -> str:
    """Return the status: what is silent was interrupted."""
    return "interrupted" if is_silent(row) else row.status


def describe(call: Call, row: Apply, *, is_whole: bool = False) -> ApplyObject:
    """Return the fields a client sees."""
    return describe_all(call, [row], is_whole=is_whole)[0]


def describe_all(call: Call, rows: Iterable[Apply], *, is_whole: bool = False) -> list[ApplyObject]:
    """Return the fields of some applies, counted by one query."""
    found = list(rows)
    counts = (
        select(ApplyAction.apply_id, ApplyAction.status, func.count())
        .where(ApplyAction.apply_id.in_([row.id for row in found]))
        .group_by(ApplyAction.apply_id, ApplyAction.status)
    )
    outcomes: dict[int, dict[str, int]] = {row.id: {} for row in found}
    for apply_id, status, count in call.session.execute(counts):
        outcomes[apply_id][status] = count
    return [
        to_object(
            ApplyObject,
            row,
            user=row.user_name,
            commit=row.commit_sha,
            status=status_of(row),
            outcomes=outcomes[row.id],
            seconds=round(((row.ended_at or row.heard_at) - row.created_at).total_seconds(), 3),
            actions=_actions(call, row) if is_whole else None,
        )
        for row in found
    ]


def _actions(call: Call, row: Apply) -> list[ApplyActionObject]:
    query = select(ApplyAction).where(ApplyAction.apply_id == row.id).order_by(ApplyAction.id)
    return [
        to_object(ApplyActionObject, action, id=action.key, action=action.verb)
        for action in call.session.scalars(query)
    ]


def list_applies(call: Call) -> Page:
    """Return a page of the applies that the filters leave, newest first."""
    query = rows_of(call, Apply).order_by(Apply.id.desc())
    wanted = {
        ApplyAction.project: call.given("project"),
        ApplyAction.kind: call.given("kind"),
        ApplyAction.verb: call.given("action"),
        ApplyAction.object_id: call.given("object_id"),
        ApplyAction.run_id: call.given("run_id"),
    }
    conditions = [column == str(value) for column, value in wanted.items() if value is not None]
    if conditions:
        touched = select(ApplyAction.apply_id).where(
            ApplyAction.organization_id == call.caller.organization_id, *conditions
        )
        query = query.where(Apply.id.in_(touched))
    page = to_page(call, query, lambda row: {"row": row})
    items = describe_all(call, [item["row"] for item in page.items])
    return Page(items, page.limit, page.offset, page.total)


def _show(call: Call) -> ApplyObject:
    return describe(call, find(call, Apply, call.params["id"]), is_whole=True)


def _create(call: Call) -> ApplyObject:
    actions = _read_actions(call)
    projects = sorted({storable(one) or "" for one in call.given("projects") or ()})
    if call.flag("exclusive"):
        _take_lease(call, projects)
    user = call.session.get_one(User, call.caller.user_id)
    verbs = [action["action"] for action in actions]
    row = Apply(
        organization_id=call.caller.organization_id,
        user_name=user.name,
        origin=storable(call.given("origin")),
        auger_version=storable(call.given("auger_version")),
        commit_sha=storable(call.given("commit")),
        branch=storable(call.given("branch")),
        is_dirty=None if call.given("is_dirty") is None else call.flag("is_dirty"),
        plan_digest=storable(call.given("plan_digest")),
        config_digest=storable(call.given("config_digest")),
        projects=projects[:KEPT],
        summary={verb: verbs.count(verb) for verb in sorted(set(verbs))},
        actions_count=len(actions),
        is_exclusive=call.flag("exclusive"),
        beat_seconds=_beat(call),
    )
    call.session.add(row)
    call.session.flush()
    call.session.add_all(
        ApplyAction(
            organization_id=row.organization_id,
            apply_id=row.id,
            key=action["id"],
            address=action["address"],
            project=action["project"],
            kind=action["kind"],
            name=action["name"],
            verb=action["action"],
            about=action["about"],
        )
        for action in actions[:MOST_ACTIONS]
    )
    _forget_old(call)
    call.session.flush()
    return describe(call, row)


def _read_actions(call: Call) -> list[dict[str, str]]:
    """Return the actions as texts that fit."""
    read = []
    for item in call.given("actions") or ():
        if not isinstance(item, dict):
            raise InvalidParams(("actions", "should be an array of objects"))
        texts = {name: storable(item.get(name)) or "" for name in _TEXTS}
        read.append({**texts, "about": storable(item.get("about"), _LONG) or ""})
    return read


def _beat(call: Call) -> float:
    given = call.given("beat_seconds")
    return BEAT_SECONDS if given is None else max(0.01, min(float(given), _LONGEST_BEAT))


def _take_lease(call: Call, projects: list[str]) -> None:
    """End the open records of these projects that are silent.

    Raises:
        Conflict: one of them is not.
    """
    query = rows_of(call, Apply).where(Apply.status == _RUNNING)
    for row in call.session.scalars(query):
        shared = set(row.projects) & set(projects)
        if not shared:
            continue
        if not is_silent(row):
            raise Conflict(
                f"apply {row.id} of {row.user_name} is under way in project {min(shared)}"
            )
        row.status, row.ended_at = "interrupted", row.heard_at


def _forget_old(call: Call) -> None:
    kept = rows_of(call, Apply).order_by(Apply.id.desc()).with_only_columns(Apply.id)
    last = call.session.scalar(kept.offset(KEPT - 1).limit(1))
    if last is not None:
        own = Apply.organization_id == call.caller.organization_id
        call.session.execute(delete(Apply).where(own, Apply.id < last))


def _update(call: Call) -> ApplyObject:
    row = find(call, Apply, call.params["id"])
    if row.ended_at is not None:
        raise Conflict(f"apply {row.id} is over: it was {row.status}")
    row.heard_at = now()
    outcomes = call.given("outcomes") or ()
    if outcomes:
        _keep_outcomes(call, row, outcomes)
    if call.given("message") is not None:
        row.message = storable(call.given("message"), _LONG)
    status = call.given("status")
    if status is not None:
        row.status, row.ended_at = status, row.heard_at
    call.session.flush()
    return describe(call, row)


def _keep_outcomes(call: Call, row: Apply, outcomes: Iterable[Any]) -> None:
    query = select(ApplyAction).where(ApplyAction.apply_id == row.id)
    known = {action.key: action for action in call.session.scalars(query)}
    for item in outcomes:
        if not isinstance(item, dict) or item.get("status") not in _OUTCOMES:
            raise InvalidParams(("outcomes", "should be an array of objects with id and status"))
        action = known.get(str(item.get("id")))
        if action is not None:  # else it is beyond those that are kept
            _keep(action, item)


def _keep(action: ApplyAction, item: Mapping[str, Any]) -> None:
    seconds = item.get("seconds")
    action.status = item["status"]
    if isinstance(seconds, int | float) and 0 <= seconds < _MOST_SECONDS:
        action.seconds = float(seconds)
    action.note = storable(item.get("note"), _LONG)
    action.object_id = storable(item.get("object_id"))
    action.run_id = storable(item.get("run_id"))


ROUTES = [
    Route(
        "GET",
        "/applies",
        list_applies,
        "List the applies of an organization, newest first",
        takes=(
            Param("project", about="those with an action in this project"),
            Param("kind", about="those with an action on an object of this kind"),
            Param("action", about="those with an action that does this"),
            Param("object_id", about="those that left this object behind"),
            Param("run_id", about="those that started this run"),
        ),
        answers=ApplyObject,
        is_list=True,
    ),
    Route("GET", "/applies/{id}", _show, "Show an apply with its actions", answers=ApplyObject),
    Route(
        "POST",
        "/applies",
        _create,
        "Record that a plan is about to be carried out",
        takes=(
            Param("projects", LIST, "names of the projects that the plan is about"),
            Param(
                "actions", LIST, "of the plan: `{id, address, project, kind, name, action, about}`"
            ),
            Param("origin", about="what applies"),
            Param("auger_version"),
            Param("commit", about="of the checkout"),
            Param("branch", about="of the checkout"),
            Param("is_dirty", FLAG, "the checkout has changes that are in no commit"),
            Param("plan_digest"),
            Param("config_digest"),
            Param("beat_seconds", NUMBER, "how often the client is going to be heard of"),
            Param("exclusive", FLAG, "refuse while another apply is under way in these projects"),
        ),
        answers=ApplyObject,
    ),
    Route(
        "PATCH",
        "/applies/{id}",
        _update,
        "Report that an apply continues, the outcomes of actions, or how it ended",
        takes=(
            Param("outcomes", LIST, "`{id, status, seconds, note, object_id, run_id}`"),
            Param("status", choices=_ENDS),
            Param("message", about="one sentence on the whole"),
        ),
        answers=ApplyObject,
        is_audited=False,  # a client that lives says so every few seconds
    ),
]
