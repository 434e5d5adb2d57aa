"""Carry out what an alert asks for: `retrain`, `retrain_deploy` (wire contract §2.18).

What is stored decides, at every look: an item of an alert that is open and has no run that was
begun after it gets one, however often the hub was killed; a run that somebody else has begun since
answers it as well, so a cause leads to one. What came of it stands in `action_results`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.database.engine import Database
from auger_hub.database.review_tables import Endpoint, ReviewAlert, ReviewAlertItem
from auger_hub.database.tables import (
    ExperimentSession,
    Pipeline,
    Project,
    Trial,
    TrialEvaluation,
)
from auger_hub.review.monitored import attach_monitor, make_primary
from auger_hub.runs.again import begun_since, run_again
from auger_hub.runs.trial_evaluations import ask, results_of

_RETRAIN, _DEPLOY = "retrain", "retrain_deploy"
_WAITING, _RUNNING, _COMPARING, _DEPLOYING = "waiting", "running", "comparing", "deploying"
_DONE, _FAILED, _REFUSED = "done", "failed", "refused"
_ENDED = (_DONE, _FAILED, _REFUSED)


def act_on_alerts(database: Database) -> None:
    """Bring every action of an alert one step on."""
    query = (
        select(ReviewAlertItem.id, ReviewAlertItem.closed_at, ReviewAlertItem.action_results)
        .join(ReviewAlert, ReviewAlert.id == ReviewAlertItem.review_alert_id)
        .where(ReviewAlert.actions.in_((_RETRAIN, _DEPLOY)))
    )
    with database.connect() as connection:
        rows = connection.execute(query).all()
    for item_id, closed_at, results in rows:
        is_new = results is None or results["status"] == _WAITING
        if (is_new and closed_at is not None) or (results and results["status"] in _ENDED):
            continue
        with database.write() as session:
            item = session.get(ReviewAlertItem, item_id)
            alert = session.get(ReviewAlert, item.review_alert_id) if item else None
            if item is not None and alert is not None:
                _step(session, item, alert)


def _step(session: Session, item: ReviewAlertItem, alert: ReviewAlert) -> None:
    live = session.get(Pipeline, item.pipeline_id) if item.pipeline_id else None
    of = live.experiment_session_id if live else None
    learned = session.get(ExperimentSession, of) if of else None
    if live is None or learned is None:
        _tell(item, alert, _FAILED, "the model is of no run of this hub that could repeat")
        return
    told: dict[str, Any] = item.action_results or {}
    match told.get("status"):
        case None | "waiting":
            _begin(session, item, alert, learned)
        case "running":
            _follow(session, item, alert, live)
        case "comparing":
            _compare(session, item, alert, live)
        case _:
            _hand_over(session, item, alert, live)


def _tell(item: ReviewAlertItem, alert: ReviewAlert, status: str, text: str, **more: Any) -> None:
    before = item.action_results or {}
    told = {**before, "action": alert.actions, "status": status, "text": text, **more}
    if told != before:
        item.action_results = told


def _begin(
    session: Session, item: ReviewAlertItem, alert: ReviewAlert, learned: ExperimentSession
) -> None:
    answered = begun_since(session, learned, item.opened_at)
    if answered is not None:
        text = f"run {answered} was begun after the alert opened"
        _tell(item, alert, _RUNNING, text, experiment_session_id=answered)
        return
    project = session.get_one(Project, item.project_id)
    if project.status != "running":
        text = "the project is not running; the run begins when it is"
        _tell(item, alert, _WAITING, text)
        return
    run = run_again(session, learned)
    text = f"run {run.id} was begun: {item.text or alert.kind}"
    _tell(item, alert, _RUNNING, text, experiment_session_id=run.id)


def _follow(session: Session, item: ReviewAlertItem, alert: ReviewAlert, live: Pipeline) -> None:
    """See whether the run is over; ask how its best trial is beside the live one."""
    run = session.get(ExperimentSession, (item.action_results or {})["experiment_session_id"])
    if run is None:
        return _tell(item, alert, _FAILED, "its run was deleted")
    if run.status in ("waiting", "preprocess", "started"):
        return None
    best = _best_of(session, run)
    if run.status != "completed" or best is None:
        why = run.error_message or ("no trial has a score" if best is None else "no reason given")
        return _tell(item, alert, _FAILED, f"run {run.id} ended with {run.status}: {why}")
    score = f"{best.score_name} {best.score_value:.4g}"
    if alert.actions == _RETRAIN:
        return _tell(item, alert, _DONE, f"run {run.id} is completed: {score}", trial_id=best.id)
    if alert.kind == "model_accuracy" and (best.score_value or 0.0) < alert.threshold:
        text = f"nothing is deployed: {score} of run {run.id} is below {alert.threshold:g}"
        return _tell(item, alert, _REFUSED, text, trial_id=best.id)
    question = ask(session, run, [best.id, str(live.trial_id)], None, segments=None)
    text = f"{score} of run {run.id} is compared with the live model on the same rows"
    return _tell(item, alert, _COMPARING, text, trial_id=best.id, trial_evaluation_id=question.id)


def _best_of(session: Session, run: ExperimentSession) -> Trial | None:
    query = select(Trial).where(
        Trial.experiment_session_id == run.id, Trial.score_value.is_not(None)
    )
    ordered = query.order_by(Trial.score_value.desc(), Trial.created_at, Trial.id)
    return session.scalars(ordered.limit(1)).first()


def _compare(session: Session, item: ReviewAlertItem, alert: ReviewAlert, live: Pipeline) -> None:
    """Deploy the best trial if the live one's algorithm, fitted on the same rows, is no better."""
    told = item.action_results or {}
    question = session.get(TrialEvaluation, told["trial_evaluation_id"])
    if question is not None and question.status == "waiting":
        return None
    run = session.get(ExperimentSession, told["experiment_session_id"])
    trial = session.get(Trial, told["trial_id"])
    if question is None or run is None or trial is None:
        return _tell(item, alert, _FAILED, "its run or its trial was deleted")
    scores = {one["trial_id"]: one.get("score") for one in results_of(run, question)}
    mine, other = scores.get(trial.id), scores.get(str(live.trial_id))
    if mine is None:
        why = question.error_message or "its best trial could not be scored"
        return _tell(item, alert, _FAILED, f"nothing is deployed: {why}")
    if other is not None and mine < other:
        text = f"nothing is deployed: {mine:.4g} is below {other:.4g} of the live model"
        return _tell(item, alert, _REFUSED, text)
    _deploy(session, trial, live)
    return _tell(item, alert, _DEPLOYING, f"trial {trial.id} is being deployed")


def _deploy(session: Session, trial: Trial, live: Pipeline) -> None:
    """Deploy a trial under the name and monitor of what is live, which stays until it is ready."""
    row = session.get(Pipeline, trial.id)
    if row is not None and row.status in ("packaging", "ready"):
        return
    if row is None:
        row = Pipeline.of(trial)
        session.add(row)
    row.status, row.error_message = "packaging", None
    row.name, row.monitor = live.name, live.monitor
    row.is_review_model_enabled = live.is_review_model_enabled
    session.flush()
    attach_monitor(session, row)


def _hand_over(session: Session, item: ReviewAlertItem, alert: ReviewAlert, live: Pipeline) -> None:
    """Make the new model the one that answers for the endpoint, once it is ready."""
    new = session.get(Pipeline, (item.action_results or {})["trial_id"])
    if new is None or new.status == "packaging":
        return None
    if new.status != "ready":
        why = new.error_message or f"its status is {new.status}"
        return _tell(item, alert, _FAILED, f"trial {new.id} could not be deployed: {why}")
    make_primary(session, session.get_one(Endpoint, item.endpoint_id), new)
    text = f"model {new.id} answers instead of {live.id}"
    return _tell(item, alert, _DONE, text, pipeline_id=new.id)
