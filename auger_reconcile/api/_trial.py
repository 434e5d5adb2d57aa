"""Convert trials of a run to rows of its leaderboard."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def to_row(trial: Row) -> Row:
    """Translate one trial of the hub into a row of the leaderboard (wire contract §2.12)."""
    raw = trial.get("raw_data") or {}
    hyperparameter = trial.get("hyperparameter") or {}
    algorithm = str(hyperparameter.get("algorithm_name") or raw.get("algorithm_name") or "")
    score = trial.get("score_value")
    return {
        "id": str(trial["id"]),
        "algorithm": algorithm.rpartition(".")[2],
        "score_name": trial.get("score_name"),
        "score": float(score) if isinstance(score, int | float) else None,
        "seconds": raw.get("evaluation_time"),
        "ensemble": bool(raw.get("ensemble")),
        "all_scores": raw.get("all_scores") or {},
        "fold_scores": raw.get("fold_scores") or [],
        "algorithm_params": hyperparameter.get("algorithm_params") or {},
    }
