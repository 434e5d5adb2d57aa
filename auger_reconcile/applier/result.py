"""Define the result of an apply: outcomes by action, and the events on the way. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auger_reconcile.diagnostics import Diagnostic, tabulate
from auger_reconcile.errors import AugerError
from auger_reconcile.notebook import to_frame, to_sentences, to_table
from auger_reconcile.planner.plan import Action, Plan

if TYPE_CHECKING:
    import pandas as pd


class Status(str, Enum):
    """How an action ended."""

    APPLIED = "applied"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Outcome:
    """How one action ended.

    Attributes:
        note: what a person should know although nothing failed.
        seconds: that it took.
        object: what the address is bound to afterwards; None after a delete.
    """

    action: Action
    status: Status
    seconds: float = 0.0
    error: AugerError | None = None
    note: str = ""
    object: Any = None


@dataclass(frozen=True, repr=False)
class ApplyResult:
    """The outcomes of a plan, in the order of the plan.

    Attributes:
        notices: what went wrong beside the plan, such as a record that could not be kept.
        record: its number in the history of the hub; None where it is in none.
        remembered: the lock files that list something else than before.
    """

    plan: Plan
    outcomes: tuple[Outcome, ...]
    interrupted: bool = False
    notices: tuple[Diagnostic, ...] = ()
    record: int | None = None
    remembered: tuple[Path, ...] = ()

    def __str__(self) -> str:
        """Return the result as text, a line an action."""
        lines = [
            f"{one.status.value:7} {one.action.verb.value} {one.action.address}"
            + (f": {one.error}" if one.error else "")
            for one in self.outcomes
        ]
        done = f"Applied {self.count(Status.APPLIED)} of {len(self.outcomes)} actions."
        return "\n".join([*lines, f"Interrupted. {done}" if self.interrupted else done])

    def __repr__(self) -> str:
        return (
            f"<ApplyResult: {self.count(Status.APPLIED)} of {len(self.outcomes)} actions applied>"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: how each action ended."""
        heads = ("Resource", "Action", "Outcome", "Seconds", "Told")
        last = str(self).splitlines()[-1]
        table = to_table(heads, map(_row, self.outcomes))
        return f"{to_sentences([last])}{table}{tabulate(self.notices)}"

    def to_frame(self) -> pd.DataFrame:
        """Return the outcomes as a table of pandas."""
        heads = ("address", "action", "outcome", "seconds", "told")
        return to_frame(map(_row, self.outcomes), heads)

    @property
    def is_complete(self) -> bool:
        """Whether everything was applied, and the plan had no error of its own."""
        applied = all(outcome.status is Status.APPLIED for outcome in self.outcomes)
        errors = any(item.severity.value == "error" for item in self.plan.diagnostics)
        return applied and not errors and not self.interrupted

    def count(self, status: Status) -> int:
        """Return how many actions ended so."""
        return sum(1 for outcome in self.outcomes if outcome.status is status)


def _row(one: Outcome) -> tuple[Any, ...]:
    hint = one.error.hint if one.error else None
    told = "; ".join(str(text) for text in (one.error, hint, one.note) if text)
    return str(one.action.address), one.action.verb.value, one.status.value, one.seconds, told


@dataclass(frozen=True)
class Started:
    """An action began."""

    action: Action


@dataclass(frozen=True)
class Progressed:
    """An action came further.

    Attributes:
        text: how far, in words: `7 of 10 trials, best 0.9667`.
        done: bytes so far, when bytes are moved.
        total: bytes in all.
    """

    action: Action
    text: str = ""
    done: int | None = None
    total: int | None = None


@dataclass(frozen=True)
class Finished:
    """An action ended."""

    outcome: Outcome


Event = Started | Progressed | Finished
