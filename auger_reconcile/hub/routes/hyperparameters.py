"""Algorithms with their settings (wire contract §2.19)."""

from __future__ import annotations

from auger_reconcile.hub.api import Call, Fields, InvalidParams, Page, Route
from auger_reconcile.hub.database.tables import Hyperparameter
from auger_reconcile.hub.routes.query import find, rows_of, to_page


def describe(row: Hyperparameter) -> Fields:
    """Return the fields a client sees."""
    return {
        "object": "hyperparameter",
        "deleted": False,
        "id": row.id,
        "algorithm_name": row.algorithm_name,
        "algorithm_params": row.algorithm_params,
        "algorithm_params_hash": row.algorithm_params_hash,
    }


def _index(call: Call) -> Page:
    query = rows_of(call, Hyperparameter, "algorithm_name")
    return to_page(call, query.order_by(Hyperparameter.id), describe)


def _show(call: Call) -> Fields:
    return describe(find(call, Hyperparameter, call.params["id"]))


def _create(call: Call) -> Fields:
    call.require("algorithm_name", "algorithm_params")
    parameters = call.params["algorithm_params"]
    if not isinstance(parameters, dict):
        raise InvalidParams(("algorithm_params", "should be an object"))
    row = Hyperparameter(
        organization_id=call.caller.organization_id,
        algorithm_name=str(call.params["algorithm_name"]),
        algorithm_params=parameters,
    )
    call.session.add(row)
    call.session.flush()
    return describe(row)


ROUTES = [
    Route("GET", "/hyperparameters", _index),
    Route("POST", "/hyperparameters", _create),
    Route("GET", "/hyperparameters/{id}", _show),
]
