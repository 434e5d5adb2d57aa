"""Serve the times at which an alert was right (wire contract §2.18)."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from auger_hub.database.review_tables import ReviewAlertItem
from auger_hub.http.contract import Call, Page, Route
from auger_hub.http.params import KEY, Param
from auger_hub.routes.query import find, rows_of, to_page
from auger_hub.routes.wire_object import to_object


class ReviewAlertItemObject(TypedDict):
    """What a client sees of an opened alert."""

    object: Literal["review_alert_item"]
    deleted: bool
    id: int
    endpoint_id: str
    review_alert_id: int | None
    opened_at: str
    kind: str
    threshold: float
    sensitivity: int
    values: list[Any]
    pipeline_id: str | None
    text: str | None
    closed_at: str | None
    action_results: dict[str, Any] | None
    notification_results: None
    created_at: str
    updated_at: str


def describe(row: ReviewAlertItem) -> ReviewAlertItemObject:
    """Return the fields a client sees."""
    return to_object(ReviewAlertItemObject, row)


def _index(call: Call) -> Page:
    query = rows_of(call, ReviewAlertItem, "endpoint_id")
    return to_page(call, query.order_by(ReviewAlertItem.id.desc()), describe)


def _show(call: Call) -> ReviewAlertItemObject:
    return describe(find(call, ReviewAlertItem, call.params["id"]))


ROUTES = [
    Route(
        "GET",
        "/review_alert_items",
        _index,
        "List opened alerts, newest first",
        takes=(Param("endpoint_id", KEY),),
        answers=ReviewAlertItemObject,
        is_list=True,
    ),
    Route(
        "GET",
        "/review_alert_items/{id}",
        _show,
        "Show an opened alert",
        answers=ReviewAlertItemObject,
    ),
]
