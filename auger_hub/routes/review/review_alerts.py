"""Serve alerts, each a rule about an endpoint (wire contract §2.18)."""

from __future__ import annotations

from typing import Literal, TypedDict

from auger_hub.database.review_tables import Endpoint, ReviewAlert
from auger_hub.http.contract import Call, Page, Route
from auger_hub.http.params import FLAG, INTEGER, KEY, NUMBER, Param
from auger_hub.review.monitored import follow_alert
from auger_hub.routes.query import find, rows_of, to_int, to_page
from auger_hub.routes.wire_object import delete, to_object

_CHOICES = {
    "kind": ("model_accuracy", "feature_average_range", "runtime_errors_burst"),
    "threshold_policy": ("all_values", "average_value", "any_value"),
    "actions": ("no_actions", "retrain", "retrain_deploy"),
    "notifications": ("no_notifications", "user", "organization"),
}
_KIND, *_CHOSEN = (Param(name, choices=choices) for name, choices in _CHOICES.items())
_THRESHOLD = Param("threshold", NUMBER)
_SENSITIVITY = Param("sensitivity", INTEGER, "hours")
_ACTIVE = Param("active", FLAG)


class ReviewAlertObject(TypedDict):
    """What a client sees of an alert."""

    object: Literal["review_alert"]
    deleted: bool
    id: int
    endpoint_id: str
    kind: str
    threshold: float
    threshold_policy: str
    sensitivity: int
    actions: str
    notifications: str
    active: bool
    created_at: str
    updated_at: str


def describe(row: ReviewAlert) -> ReviewAlertObject:
    """Return the fields a client sees."""
    return to_object(ReviewAlertObject, row)


def _index(call: Call) -> Page:
    query = rows_of(call, ReviewAlert, "endpoint_id")
    return to_page(call, query.order_by(ReviewAlert.id), describe)


def _show(call: Call) -> ReviewAlertObject:
    return describe(find(call, ReviewAlert, call.params["id"]))


def _create(call: Call) -> ReviewAlertObject:
    endpoint = find(call, Endpoint, call.params["endpoint_id"])
    row = ReviewAlert(
        organization_id=endpoint.organization_id,
        project_id=endpoint.project_id,
        endpoint_id=endpoint.id,
    )
    _set_fields(call, row)
    call.session.add(row)
    call.session.flush()
    return describe(row)


def _update(call: Call) -> ReviewAlertObject:
    row = find(call, ReviewAlert, call.params["id"])
    _set_fields(call, row)
    call.session.flush()
    follow_alert(call.session, row)
    return describe(row)


def _set_fields(call: Call, row: ReviewAlert) -> None:
    for name in _CHOICES:
        if call.given(name) is not None:
            setattr(row, name, call.given(name))
    if call.given("threshold") is not None:
        row.threshold = float(call.params["threshold"])
    if call.given("sensitivity") is not None:
        row.sensitivity = to_int(call.params["sensitivity"])
    if call.given("active") is not None:
        row.active = call.flag("active")


def _delete(call: Call) -> ReviewAlertObject:
    row = find(call, ReviewAlert, call.params["id"])
    follow_alert(call.session, row, is_gone=True)
    return delete(call, row, describe(row))


ROUTES = [
    Route(
        "GET",
        "/review_alerts",
        _index,
        "List alerts",
        takes=(Param("endpoint_id", KEY),),
        answers=ReviewAlertObject,
        is_list=True,
    ),
    Route(
        "POST",
        "/review_alerts",
        _create,
        "Create an alert",
        takes=(
            Param("endpoint_id", KEY).needed,
            _KIND.needed,
            _THRESHOLD.needed,
            _SENSITIVITY.needed,
            _ACTIVE,
            *_CHOSEN,
        ),
        answers=ReviewAlertObject,
    ),
    Route("GET", "/review_alerts/{id}", _show, "Show an alert", answers=ReviewAlertObject),
    Route(
        "PATCH",
        "/review_alerts/{id}",
        _update,
        "Change an alert",
        takes=(_KIND, _THRESHOLD, _SENSITIVITY, _ACTIVE, *_CHOSEN),
        answers=ReviewAlertObject,
    ),
    Route("DELETE", "/review_alerts/{id}", _delete, "Delete an alert", answers=ReviewAlertObject),
]
