"""Serve predictions (wire contract §2.15) of a model, or an endpoint (§2.17), under both names."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, Literal, TypedDict

from auger_hub.accounts.roles import ASKING
from auger_hub.database.review_tables import Endpoint
from auger_hub.database.tables import IS_PREDICTION, Pipeline, Prediction, now
from auger_hub.http.contract import (
    Asked,
    Call,
    Fields,
    InvalidParams,
    NotFound,
    NotNow,
    Page,
    Route,
)
from auger_hub.http.params import FLAG, KEY, LIST, NUMBER, Param
from auger_hub.review.alerts import review_alerts
from auger_hub.review.observations import segments_of
from auger_hub.routes.datasets.project_files import main_bucket
from auger_hub.routes.query import find, rows_of, to_page
from auger_hub.routes.review.endpoints import primary_pipeline
from auger_hub.routes.wire_object import to_object
from auger_hub.serving.lost_models import is_lost
from auger_hub.serving.predictions import InTurn
from auger_hub.serving.rollouts import choose, shadow_of
from auger_hub.settings import KEEPS
from auger_hub.store.signing import DOWNLOAD_SECONDS
from auger_hub.timestamps import timestamp

_BAD_RECORDS = (
    "records should be an array of arrays of plain values, "
    "each records size should be equal to the features count"
)
_FLAGS = ("explain", "no_features_in_result", "predict_labels", "proba", "score")
ROWS = (
    Param("records", replace(LIST, wrong=_BAD_RECORDS), "rows of plain values"),
    Param("features", LIST, "names of the columns of `records`"),
    Param("file_url", about="an uploaded file, or one of the web, instead of `records`"),
)
_ASKED = (
    *ROWS,
    Param("threshold", NUMBER, "adds the probability of every class"),
    Param("predicted_at", about="a time to note instead of now"),
    *(Param(name, FLAG) for name in _FLAGS),
    Param("wait", FLAG, "answer with the result, if it is there within ten seconds"),
    Param(
        "keep",
        about="with `wait`: what stays on the hub once it is answered",
        choices=KEEPS,
    ),
    Param("score_true_data", LIST, "true values to score against, else those of the target"),
)


class PredictionObject(TypedDict):
    """What a client sees of a prediction."""

    object: Literal["prediction", "prediction_group"]
    deleted: bool
    id: str
    pipeline_id: str
    endpoint_id: str | None
    status: str
    records_count: int | None
    time_consumed_ms: int | None
    result: dict[str, Any] | None
    error_message: str | None
    created_at: str
    predicted_at: str
    provider: str


Name = Literal["prediction", "prediction_group"]


def describe(call: Call, row: Prediction, name: Name) -> PredictionObject:
    """Return the fields a client sees; the URL of a file result is signed anew each time."""
    return to_object(
        PredictionObject, row, object=name, result=_result(call, row), provider="Auger"
    )


def _result(call: Call, row: Prediction) -> Fields | None:
    if row.status != "done" or row.result_key is None:
        return row.result
    bucket = main_bucket(call)
    return {
        **(row.result or {}),
        "expires_at": timestamp(row.updated_at + timedelta(seconds=DOWNLOAD_SECONDS)),
        "result_path": f"s3://{bucket}/{row.result_key}",
        "signed_prediction_url": call.hub.signer.download_url(
            call.caller, call.base_url, bucket, row.result_key
        ),
    }


def add_question(
    call: Call, pipeline: Pipeline, endpoint: Endpoint | None = None, *, prefix: str = ""
) -> Prediction:
    """Store what a model is asked; it is answered as soon as there is a place for it."""
    if call.given("keep") not in (None, "all") and not call.flag("wait"):
        told = "should be all without `wait`: what is fetched later has to be kept"
        raise InvalidParams(("keep", told))
    row = _question(call, pipeline, endpoint, prefix=prefix)
    call.session.add(row)
    if shadow := shadow_of(call.session, pipeline):
        call.session.add_all(_copies(row, shadow.id))
    call.session.flush()
    return row


def _copies(row: Prediction, shadow_id: str) -> Iterator[Prediction]:
    """Yield the same question to the shadow of the model, whose answer is counted and not kept.

    Whole files are not asked twice.
    """
    request = row.request or {}
    if request["file_url"] is None:
        yield Prediction(
            id=str(uuid.uuid4()),
            organization_id=row.organization_id,
            project_id=row.project_id,
            pipeline_id=shadow_id,
            records_count=row.records_count,
            predicted_at=row.predicted_at,
            member=row.member,
            request={**request, "options": {"is_copy": True}},
        )


def _question(
    call: Call, pipeline: Pipeline, endpoint: Endpoint | None = None, *, prefix: str = ""
) -> Prediction:
    """Return a question as a row that is not stored; raise InvalidParams for a bad one."""
    if pipeline.status != "ready" or pipeline.external is not None:
        why = f": {pipeline.error_message}" if is_lost(pipeline) else ""
        raise InvalidParams(("pipeline_id", f"model should be in ready status{why}"))
    records, features, url = call.given("records"), call.given("features"), call.given("file_url")
    if url is None:
        if records is None:
            raise InvalidParams(("records", "is required"))
        _check_records(records, features)
    threshold = call.given("threshold")
    options = {name: call.flag(name) for name in _FLAGS}
    return Prediction(
        id=f"{prefix}{uuid.uuid4()}",
        organization_id=pipeline.organization_id,
        project_id=pipeline.project_id,
        pipeline_id=pipeline.id,
        endpoint_id=endpoint.id if endpoint else None,
        records_count=len(records) if url is None else None,
        member=call.hub.supervisor.membership.id,
        predicted_at=to_time(call, "predicted_at") or now(),
        request={
            "records": records if url is None else None,
            "features": features if url is None else None,
            "file_url": url if url is None else str(url),
            "threshold": None if threshold is None else float(threshold),
            "options": {**options, "score_true_data": call.given("score_true_data")},
        },
    )


def _check_records(records: list[Any], features: Any) -> None:
    is_good = isinstance(features, list) and all(
        isinstance(record, list)
        and len(record) == len(features)
        and not any(isinstance(value, list | dict) for value in record)
        for record in records
    )
    if not is_good:
        raise InvalidParams(("records", _BAD_RECORDS))
    if not all(isinstance(name, str) for name in features):
        raise InvalidParams(("features", "should be an array of names"))


def to_time(call: Call, name: str) -> datetime | None:
    """Return a time a client sent as ISO 8601, as naive UTC; None when there is none."""
    value = call.given(name)
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        return time.astimezone(timezone.utc).replace(tzinfo=None) if time.tzinfo else time
    except (ValueError, OverflowError) as error:
        raise InvalidParams((name, "should be a date")) from error


Find = Callable[[Call], tuple[Pipeline, Endpoint | None]]
"""Finds whom a request asks."""


def _of_pipeline(call: Call) -> tuple[Pipeline, Endpoint | None]:
    return find(call, Pipeline, call.params["pipeline_id"]), None


def _of_endpoint(call: Call) -> tuple[Pipeline, Endpoint | None]:
    endpoint = find(call, Endpoint, call.params["endpoint_id"])
    pipeline = primary_pipeline(call, endpoint)
    if pipeline is None:
        raise InvalidParams(("endpoint_id", "endpoint has no active model"))
    return choose(call.session, pipeline), endpoint


def _at_once(find_asked: Find, name: Name) -> Callable[[Asked], PredictionObject]:
    """Return what answers a small question without its turn, and keeps of it what is wanted."""

    def answer(asked: Asked) -> PredictionObject:
        with asked.hub.database.read() as session:
            call = asked.in_session(session)
            pipeline, endpoint = find_asked(call)
            row, segments = _question(call, pipeline, endpoint), segments_of(pipeline)
            shadow = shadow_of(session, pipeline)
            copies = list(_copies(row, shadow.id)) if shadow else []
        if (row.request or {})["file_url"] is not None:
            raise NotNow
        row.created_at = row.updated_at = now()
        try:
            changes = asked.hub.supervisor.predictions.answer_now(
                row, segments, pipeline.package_digest
            )
        except InTurn as error:
            raise NotNow from error
        for column, value in changes.items():
            setattr(row, column, value)
        row.request = None
        shown = describe(call, row, name)
        _keep(asked, row, copies)
        return shown

    return answer


def _keep(asked: Asked, row: Prediction, copies: Sequence[Prediction]) -> None:
    """Store of an answered question what is wanted, and what the shadow is still to answer."""
    keep = keep_of(asked)
    if keep == "ids":
        row.result = None
    if keep == "none":
        asked.hub.supervisor.unkept.add(row)
    rows = [*copies] if keep == "none" else [row, *copies]
    if not rows:
        return
    with asked.hub.database.write() as session:
        session.add_all(rows)
        if row.status == "error" and keep != "none":
            session.flush()
            review_alerts(session, asked.hub.models, row.pipeline_id)
    if copies:
        asked.hub.supervisor.wake()


def keep_of(asked: Asked) -> str:
    """Return what stays of a question that is answered at once: as it says, or the settings."""
    return str(asked.params.get("keep") or asked.hub.settings.keep_predictions)


def forget_answer(asked: Asked, prediction_id: str) -> None:
    """Remove of a question that waited in turn, and was answered, what is not to be kept."""
    keep = keep_of(asked)
    if keep == "all":
        return
    with asked.hub.database.write() as session:
        row = session.get(Prediction, prediction_id)
        if row is None or row.result_key is not None:  # a file is fetched later
            return
        if keep == "none":
            session.delete(row)
        else:
            row.result = None
    if keep == "none":
        asked.hub.supervisor.unkept.add(row)


def _routes(name: Name) -> list[Route]:
    """Return the routes of one of the two names; only the `object` text differs (§2.15)."""

    def index(call: Call) -> Page:
        query = rows_of(call, Prediction, "pipeline_id", "project_id").where(IS_PREDICTION)
        ordered = query.order_by(Prediction.created_at.desc(), Prediction.id)
        return to_page(call, ordered, lambda row: describe(call, row, name))

    def show(call: Call) -> PredictionObject:
        return describe(call, find(call, Prediction, call.params["id"]), name)

    def create(call: Call) -> PredictionObject:
        return describe(
            call, add_question(call, find(call, Pipeline, call.params["pipeline_id"])), name
        )

    return [
        Route(
            "GET",
            f"/{name}s",
            index,
            "List predictions, newest first",
            takes=(Param("pipeline_id", KEY), Param("project_id", KEY)),
            answers=PredictionObject,
            is_list=True,
        ),
        Route(
            "POST",
            f"/{name}s",
            create,
            "Ask a deployed model",
            takes=(Param("pipeline_id", KEY).needed, *_ASKED),
            answers=PredictionObject,
            at_once=_at_once(_of_pipeline, name),
            is_audited=False,
            rank=ASKING,
        ),
        Route("GET", f"/{name}s/{{id}}", show, "Show a prediction", answers=PredictionObject),
    ]


def _endpoint_index(call: Call) -> Page:
    endpoint = find(call, Endpoint, call.params["endpoint_id"])
    query = rows_of(call, Prediction).where(Prediction.endpoint_id == endpoint.id)
    ordered = query.order_by(Prediction.created_at.desc(), Prediction.id)
    return to_page(call, ordered, lambda row: describe(call, row, "prediction_group"))


def _endpoint_show(call: Call) -> PredictionObject:
    endpoint = find(call, Endpoint, call.params["endpoint_id"])
    row = find(call, Prediction, call.params["id"])
    if row.endpoint_id != endpoint.id:
        raise NotFound("Prediction")
    return describe(call, row, "prediction_group")


def _endpoint_create(call: Call) -> PredictionObject:
    return describe(call, add_question(call, *_of_endpoint(call)), "prediction_group")


_OF_ENDPOINT = "/endpoints/{endpoint_id}/predictions"
ROUTES = [
    *_routes("prediction"),
    *_routes("prediction_group"),
    Route(
        "GET",
        _OF_ENDPOINT,
        _endpoint_index,
        "List the predictions of an endpoint, newest first",
        answers=PredictionObject,
        is_list=True,
    ),
    Route(
        "POST",
        _OF_ENDPOINT,
        _endpoint_create,
        "Ask the primary model of an endpoint",
        takes=_ASKED,
        answers=PredictionObject,
        at_once=_at_once(_of_endpoint, "prediction_group"),
        is_audited=False,
        rank=ASKING,
    ),
    Route(
        "GET",
        f"{_OF_ENDPOINT}/{{id}}",
        _endpoint_show,
        "Show a prediction of an endpoint",
        answers=PredictionObject,
    ),
]
