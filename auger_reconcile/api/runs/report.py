"""Return what is known of a run as a value: its board, its settings, one trial explained."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auger_reconcile.api.runs.leaderboard import Leaderboard, Row
from auger_reconcile.api.runs.sections import sections_of, title_of, to_notebook
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.errors import AugerError, HubError, NotFound
from auger_reconcile.notebook import to_frame, to_text

if TYPE_CHECKING:
    import pandas as pd

_CUT_SHORT = "explanation-cut-short"
PAUSE = 1.0  # seconds between two looks
_UNKNOWN = (404, 405)


@dataclass(frozen=True)
class Report:
    """A run in full.

    Attributes:
        experiment: its name.
        settings: of the run, in the words of auger.yaml.
        trial: the row of the explained trial; None for an empty board.
        explanation: what the hub found, as its route has it; None where there is none.
        missing: why there is no explanation.
    """

    experiment: str
    board: Leaderboard
    settings: Mapping[str, Any]
    trial: Row | None
    explanation: Mapping[str, Any] | None
    missing: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "experiment": self.experiment,
            "settings": dict(self.settings),
            **self.board.to_json(),
            "trial": self.trial,
            "explanation": self.explanation,
            "missing": self.missing,
        }

    @property
    def importance(self) -> Sequence[Mapping[str, Any]]:
        """By how much the score falls without each column: `column`, `mean` and `std`."""
        told = (self.explanation or {}).get("importance") or {}
        return tuple(told.get("columns") or ())

    def to_frame(self) -> pd.DataFrame:
        """Return the importance of the columns as a table of pandas; the board has its own."""
        return to_frame(list(self.importance), ["column", "mean", "std"])

    def _repr_html_(self) -> str:
        """Return what a notebook shows: all sections of the report, with their drawings."""
        title = f"<h3>{to_text(title_of(self))}</h3>"
        return title + "".join(to_notebook(one) for one in sections_of(self))


def fetch_explanation(
    client: HubClient, trial_id: str, seconds: float, tell: Callable[[str], None]
) -> tuple[Mapping[str, Any] | None, str]:
    """Return what a hub found about a trial, or why there is nothing; ask for it if need be.

    Args:
        client: of the hub.
        trial_id: of the trial.
        seconds: to wait for it at most.
        tell: shows that it is waited for.
    """
    path = f"trials/{trial_id}/explanation"
    deadline = time.monotonic() + seconds
    try:
        found = client.call("GET", path)
        if found.get("status") in ("not_requested", "error") or _is_cut_short(found):
            found = client.call("POST", path)
        while found.get("status") == "waiting" and time.monotonic() < deadline:
            tell("waiting for the explanation, which is made while no trial runs")
            time.sleep(PAUSE)
            found = client.call("GET", path)
    except NotFound:
        return None, "this hub explains no trials"
    except HubError as error:
        if error.status not in _UNKNOWN:
            raise
        return None, "this hub explains no trials"
    match found.get("status"):
        case "done":
            return found["content"], ""
        case "waiting":
            return None, "the explanation is not ready yet: it is made while no trial runs"
        case _:
            return None, str(found.get("error_message") or "the hub could not explain the trial")


def _is_cut_short(found: Mapping[str, Any]) -> bool:
    """Tell whether there was no time for all of it: who asks has time."""
    notices = (found.get("content") or {}).get("notices") or ()
    return any(notice.get("code") == _CUT_SHORT for notice in notices)


def choose_row(board: Leaderboard, trial_id: str | None) -> Row | None:
    """Return the row of a trial, of the best one by default; None for an empty board.

    Raises:
        AugerError: the board has no such trial.
    """
    if trial_id is None:
        return board.trials[0] if board.trials else None
    for row in board.trials:
        if row["id"] == trial_id:
            return row
    hint = f"auger experiment leaderboard {board.run_id}"
    raise AugerError(f"run {board.run_id} has no trial {trial_id}", hint=hint)
