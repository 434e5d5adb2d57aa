"""Compare a run with one that makes it once more: trial by trial, data, packages, settings."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auger_reconcile.api.runs.comparison import Comparison, Difference
from auger_reconcile.errors import AugerError
from auger_reconcile.notebook import to_frame, to_sentences, to_table
from auger_reconcile.resources._base import comparable

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Any]
_NEAR = 1e-9  # scores that differ by less are the same: sums of other threads


@dataclass(frozen=True)
class TrialPair:
    """A trial of the run, and the one that the other run made of the same settings.

    Attributes:
        first: its score, None where the run has no such trial.
        again: the score of the other one, None likewise.
    """

    algorithm: str
    first: float | None
    again: float | None

    @property
    def is_same(self) -> bool:
        """Whether both have it, with the same score (to 1e-9)."""
        if self.first is None or self.again is None:
            return False
        return math.isclose(self.first, self.again, rel_tol=_NEAR, abs_tol=_NEAR)

    def to_json(self) -> dict[str, Any]:
        """Return the members by name."""
        return {"algorithm": self.algorithm, "first": self.first, "again": self.again}


@dataclass(frozen=True)
class Reproduction:
    """A run, and the one that makes it once more.

    Attributes:
        comparison: both as any two runs, the first one at the left.
        trials: of both, in the order of the first board.
    """

    comparison: Comparison
    trials: tuple[TrialPair, ...]

    @classmethod
    def of(cls, comparison: Comparison) -> Reproduction:
        """Pair the trials of two runs by algorithm and hyperparameters."""
        boards = (comparison.left.board.trials, comparison.right.board.trials)
        return cls(comparison, tuple(_pair(*boards)))

    @property
    def is_same(self) -> bool:
        """Whether every trial of both has its counterpart, with the same score."""
        return bool(self.trials) and all(pair.is_same for pair in self.trials)

    @property
    def different(self) -> tuple[TrialPair, ...]:
        """Trials that both have, with another score."""
        both = (p for p in self.trials if p.first is not None and p.again is not None)
        return tuple(pair for pair in both if not pair.is_same)

    @property
    def missing(self) -> tuple[TrialPair, ...]:
        """Trials that only the first run has."""
        return tuple(pair for pair in self.trials if pair.again is None)

    @property
    def added(self) -> tuple[TrialPair, ...]:
        """Trials that only the other run has."""
        return tuple(pair for pair in self.trials if pair.first is None)

    @property
    def causes(self) -> tuple[Difference, ...]:
        """What is different around them: packages, system, data, settings."""
        pairs = (*self.comparison.environment, *self.comparison.settings)
        return tuple(one for one in pairs if not one.is_same)

    def to_json(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "run_id": self.comparison.left.board.run_id,
            "reproduced_by": self.comparison.right.board.run_id,
            "is_same": self.is_same,
            "trials": [{**pair.to_json(), "is_same": pair.is_same} for pair in self.trials],
            "differences": [
                {"name": one.name, "first": one.left, "again": one.right} for one in self.causes
            ],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the trials as a table of pandas: algorithm, first, again, is_same."""
        return to_frame(self.to_json()["trials"])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        left, right = self.comparison.left.board.run_id, self.comparison.right.board.run_id
        same = sum(pair.is_same for pair in self.trials)
        told = f"Run {left}, once more as {right}: the same score in {same} of {len(self.trials)}"
        pairs = [(one.algorithm, one.first, one.again, one.is_same) for one in self.trials]
        causes = [(one.name, one.left, one.right) for one in self.causes]
        return "".join(
            [
                to_sentences([f"{told} trials."]),
                to_table(("Algorithm", left, right, "The same"), pairs),
                to_table(("What differs", left, right), causes),
            ]
        )


def _pair(left: Iterable[Row], right: Iterable[Row]) -> Iterator[TrialPair]:
    """Yield the trials of both, each once; those that only the right one has come last."""
    others: dict[str, list[Row]] = defaultdict(list)
    for row in right:
        others[_identity(row)].append(row)
    for row in left:
        same = others[_identity(row)]
        again = same.pop(0) if same else None
        yield TrialPair(row["algorithm"], row["score"], again["score"] if again else None)
    for rows in others.values():
        yield from (TrialPair(row["algorithm"], None, row["score"]) for row in rows)


def _identity(row: Row) -> str:
    """Return what makes two trials the same one; an ensemble names its members by their ids."""
    settings = "ensemble" if row["ensemble"] else comparable(row["algorithm_params"])
    return f"{row['algorithm']} {settings}"


def refuse_what_cannot_be_repeated(item: Mapping[str, Any]) -> None:
    """Raise AugerError for a run whose data is gone, or that never began; the hub refuses both."""
    told = f"run `{item['id']}` cannot be made once more"
    if "project_file_id" in item and item["project_file_id"] is None:
        hint = "a new run learns from data that is there\nauger experiment start"
        raise AugerError(f"{told}: the data set that it learned from was deleted", hint=hint)
    if item.get("status") == "waiting" and not item["reproduces"]:
        hint = "what is declared is started by\nauger experiment start"
        raise AugerError(f"{told}: it was never started", hint=hint)
