"""Keep which model stands beside one that answers, who answers a request, and how both do.

What is kept is a member of the model that answers: its challenger, `shadow` (that answers nobody)
or `canary` (that answers a share of the requests to the endpoint), or that it was `aborted`. Both
are scored on the same actuals. When it goes on or ends, clients decide (wire contract §7).
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auger_hub.database.tables import Actual, Pipeline, now
from auger_hub.review.monitored import attach_monitor
from auger_hub.timestamps import moment, timestamp

SHADOW, CANARY, ABORTED, LIVE = "shadow", "canary", "aborted", "live"
_UNDER_WAY = (SHADOW, CANARY)


class BadRollout(ValueError):
    """A rollout says what cannot be; the text is for who sent it."""


def set_rollout(session: Session, row: Pipeline, told: dict[str, Any]) -> None:
    """Let a model stand beside another, take its place, or go.

    Raises:
        BadRollout: there is no such other model, or no such stage.
    """
    stage = told.get("stage")
    if stage in _UNDER_WAY:
        _begin(session, row, told)
    elif stage in (ABORTED, LIVE):
        live = live_beside(session, row)
        if live is not None:
            why = told.get("why")
            kept = {
                **(live.rollout or {}),
                "stage": ABORTED,
                "why": None if why is None else str(why),
            }
            live.rollout = kept if stage == ABORTED else None
        if stage == LIVE:
            attach_monitor(session, row)
    else:
        raise BadRollout("stage should be one of shadow, canary, aborted, live")


def _begin(session: Session, row: Pipeline, told: dict[str, Any]) -> None:
    live = session.get(Pipeline, str(told.get("of")))
    if live is None or live.project_id != row.project_id or live.id == row.id:
        raise BadRollout("of is not another model of the project")
    share = told.get("share", 0)
    if not isinstance(share, int) or isinstance(share, bool) or not 0 <= share < 100:
        raise BadRollout("share should be a whole number of percent")
    before = live.rollout or {}
    is_same = (before.get("challenger"), before.get("stage")) == (row.id, told["stage"])
    began = before.get("began_at") if is_same else None
    if began is None and row.status == "ready":
        began = timestamp(now())
    live.rollout = {
        "challenger": row.id,
        "stage": told["stage"],
        "share": share if told["stage"] == CANARY else 0,
        "began_at": began,
        "why": None,
    }


def begin_anew(session: Session, row: Pipeline) -> None:
    """Forget what stood beside a model that is deployed again, and what it stood beside."""
    row.rollout = None
    live = live_beside(session, row)
    if live is not None:
        live.rollout = None


def note_ready(session: Session, row: Pipeline) -> None:
    """Let the time of a model that stands beside another begin, now that it can answer."""
    live = live_beside(session, row)
    if live is not None and not (live.rollout or {}).get("began_at"):
        live.rollout = {**(live.rollout or {}), "began_at": timestamp(now())}


def live_beside(session: Session, row: Pipeline) -> Pipeline | None:
    """Return the model that one stands beside, while it does."""
    query = select(Pipeline).where(
        Pipeline.project_id == row.project_id, Pipeline.rollout.is_not(None)
    )
    for one in session.scalars(query):
        told = one.rollout or {}
        if told.get("challenger") == row.id and told.get("stage") in _UNDER_WAY:
            return one
    return None


def stages_of(session: Session, project_id: int) -> dict[str, str]:
    """Return what each challenger of a project stands beside another model as, in words."""
    query = select(Pipeline.rollout).where(
        Pipeline.project_id == project_id, Pipeline.rollout.is_not(None)
    )
    return {
        str(told["challenger"]): f"canary of {told['share']} %" if told.get("share") else "shadow"
        for told in session.scalars(query)
        if told and told.get("stage") in _UNDER_WAY
    }


def challenger_of(session: Session, row: Pipeline) -> Pipeline | None:
    """Return the model that stands beside one and can answer; None where none does."""
    told = row.rollout or {}
    if told.get("stage") not in _UNDER_WAY:
        return None
    found = session.get(Pipeline, told["challenger"])
    return found if found is not None and found.status == "ready" else None


def shadow_of(session: Session, row: Pipeline) -> Pipeline | None:
    """Return the shadow that is asked what a model is asked; None where there is none."""
    return challenger_of(session, row) if (row.rollout or {}).get("stage") == SHADOW else None


def choose(session: Session, row: Pipeline) -> Pipeline:
    """Return who answers a request to the endpoint of a model: it, or its canary."""
    share = (row.rollout or {}).get("share", 0)
    if not share or secrets.randbelow(100) >= share:
        return row
    return challenger_of(session, row) or row


def counterpart(session: Session, row: Pipeline) -> Pipeline | None:
    """Return the model that is scored on the same actuals, if there is one."""
    return challenger_of(session, row) or live_beside(session, row)


def describe_rollout(session: Session, row: Pipeline) -> dict[str, Any] | None:
    """Return what stands beside a model, with the scores of both since it began."""
    told = row.rollout
    if told is None:
        return None
    found = session.get(Pipeline, told["challenger"])
    if told["stage"] in _UNDER_WAY and (found is None or found.status == "undeployed"):
        return None
    began = told.get("began_at")
    since = moment(began) if began else None
    score, rows = _score(session, told["challenger"], since)
    live_score, _ = _score(session, row.id, since)
    return {**told, "score": score, "live_score": live_score, "rows": rows}


def _score(session: Session, pipeline_id: str, since: datetime | None) -> tuple[float | None, int]:
    if since is None:
        return None, 0
    query = select(
        func.sum(Actual.score * Actual.scored_count), func.sum(Actual.scored_count)
    ).where(
        Actual.pipeline_id == pipeline_id, Actual.score.is_not(None), Actual.created_at >= since
    )
    total, rows = session.execute(query).one()
    return (float(total or 0.0) / int(rows), int(rows)) if rows else (None, 0)
