"""Ask for explanations of trials: of the best of a run at its end, of any other when wanted.

They are made by jobs of their own, while no trial runs (`auger_hub/explain`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.database.tables import ExperimentSession, Explanation, Trial

SHARE = 0.2  # of the time of the run, for all explanations that nobody asked for
LEAST = 5.0  # seconds for all of them, however short the run was
SECONDS_WHEN_WANTED = 120.0  # and three times what the trial took: it is fitted again
CUT_SHORT = "explanation-cut-short"
MOST_LOOKED_AT = 200
REFERENCE = "reference"
"""The member of an explanation that a deployed model is compared with; clients do not see it."""


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
    trials = list(best.values())
    shares = share_out(seconds_beside(run), [_fitting_of_a_fold(session, t) for t in trials])
    for trial, seconds in zip(trials, shares, strict=True):
        if seconds is not None:
            ask_explanation(session, trial, seconds)


def seconds_beside(run: ExperimentSession) -> float:
    """Return the processor seconds for what nobody has asked to know of a run."""
    took = 0.0
    if run.started_at is not None and run.completed_at is not None:
        took = (run.completed_at - run.started_at).total_seconds()
    return max(SHARE * took, LEAST)


def share_out(seconds: float, fittings: Sequence[float]) -> list[float | None]:
    """Return the processor time for each of some trials that nobody has asked to explain.

    It has to be enough to fit one of the folds again: then what that one tells is told, with a
    notice. Where there is too little for all, the best one has it to itself, or the first that can
    be fitted. What gets None waits until it is asked for.

    Args:
        seconds: that there are.
        fittings: the seconds that a fold of each takes, the best trial first.
    """
    part = seconds / max(1, len(fittings))
    if all(fitting < part for fitting in fittings):
        return [part] * len(fittings)
    first = next((n for n, fitting in enumerate(fittings) if fitting < seconds), None)
    return [seconds if place == first else None for place in range(len(fittings))]


def _fitting_of_a_fold(session: Session, trial: Trial) -> float:
    folds = trial.raw_data.get("fold_times")
    return _fitting(session, trial) / max(1, len(folds) if isinstance(folds, list) else 1)


def _fitting(session: Session, trial: Trial) -> float:
    """Return the seconds that it took to fit a trial, or all members of an ensemble."""
    members = trial.result.get("algorithm_params", {}).get("pipelines") or ()
    found = [session.get(Trial, str(uid)) for uid in members] if members else [trial]
    return sum(float(one.raw_data.get("evaluation_time") or 0.0) for one in found if one)


def ask_explanation(session: Session, trial: Trial, seconds: float | None = None) -> Explanation:
    """Return the explanation of a trial; one that is missing, failed or cut short is asked for.

    Args:
        session: to the database.
        trial: to explain.
        seconds: that it may take; by default as many as one takes that a person waits for.
    """
    if seconds is None:
        seconds = SECONDS_WHEN_WANTED + 3 * _fitting(session, trial)
    row = session.get(Explanation, trial.id)
    if row is None:
        row = Explanation(
            id=trial.id,
            organization_id=trial.organization_id,
            project_id=trial.project_id,
            seconds=seconds,
        )
        session.add(row)
    elif row.status == "error" or (is_cut_short(row) and row.seconds < seconds):
        row.status, row.error_message, row.seconds = "waiting", None, seconds
        row.content = None
    session.flush()
    return row


def is_cut_short(row: Explanation) -> bool:
    """Tell whether there was no time for all of an explanation."""
    notices = (row.content or {}).get("notices", ())
    return any(notice["code"] == CUT_SHORT for notice in notices)
