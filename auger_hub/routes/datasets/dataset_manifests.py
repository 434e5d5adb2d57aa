"""Serve statistics under an id that the caller chose (wire contract §2.19)."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from auger_hub.database.tables import DatasetManifest
from auger_hub.http.contract import Call, InvalidParams, NotFound, Page, Route
from auger_hub.http.params import KEY, OBJECT, Param
from auger_hub.routes.query import rows_of, to_page
from auger_hub.routes.wire_object import to_object


class DatasetManifestObject(TypedDict):
    """What a client sees of a manifest."""

    object: Literal["dataset_manifest"]
    deleted: bool
    id: str
    name: str
    display_name: str
    statistics: dict[str, Any]
    dataset_url: str | None
    description: None
    industry: None
    image_url: None
    created_at: str
    updated_at: str


def describe(row: DatasetManifest) -> DatasetManifestObject:
    """Return the fields a client sees."""
    return to_object(DatasetManifestObject, row, display_name=row.name)


def _index(call: Call) -> Page:
    query = rows_of(call, DatasetManifest).order_by(DatasetManifest.created_at, DatasetManifest.id)
    return to_page(call, query, describe)


def _show(call: Call) -> DatasetManifestObject:
    return describe(_find(call))


def _create(call: Call) -> DatasetManifestObject:
    key = (call.caller.organization_id, str(call.params["id"]))
    if call.session.get(DatasetManifest, key) is not None:
        raise InvalidParams(("id", "has already been taken"))
    row = DatasetManifest(
        organization_id=key[0],
        id=key[1],
        name=str(call.params["name"]),
        statistics=call.params["statistics"],
    )
    call.session.add(row)
    _set_url(call, row)
    call.session.flush()
    return describe(row)


def _update(call: Call) -> DatasetManifestObject:
    row = _find(call)
    _set_url(call, row)
    call.session.flush()
    return describe(row)


def _set_url(call: Call, row: DatasetManifest) -> None:
    if call.given("dataset_url") is not None:
        row.dataset_url = str(call.given("dataset_url"))


def _find(call: Call) -> DatasetManifest:
    key = (call.caller.organization_id, str(call.params["id"]))
    row = call.session.get(DatasetManifest, key)
    if row is None:
        raise NotFound("DatasetManifest")
    return row


_URL = Param("dataset_url")
ROUTES = [
    Route(
        "GET",
        "/dataset_manifests",
        _index,
        "List manifests",
        answers=DatasetManifestObject,
        is_list=True,
    ),
    Route(
        "POST",
        "/dataset_manifests",
        _create,
        "Store statistics under an id of the caller's",
        takes=(
            Param("id", KEY).needed,
            Param("name").needed,
            Param("statistics", OBJECT).needed,
            _URL,
        ),
        answers=DatasetManifestObject,
    ),
    Route(
        "GET", "/dataset_manifests/{id}", _show, "Show a manifest", answers=DatasetManifestObject
    ),
    Route(
        "PATCH",
        "/dataset_manifests/{id}",
        _update,
        "Set the URL of a manifest",
        takes=(_URL,),
        answers=DatasetManifestObject,
    ),
]
