"""Compare a model with the live one and with the best trials of the runs of its experiment."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from sqlalchemy import select

from auger_hub.database.tables import ExperimentSession, Hyperparameter, Pipeline, Trial
from auger_hub.http.contract import Call, Fields
from auger_hub.pages.words import algorithm
from auger_hub.runs.run_row import options_of
from auger_hub.serving.rollouts import live_beside, stages_of

_MOST = 12
LIVE = "live"


def roles_of(call: Call, project_id: int) -> dict[str, str]:
    """Return which models of a project answer, and as what: `live`, `canary of 20 %`, `shadow`."""
    query = select(Pipeline.id).where(Pipeline.project_id == project_id, Pipeline.status == "ready")
    beside = stages_of(call.session, project_id)
    return {name: beside.get(name, LIVE) for name in call.session.scalars(query)}


def find_rivals(call: Call, row: Pipeline, run: ExperimentSession) -> Fields:
    """Return the best trial of each run beside a model, and how they compare with the live one.

    The live one is this model, or the one that it stands beside as a challenger.
    """
    live = live_beside(call.session, row) or row
    rows = _trials(call, {row.id, live.id}, run)
    base = next((one for one in rows if one["id"] == live.id), None)
    roles = roles_of(call, row.project_id)
    for one in rows:
        one["role"] = roles.get(one["id"])
        one["is_this"], one["is_base"] = one["id"] == row.id, one is base
        for name in ("score", "holdout"):
            one[f"{name}_gap"] = _gap(one, base, name)
    return {
        "rows": rows,
        "has_holdout": base is not None and base["holdout"] is not None,
        "verdict": judge(base, rows) if base else None,
    }


def judge(base: Fields, rows: Sequence[Fields]) -> Fields:
    """Say which is better: the live model or the best of its challengers.

    A difference that is smaller than that between the folds of the live model decides nothing.
    """
    measure = "holdout" if base["holdout"] is not None else "score"
    others = [one for one in rows if one["id"] != base["id"] and not one["is_other_data"]]
    if not others:
        return {"word": "alone", "text": "There is no challenger yet: no other run has a trial."}
    rivals = [one for one in others if one[measure] is not None]
    if not rivals:
        text = "Not known yet: no challenger was scored on the holdout, which ends a run."
        return {"word": "unknown", "text": text}
    best = max(rivals, key=lambda one: one[measure])
    gap = best[measure] - base[measure]
    name = f"{algorithm(best['algorithm'])} of run {best['run']}"
    more = f"{abs(gap):.4f} {'less' if gap < 0 else 'more'} than"
    told = f"{name} scores {more if gap else 'the same as'} the live model"
    told += " on the holdout" if measure == "holdout" else " on the folds"
    spread = base["spread"]
    if spread is not None and abs(gap) <= spread:
        text = f"No clear winner: {told}; folds of the live model alone differ by ± {spread:.4f}."
        return {"word": "draw", "text": text}
    word, who = ("challenger", "challenger") if gap > 0 else (LIVE, "live model")
    return {"word": word, "text": f"The {who} is better: {told}."}


def _gap(one: Fields, base: Fields | None, name: str) -> float | None:
    if base is None or one is base or one[name] is None or base[name] is None:
        return None
    return float(one[name] - base[name])


def _trials(call: Call, shown: set[str], run: ExperimentSession) -> list[Fields]:
    """Return the best trial of each run of the experiment, and those that are shown anyway."""
    query = (
        select(Trial, Hyperparameter.algorithm_name, ExperimentSession.number)
        .join(Hyperparameter, Hyperparameter.id == Trial.hyperparameter_id)
        .join(ExperimentSession, ExperimentSession.id == Trial.experiment_session_id)
        .where(
            ExperimentSession.experiment_id == run.experiment_id,
            Trial.score_name == options_of(run).get("scoring"),
            Trial.id.in_(shown) | (Trial.score_value >= ExperimentSession.top_score_value),
        )
        .order_by(Trial.score_value.desc(), Trial.created_at.desc())
        .limit(_MOST)
    )
    held_out = on_newest_holdout(_settings_of_all(call, run), options_of(run).get("scoring"))
    return [
        {
            "id": trial.id,
            "holdout": held_out.get(trial.id),
            "run": number,
            "run_id": trial.experiment_session_id,
            "algorithm": name,
            "score": trial.score_value,
            "spread": _spread(trial.result.get("fold_scores") or []),
            "is_other_data": "refit_data_path" in trial.raw_data,
        }
        for trial, name, number in call.session.execute(query)
    ]


def _spread(folds: list[float]) -> float | None:
    return statistics.stdev(folds) if len(folds) > 1 else None


def _settings_of_all(call: Call, run: ExperimentSession) -> list[Fields]:
    """Return what is kept with each run of the experiment, the newest first."""
    query = (
        select(ExperimentSession)
        .where(ExperimentSession.experiment_id == run.experiment_id)
        .order_by(ExperimentSession.number.desc())
    )
    return [one.model_settings for one in call.session.scalars(query)]


def on_newest_holdout(settings: Sequence[Fields], metric: str | None) -> dict[str, float]:
    """Return how trials do on the holdout of the newest run that has one, whichever run told.

    Args:
        settings: what is kept with each run, the newest first.
        metric: of the scores.
    """
    held_out = [one["holdout"] for one in settings if isinstance(one.get("holdout"), dict)]
    return {
        str(told["trial_id"]): told["score"]
        for one in reversed(settings)
        for told in one.get("evaluations") or ()
        if held_out
        and told.get("project_file_id") == held_out[0]["project_file_id"]
        and told.get("metric") == metric
        and told.get("score") is not None
    }
