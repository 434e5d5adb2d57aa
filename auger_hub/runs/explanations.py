"""Ask for explanations of trials: of the best of a run at its end, of any other when wanted.

They are made by jobs of their own, while no trial runs (`auger_hub/explain`).
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.database.tables import ExperimentSession, Explanation, Trial

SHARE = 0.2  # of the time of the run, for all explanations that nobody asked for
CHEAP = 5.0  # seconds of fitting that are never too much
SECONDS_WHEN_WANTED = 120.0
MOST_LOOKED_AT = 200


def ask_explanations(session: Session, run: ExperimentSession) -> None:
    """Ask for explanations of the best trial and of the ensemble, in a part of the run's time."""
    query = (
        select(Trial)
        .where(Trial.experiment_session_id == run.id, Trial.score_value.is_not(None))
        .order_by(Trial.score_value.desc(), Trial.created_at, Trial.id)
        .limit(MOST_LOOKED_AT)
    )
    best: dict[bool, Trial] = {}
    for trial in session.scalars(query):
        best.setdefault(bool(trial.raw_data.get("ensemble")), trial)
    took = 0.0
    if run.started_at is not None and run.completed_at is not None:
        took = (run.completed_at - run.started_at).total_seconds()
    for trial in best.values():
        fitting = float(trial.raw_data.get("evaluation_time") or 0.0)
        seconds = seconds_for(SHARE * took / len(best), fitting)
        if seconds is not None:
            ask_explanation(session, trial, seconds)


def seconds_for(share: float, fitting: float) -> float | None:
    """Return what is left of a share of a run's time once a trial is fitted again.

    None when nothing is and fitting takes long: then the explanation waits until it is asked for.
    """
    if fitting > max(share, CHEAP):
        return None
    return max(0.0, share - fitting)


def ask_explanation(
    session: Session, trial: Trial, seconds: float = SECONDS_WHEN_WANTED
) -> Explanation:
    """Return the explanation of a trial; one that failed or is missing is asked for."""
    row = session.get(Explanation, trial.id)
    if row is None:
        row = Explanation(
            id=trial.id,
            organization_id=trial.organization_id,
            project_id=trial.project_id,
            seconds=seconds,
        )
        session.add(row)
    elif row.status == "error":
        row.status, row.error_message, row.seconds = "waiting", None, seconds
    session.flush()
    return row
