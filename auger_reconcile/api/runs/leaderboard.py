"""Return the board of a run as a value: trials by score, and what the hub tells beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auger_reconcile.notebook import to_frame, to_sentences, to_table
from auger_reconcile.resources.search.account import Account

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

SENTENCES = {
    "waiting": "The run has not been started yet.",
    "preprocess": "The run is reading the data.",
    "started": "The run is not finished; the leaderboard is not final.",
    "completed": "The run is completed.",
    "interrupted": "The run was interrupted; what it had finished is kept.",
    "error": "The run ended with an error.",
}
SHOWN = 25  # trials in a notebook; `to_frame` has all


@dataclass(frozen=True)
class Leaderboard:
    """The trials of a run, best first.

    Attributes:
        run_id: of the run.
        status: of the run, such as `completed`.
        trials: rows as `Experiment.leaderboard` returns them.
        account: failures, notices, and what to expect of the best one on new rows.
    """

    run_id: str
    status: str
    trials: tuple[Row, ...]
    account: Account

    def to_json(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        told = self.account.to_json()
        return {"run_id": self.run_id, "status": self.status, **told, "trials": list(self.trials)}

    def to_frame(self) -> pd.DataFrame:
        """Return the trials as a table of pandas."""
        return to_frame(list(self.trials))

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        metric = next((str(row["score_name"]) for row in self.trials if row["score_name"]), "score")
        held = ("holdout",) if self.account.holdout is not None else ()
        names = ("id", "algorithm", "score", *held, "seconds")
        heads = ("Model id", "Algorithm", metric, *(["Holdout"] if held else []), "Seconds")
        rows = [[row.get(name) for name in names] for row in self.trials[:SHOWN]]
        left = len(self.trials) - SHOWN
        told = [f"Run {self.run_id}: {self.status}"]
        told += [self.account.expected.text] if self.account.expected else []
        told += [self.account.held_out] if self.account.held_out else []
        told += [self.account.error] if self.account.error else []
        told += [self.account.trials] if self.account.failed else []
        told += [notice.text for notice in self.account.notices]
        told += [f"{left} more trials"] if left > 0 else []
        return to_sentences(told) + to_table(heads, rows)


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
        "predict_ms": raw.get("predict_ms"),
        "ensemble": bool(raw.get("ensemble")),
        "all_scores": raw.get("all_scores") or {},
        "fold_scores": raw.get("fold_scores") or [],
        "algorithm_params": hyperparameter.get("algorithm_params") or {},
    }
