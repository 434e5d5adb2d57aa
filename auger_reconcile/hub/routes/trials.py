"""The leaderboard (wire contract §2.12): trials with a score, best first."""

from __future__ import annotations

from auger_reconcile.hub.api import Call, Fields, NotFound, Page, Route, timestamp
from auger_reconcile.hub.database.tables import Hyperparameter, Trial
from auger_reconcile.hub.routes import hyperparameters
from auger_reconcile.hub.routes.query import find, rows_of, to_page


def describe(call: Call, row: Trial) -> Fields:
    """Return the fields a client sees."""
    hyperparameter = call.session.get_one(Hyperparameter, row.hyperparameter_id)
    return {
        "object": "trial",
        "deleted": False,
        "id": row.id,
        "experiment_session_id": row.experiment_session_id,
        "project_id": row.project_id,
        "hyperparameter": hyperparameters.describe(hyperparameter),
        "score_name": row.score_name,
        "score_value": row.score_value,
        "task_type": row.task_type,
        "pdf_data": None,
        "pdf_data_status": "not_requested",
        "raw_data": row.raw_data,
        "trial_metrics_count": 0,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
        "provider": "Auger",
    }


def _index(call: Call) -> Page:
    """List scored trials only: clients crash on a null score (§5.3)."""
    query = rows_of(call, Trial, "experiment_session_id", "project_id")
    query = query.where(Trial.score_value.is_not(None))
    ordered = query.order_by(Trial.score_value.desc(), Trial.created_at, Trial.id)
    return to_page(call, ordered, lambda row: describe(call, row))


def _show(call: Call) -> Fields:
    return describe(call, scored_trial(call, call.params["id"]))


def scored_trial(call: Call, trial_id: object) -> Trial:
    """Return a trial of the board; a failed one is not there for clients."""
    trial = find(call, Trial, trial_id)
    if trial.score_value is None:
        raise NotFound("Trial")
    return trial


ROUTES = [Route("GET", "/trials", _index), Route("GET", "/trials/{id}", _show)]
