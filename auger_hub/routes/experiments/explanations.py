"""Serve explanations of trials: of the best of a run unasked, of any other on demand.

Additional to the API: no other hub has them.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from auger_hub.database.tables import Explanation
from auger_hub.http.contract import Call, Route
from auger_hub.routes.experiments.trials import scored_trial
from auger_hub.routes.wire_object import to_object
from auger_hub.runs.explanations import REFERENCE, ask_explanation


class ExplanationObject(TypedDict):
    """What a client sees of an explanation; `content` is null until `status` is `done`."""

    object: Literal["explanation"]
    id: str
    trial_id: str
    status: Literal["not_requested", "waiting", "done", "error"]
    content: dict[str, Any] | None
    error_message: str | None
    updated_at: str | None


def describe(trial_id: str, row: Explanation | None) -> ExplanationObject:
    """Return the fields a client sees."""
    shown = row or Explanation(status="not_requested")
    content = {k: v for k, v in (shown.content or {}).items() if k != REFERENCE} or None
    return to_object(ExplanationObject, shown, id=trial_id, trial_id=trial_id, content=content)


def _show(call: Call) -> ExplanationObject:
    trial = scored_trial(call, call.params["trial_id"])
    return describe(trial.id, call.session.get(Explanation, trial.id))


def _create(call: Call) -> ExplanationObject:
    trial = scored_trial(call, call.params["trial_id"])
    return describe(trial.id, ask_explanation(call.session, trial))


ROUTES = [
    Route(
        "GET",
        "/trials/{trial_id}/explanation",
        _show,
        "Show what a trial learned and where it is bad",
        answers=ExplanationObject,
    ),
    Route(
        "POST",
        "/trials/{trial_id}/explanation",
        _create,
        "Ask for the explanation of a trial",
        answers=ExplanationObject,
    ),
]
