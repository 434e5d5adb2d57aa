"""Serve algorithms with their settings (wire contract §2.19)."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from auger_hub.database.tables import Hyperparameter
from auger_hub.http.contract import Call, Page, Route
from auger_hub.http.params import OBJECT, Param
from auger_hub.routes.query import find, rows_of, to_page
from auger_hub.routes.wire_object import to_object


class HyperparameterObject(TypedDict):
    """What a client sees of an algorithm with its settings."""

    object: Literal["hyperparameter"]
    deleted: bool
    id: int
    algorithm_name: str
    algorithm_params: dict[str, Any]
    algorithm_params_hash: str | None


def describe(row: Hyperparameter) -> HyperparameterObject:
    """Return the fields a client sees."""
    return to_object(HyperparameterObject, row)


def _index(call: Call) -> Page:
    query = rows_of(call, Hyperparameter, "algorithm_name")
    return to_page(call, query.order_by(Hyperparameter.id), describe)


def _show(call: Call) -> HyperparameterObject:
    return describe(find(call, Hyperparameter, call.params["id"]))


def _create(call: Call) -> HyperparameterObject:
    row = Hyperparameter(
        organization_id=call.caller.organization_id,
        algorithm_name=str(call.params["algorithm_name"]),
        algorithm_params=call.params["algorithm_params"],
    )
    call.session.add(row)
    call.session.flush()
    return describe(row)


ROUTES = [
    Route(
        "GET",
        "/hyperparameters",
        _index,
        "List algorithms with their settings",
        takes=(Param("algorithm_name"),),
        answers=HyperparameterObject,
        is_list=True,
    ),
    Route(
        "POST",
        "/hyperparameters",
        _create,
        "Store an algorithm with its settings",
        takes=(Param("algorithm_name").needed, Param("algorithm_params", OBJECT).needed),
        answers=HyperparameterObject,
    ),
    Route(
        "GET",
        "/hyperparameters/{id}",
        _show,
        "Show an algorithm with its settings",
        answers=HyperparameterObject,
    ),
]
