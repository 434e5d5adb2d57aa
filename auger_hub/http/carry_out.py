"""Carry a route out for a caller, and note in the audit trail what it changed."""

from __future__ import annotations

from collections.abc import Mapping

from auger_hub.accounts.audit import Deed, note
from auger_hub.http.contract import Answer, Call, Route

_VERBS = {"POST": "create", "PATCH": "change", "DELETE": "delete"}
_MOST_ACTION = 64


def carry_out(route: Route, call: Call) -> Answer | str:
    """Return the answer of a route; its entry in the trail is of the same transaction."""
    answer = route.handler(call)
    if route.method != "GET" and route.is_audited:
        _note(route, call, answer)
    return answer


def _note(route: Route, call: Call, answer: Answer | str) -> None:
    shown = answer if isinstance(answer, Mapping) else {}
    deed = Deed(
        _action(route, call),
        str(shown.get("object") or route.path.strip("/").partition("/")[0]),
        shown.get("id") or call.params.get("id"),
        shown.get("name"),
        user=call.caller.name,
    )
    note(call.session, call.caller.organization_id, deed)


def _action(route: Route, call: Call) -> str:
    """Return what was done: the last part of a path behind an id, a new status, or the method's."""
    _, separator, verb = route.path.partition("{id}/")
    if separator:
        return verb
    status = call.params.get("status") if route.method == "PATCH" else None
    done = f"set {status}" if isinstance(status, str) else _VERBS.get(route.method, route.method)
    return done[:_MOST_ACTION]
