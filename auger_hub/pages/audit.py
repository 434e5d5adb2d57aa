"""Serve the page of the audit trail: who did what to which object."""

from __future__ import annotations

from auger_hub.accounts.audit import entries
from auger_hub.accounts.roles import MANAGING
from auger_hub.http.contract import Call, Fields
from auger_hub.http.permission import permit
from auger_hub.pages.view import View
from auger_hub.routes.query import to_int

_OF_PAGE = 100
_PAGES: dict[str, str] = {
    "project": "/projects/",
    "project_file": "/datasets/",
    "experiment": "/experiments/",
    "pipeline": "/models/",
}


def show_audit(call: Call) -> View:
    """Show the newest entries of the organization, or those before one."""
    permit(call.caller, MANAGING)
    query = entries(organization_id=call.caller.organization_id, user=call.given("user"))
    before = to_int(call.given("before") or 0)
    if before > 0:
        query = query.where(query.selected_columns.id < before)
    rows = list(call.session.scalars(query.limit(_OF_PAGE + 1)))
    shown: list[Fields] = [
        {
            "at": row.at,
            "user": row.user,
            "address": row.address or "",
            "action": row.action,
            "kind": row.kind.replace("_", " "),
            "name": row.name or row.object_id or "",
            "link": f"{_PAGES[row.kind]}{row.object_id}" if row.kind in _PAGES else None,
        }
        for row in rows[:_OF_PAGE]
    ]
    older = rows[_OF_PAGE - 1].id if len(rows) > _OF_PAGE else None
    return View("audit.html", {"rows": shown, "older": older, "user": call.given("user")})
