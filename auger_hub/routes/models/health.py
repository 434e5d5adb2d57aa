"""Serve the health of deployed models: drift, use, scores and open alerts.

Additional to the API: no other hub has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypedDict

from sqlalchemy import select

from auger_hub.data.notices import Notice, rows, to_dicts
from auger_hub.database.review_tables import ModelReference, ReviewAlertItem
from auger_hub.database.tables import Pipeline
from auger_hub.http.contract import Call, Route
from auger_hub.review.health import Known, describe_health, read_known
from auger_hub.review.performance import count_left_out
from auger_hub.review.reference import fetch_model, read_profile
from auger_hub.routes.query import find
from auger_hub.serving.lost_models import is_lost
from auger_hub.serving.rollouts import ABORTED, describe_rollout
from auger_hub.timestamps import timestamp

_SHOWN_ALERTS = 20


class AlertObject(TypedDict):
    """An alert that was opened for a model; `closed_at` is null while it goes on."""

    id: int
    kind: str
    measure: str
    text: str | None
    opened_at: str
    closed_at: str | None


class ModelHealthObject(TypedDict):
    """What a client sees of how a model does."""

    object: Literal["model_health"]
    id: str
    name: str | None
    status: Literal["ok", "warning", "alert", "unknown"]
    monitor: dict[str, Any] | None
    metric: str
    trained_score: float | None
    window: dict[str, Any] | None
    columns: list[dict[str, Any]]
    score: dict[str, Any] | None
    estimate: dict[str, Any] | None
    segments: list[dict[str, Any]]
    days: list[dict[str, Any]]
    alerts: list[AlertObject]
    rollout: dict[str, Any] | None
    notices: list[dict[str, Any]]


def health_of(call: Call, row: Pipeline) -> ModelHealthObject:
    """Return how a model does."""
    fetch_model(call.hub.database, call.hub.models, row.id)
    profile = read_profile(call.hub.models, row)
    known = read_known(call.session, row, profile)
    reference = call.session.get(ModelReference, row.id)
    told = describe_health(known)
    alerts = alerts_of(call, row)
    return {
        "object": "model_health",
        "id": row.id,
        "name": row.name,
        "status": _status(told, alerts),
        "monitor": row.monitor,
        **told,  # type: ignore[typeddict-item]  # its members are those of above
        "alerts": alerts,
        "rollout": (rollout := describe_rollout(call.session, row)),
        "notices": to_dicts(
            [
                *_beside(rollout),
                *notices_of_health(row, known, reference, told),
                *_not_scored(*count_left_out(call.session, row.id, known.monitor.score_window)),
            ]
        ),
    }


def alerts_of(call: Call, row: Pipeline, *, only_open: bool = False) -> list[AlertObject]:
    """Return the alerts that were opened for a model, the newest first."""
    query = select(ReviewAlertItem).where(ReviewAlertItem.pipeline_id == row.id)
    if only_open:
        query = query.where(ReviewAlertItem.closed_at.is_(None))
    newest = query.order_by(ReviewAlertItem.id.desc()).limit(_SHOWN_ALERTS)
    return [
        {
            "id": item.id,
            "kind": item.kind,
            "measure": item.subject or item.kind,
            "text": item.text,
            "opened_at": timestamp(item.opened_at),
            "closed_at": timestamp(item.closed_at) if item.closed_at else None,
        }
        for item in call.session.scalars(newest)
    ]


def _status(told: dict[str, Any], alerts: list[AlertObject]) -> Any:
    levels = {one["level"] for one in told["columns"]}
    if any(one["closed_at"] is None for one in alerts):
        return "alert"
    if levels & {"warn", "alert"}:
        return "warning"
    return "ok" if "ok" in levels or told["score"] else "unknown"


def _beside(rollout: dict[str, Any] | None) -> list[Notice]:
    """Return in words what stands, or stood, beside a model."""
    if rollout is None:
        return []
    share = f" of {rollout['share']} %" if rollout["share"] else ""
    scores = "no actuals yet"
    if rollout["score"] is not None:
        live = rollout["live_score"]
        beside = "" if live is None else f", {live:.4g} of this one"
        scores = f"{rollout['score']:.4g} of {rollout['rows']:,} rows{beside}"
    if rollout["stage"] == ABORTED:
        text = f"Trial {rollout['challenger']} was aborted beside it: {rollout['why']}."
    else:
        stage = f"{rollout['stage']}{share}"
        text = f"Trial {rollout['challenger']} stands beside it as a {stage}: {scores}."
    return [Notice("rollout", text)]


def notices_of_health(
    row: Pipeline, known: Known, reference: ModelReference | None, told: dict[str, Any]
) -> list[Notice]:
    """Return what of a model's health is not known, and why.

    Args:
        row: the model.
        known: what is stored of it.
        reference: how far it is compared with rows that it has not seen.
        told: its health, as `describe_health` tells it.
    """
    notices = []
    if row.external is not None:
        text = "The model runs elsewhere: only its actuals show how well it does."
        notices.append(Notice("not-observed", text))
    elif is_lost(row):
        notices.append(Notice("not-ready", f"The model is not ready: {row.error_message}."))
    elif known.profile is None and row.package_digest is not None:
        text = "What the model learned from cannot be read from the store of the hub now."
        notices.append(Notice("no-profile", text))
    elif known.profile is None:
        text = "The model was made by an older hub; what it learned from is being counted."
        notices.append(Notice("no-profile", text))
    if reference is not None and reference.status == "waiting":
        text = "What the model says of rows that it has not seen is still being measured."
        notices.append(Notice("no-reference", text))
    if reference is not None and reference.status == "error":
        text = f"The predictions are not compared: {reference.error_message}."
        notices.append(Notice("no-reference", text))
    uncounted = [one["column"] for one in told["columns"] if one["level"] == "not-compared"]
    if uncounted:
        named = ", ".join(f"`{name}`" for name in uncounted[:5])
        text = f"Dates and free texts never repeat, so their drift is not measured: {named}"
        text += ", ..." if len(uncounted) > 5 else "."
        notices.append(Notice("not-compared", text, count=len(uncounted)))
    if any(one["level"] == "few-rows" for one in told["columns"]):
        text = f"Fewer than {known.monitor.min_rows:,} rows in the window: no drift is judged."
        notices.append(Notice("few-rows", text))
    if told["estimate"] and told["estimate"]["metric"] != known.metric:
        text = f"`{known.metric}` cannot be estimated without actuals: `accuracy` is instead."
        notices.append(Notice("other-metric", text))
    return notices


def _not_scored(scored: int, left_out: Mapping[str, int]) -> Iterator[Notice]:
    """Yield how many of the newest actuals are not scored, and why."""
    lost = sum(left_out.values())
    if lost:
        reasons = [f"{reason} ({count:,})" for reason, count in left_out.items()]
        text = f"{rows(lost)} of {scored + lost:,} actuals not scored: {'; '.join(reasons[:5])}"
        text += "; ..." if len(reasons) > 5 else "."
        yield Notice("actuals-not-scored", text, count=lost)


def _show(call: Call) -> ModelHealthObject:
    return health_of(call, find(call, Pipeline, call.params["id"]))


ROUTES = [
    Route(
        "GET",
        "/pipelines/{id}/health",
        _show,
        "Show how a deployed model does: drift, use, scores and alerts",
        answers=ModelHealthObject,
    ),
]
