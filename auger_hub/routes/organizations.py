"""Serve organizations (wire contract §2.3): a caller sees exactly one, the own."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from sqlalchemy import select

from auger_hub.accounts.quota import usage_of
from auger_hub.database.tables import Organization
from auger_hub.http.contract import Call, Page, Route
from auger_hub.http.params import Param
from auger_hub.routes.query import by_name, find, to_page
from auger_hub.routes.wire_object import to_object
from auger_hub.store.identity import public_identity


class Storage(TypedDict):
    """What an organization stores, in bytes, and may store (§7)."""

    used: int
    most: int | None


class OrganizationObject(TypedDict):
    """What a client sees of an organization."""

    object: Literal["organization"]
    deleted: bool
    id: int
    name: str
    subdomain: str
    main_bucket: str
    status: str
    cluster_mode: str
    error_message: None
    created_at: str
    updated_at: str
    subscriptions: list[Any]
    existing_customer: bool
    included_trial_worker_minutes: int
    monthly_trial_worker_minutes_used: int
    real_time_usage_minutes: int
    included_actual_counts: None
    monthly_actual_counts_used: int
    storage: Storage
    hub_id: str


def describe(call: Call, row: Organization) -> OrganizationObject:
    """Return the fields a client sees."""
    usage = usage_of(call.session, row.id)
    return to_object(
        OrganizationObject,
        row,
        subdomain=row.name,
        cluster_mode=call.hub.settings.cluster_mode,
        subscriptions=[],
        existing_customer=True,
        included_trial_worker_minutes=0,
        monthly_trial_worker_minutes_used=0,
        real_time_usage_minutes=0,
        monthly_actual_counts_used=0,
        storage={"used": usage.used, "most": usage.most},
        hub_id=public_identity(call.session),
    )


def _index(call: Call) -> Page:
    query = select(Organization).where(Organization.id == call.caller.organization_id)
    query = by_name(call, query, Organization.name)
    return to_page(call, query, lambda row: describe(call, row))


def _show(call: Call) -> OrganizationObject:
    return describe(call, find(call, Organization, call.params["id"]))


ROUTES = [
    Route(
        "GET",
        "/organizations",
        _index,
        "List the caller's organization",
        takes=(Param("name"),),
        answers=OrganizationObject,
        is_list=True,
    ),
    Route(
        "GET",
        "/organizations/{id}",
        _show,
        "Show an organization",
        answers=OrganizationObject,
    ),
]
