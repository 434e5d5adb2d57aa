"""Ask for scores of trials on rows that they have not seen, and keep them with their run.

They are made by jobs of their own (`auger_hub/explain`). The results stand in `model_settings` of
the run, where every client that lists runs finds them (wire contract §2.11, additional members).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.database.tables import (
    ExperimentSession,
    Pipeline,
    ProjectFile,
    Trial,
    TrialEvaluation,
)

BEST = 5  # trials of a run that are scored on the holdout, beside the ensemble and what is live
_LIVE = ("packaging", "ready")


def hold_out(session: Session, run: ExperimentSession, data: ProjectFile) -> None:
    """Give a run a holdout; one that is over is scored on it, without a search."""
    told = {"project_file_id": data.id, "name": data.name, "status": "waiting", "error": None}
    run.model_settings = {**run.model_settings, "holdout": told}
    session.flush()
    if run.status == "completed":
        ask_holdout_scores(session, run)


def ask_holdout_scores(session: Session, run: ExperimentSession) -> None:
    """Ask for the best trials, the ensemble and the live models on the holdout, if there is one."""
    holdout = run.model_settings.get("holdout")
    if not isinstance(holdout, dict):
        return
    trials = [*_best_trials(session, run), *_live_trials(session, run)]
    row = ask(session, run, list(dict.fromkeys(trials)), holdout["project_file_id"], segments=None)
    row.is_of_run = True


def ask(
    session: Session,
    run: ExperimentSession,
    trial_ids: Sequence[str],
    project_file_id: int | None,
    *,
    segments: Sequence[str] | None,
) -> TrialEvaluation:
    """Return the row of a question; without a project file it is about the folds of the run."""
    row = TrialEvaluation(
        id=secrets.token_hex(8),
        organization_id=run.organization_id,
        project_id=run.project_id,
        experiment_session_id=run.id,
        project_file_id=project_file_id,
        trial_ids=list(trial_ids),
        segments=None if segments is None else list(segments),
    )
    session.add(row)
    session.flush()
    return row


def keep(run: ExperimentSession, results: Sequence[Mapping[str, Any]]) -> None:
    """Keep results with a run; what is known of the same trial on the same rows is replaced.

    Values of columns that were asked for earlier stay, as long as the trial could be scored.
    """
    kept = {_key(one): one for one in run.model_settings.get("evaluations", [])}
    for one in results:
        before = kept.get(_key(one), {})
        segments = {**before.get("segments", {}), **one.get("segments", {})}
        kept[_key(one)] = {**one, "segments": segments}
    run.model_settings = {**run.model_settings, "evaluations": list(kept.values())}


def results_of(run: ExperimentSession, row: TrialEvaluation) -> list[dict[str, Any]]:
    """Return what a run keeps of the trials and rows of a question."""
    wanted = {(trial_id, row.project_file_id) for trial_id in row.trial_ids}
    found: list[dict[str, Any]] = run.model_settings.get("evaluations", [])
    return [one for one in found if _key(one) in wanted]


def _key(one: Mapping[str, Any]) -> tuple[str, int | None]:
    return str(one["trial_id"]), one.get("project_file_id")


def _best_trials(session: Session, run: ExperimentSession) -> list[str]:
    query = (
        select(Trial)
        .where(Trial.experiment_session_id == run.id, Trial.score_value.is_not(None))
        .order_by(Trial.score_value.desc(), Trial.created_at, Trial.id)
    )
    trials = [one for one in session.scalars(query) if "refit_data_path" not in one.raw_data]
    blends = [one.id for one in trials if one.raw_data.get("ensemble")]
    single = [one.id for one in trials if not one.raw_data.get("ensemble")]
    return [*single[:BEST], *blends[:1]]


def _live_trials(session: Session, run: ExperimentSession) -> list[str]:
    """Return the trials that are deployed, of any run of the experiment."""
    runs = select(ExperimentSession.id).where(ExperimentSession.experiment_id == run.experiment_id)
    query = select(Pipeline.trial_id).where(
        Pipeline.experiment_session_id.in_(runs),
        Pipeline.status.in_(_LIVE),
        Pipeline.trial_id.is_not(None),
    )
    return [str(one) for one in session.scalars(query)]
