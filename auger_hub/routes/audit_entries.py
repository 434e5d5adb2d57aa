"""Serve the audit trail of the caller's organization. Additional to the contract."""

from __future__ import annotations

from typing import Literal, TypedDict

from auger_hub.accounts.audit import entries
from auger_hub.accounts.roles import MANAGING
from auger_hub.database.tables import AuditEntry
from auger_hub.http.contract import Call, Page, Route
from auger_hub.http.params import KEY, Param
from auger_hub.routes.query import to_page
from auger_hub.routes.wire_object import to_object

FILTERS = ("user", "action", "kind", "object_id")


class AuditEntryObject(TypedDict):
    """What is shown of an entry."""

    object: Literal["audit_entry"]
    deleted: bool
    id: int
    at: str
    user: str
    address: str | None
    request_id: str | None
    action: str
    kind: str
    object_id: str | None
    name: str | None


def _index(call: Call) -> Page:
    wanted = {name: str(value) for name in FILTERS if (value := call.given(name)) is not None}
    query = entries(organization_id=call.caller.organization_id, **wanted)
    return to_page(call, query, _describe)


def _describe(row: AuditEntry) -> AuditEntryObject:
    return to_object(AuditEntryObject, row)


ROUTES = [
    Route(
        "GET",
        "/audit_entries",
        _index,
        "List who did what to which object, newest first",
        takes=(
            Param("user", about="the name of who did it"),
            Param("action", about="what was done, as `create`"),
            Param("kind", about="what it was done to, as `project`"),
            Param("object_id", KEY, "the object that it was done to"),
        ),
        answers=AuditEntryObject,
        is_list=True,
        rank=MANAGING,
    )
]
