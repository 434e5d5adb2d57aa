"""Predictions (wire contract §2.15), under both of their names."""

from __future__ import annotations

import math
import uuid
from datetime import timedelta
from typing import Any

from auger_reconcile.hub.api import Call, Fields, InvalidParams, Page, Route, timestamp
from auger_reconcile.hub.database.tables import Pipeline, Prediction
from auger_reconcile.hub.routes.project_files import main_bucket
from auger_reconcile.hub.routes.query import find, rows_of, to_page
from auger_reconcile.hub.signing import DOWNLOAD_SECONDS

_BAD_RECORDS = (
    "records should be an array of arrays of plain values, "
    "each records size should be equal to the features count"
)
_OPTIONS = ("no_features_in_result", "predict_labels", "score", "score_true_data")


def describe(call: Call, row: Prediction, object_name: str) -> Fields:
    """Return the fields a client sees; the URL of a file result is signed anew each time."""
    return {
        "object": object_name,
        "deleted": False,
        "id": row.id,
        "pipeline_id": row.pipeline_id,
        "endpoint_id": None,
        "status": row.status,
        "records_count": row.records_count,
        "time_consumed_ms": row.time_consumed_ms,
        "result": _result(call, row),
        "error_message": row.error_message,
        "created_at": timestamp(row.created_at),
        "predicted_at": timestamp(row.predicted_at),
        "provider": "Auger",
    }


def _result(call: Call, row: Prediction) -> Fields | None:
    if row.status != "done" or row.result_key is None:
        return row.result
    bucket = main_bucket(call)
    return {
        **(row.result or {}),
        "expires_at": timestamp(row.updated_at + timedelta(seconds=DOWNLOAD_SECONDS)),
        "result_path": f"s3://{bucket}/{row.result_key}",
        "signed_prediction_url": call.hub.signer.download_url(
            call.base_url, bucket, row.result_key
        ),
    }


def _create(call: Call) -> Prediction:
    call.require("pipeline_id")
    pipeline = find(call, Pipeline, call.params["pipeline_id"])
    if pipeline.status != "ready":
        raise InvalidParams(("pipeline_id", "model should be in ready status"))
    records, features, url = call.given("records"), call.given("features"), call.given("file_url")
    if url is None:
        if records is None:
            raise InvalidParams(("records", "is required"))
        _check_records(records, features)
    row = Prediction(
        id=str(uuid.uuid4()),
        organization_id=pipeline.organization_id,
        project_id=pipeline.project_id,
        pipeline_id=pipeline.id,
        records_count=len(records) if url is None else None,
        request={
            "records": records if url is None else None,
            "features": features if url is None else None,
            "file_url": url if url is None else str(url),
            "threshold": _threshold(call.given("threshold")),
            "options": {name: call.given(name) for name in _OPTIONS},
        },
    )
    call.session.add(row)
    call.session.flush()
    return row


def _check_records(records: Any, features: Any) -> None:
    is_table = isinstance(records, list) and isinstance(features, list)
    is_good = is_table and all(
        isinstance(record, list)
        and len(record) == len(features)
        and not any(isinstance(value, list | dict) for value in record)
        for record in records
    )
    if not is_good:
        raise InvalidParams(("records", _BAD_RECORDS))
    if not all(isinstance(name, str) for name in features):
        raise InvalidParams(("features", "should be an array of names"))


def _threshold(value: Any) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InvalidParams(("threshold", "should be a number"))
    return number


def _routes(object_name: str) -> list[Route]:
    """Return the routes of one of the two names; only the `object` text differs (§2.15)."""

    def index(call: Call) -> Page:
        query = rows_of(call, Prediction, "pipeline_id", "project_id")
        ordered = query.order_by(Prediction.created_at.desc(), Prediction.id)
        return to_page(call, ordered, lambda row: describe(call, row, object_name))

    def show(call: Call) -> Fields:
        return describe(call, find(call, Prediction, call.params["id"]), object_name)

    def create(call: Call) -> Fields:
        return describe(call, _create(call), object_name)

    return [
        Route("GET", f"/{object_name}s", index),
        Route("POST", f"/{object_name}s", create),
        Route("GET", f"/{object_name}s/{{id}}", show),
    ]


ROUTES = [*_routes("prediction"), *_routes("prediction_group")]
