"""Return two runs side by side as a value: settings, data, boards, and how each went on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from auger_reconcile.api.runs.leaderboard import Leaderboard
from auger_reconcile.notebook import to_frame, to_sentences, to_table

if TYPE_CHECKING:
    import pandas as pd

Point = tuple[float, float]


@dataclass(frozen=True)
class ComparedRun:
    """One of the two runs.

    Attributes:
        experiment: name of its experiment.
        dataset: name of its data set, and `rows` and `features` of it as far as they are known.
        settings: in the words of auger.yaml.
        environment: what it was made with, by name: versions, system, the digest of its data; empty
            where the hub does not tell.
        curve: seconds since its start, and the best score so far, at each improvement.
    """

    experiment: str | None
    dataset: str | None
    rows: int | None
    features: int | None
    settings: Mapping[str, Any]
    board: Leaderboard
    curve: Sequence[Point]
    environment: Mapping[str, Any] = field(default_factory=dict)

    @property
    def best(self) -> Mapping[str, Any] | None:
        """The best trial, None for an empty board."""
        return self.board.trials[0] if self.board.trials else None

    def to_json(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "experiment": self.experiment,
            "dataset": self.dataset,
            "rows": self.rows,
            "features": self.features,
            "settings": dict(self.settings),
            **self.board.to_json(),
            "curve": [list(point) for point in self.curve],
            "environment": dict(self.environment),
        }


@dataclass(frozen=True)
class Difference:
    """One thing that both runs have, and whether it is the same."""

    name: str
    left: Any
    right: Any

    @property
    def is_same(self) -> bool:
        """Whether both have the same."""
        return bool(self.left == self.right)


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side."""

    left: ComparedRun
    right: ComparedRun

    @property
    def settings(self) -> list[Difference]:
        """Every setting that one of them has, in the order of the first."""
        return _side_by_side(self.left.settings, self.right.settings)

    @property
    def environment(self) -> list[Difference]:
        """What both were made with; empty where the hub tells it of only one of them."""
        if not (self.left.environment and self.right.environment):
            return []
        return _side_by_side(self.left.environment, self.right.environment)

    @property
    def data(self) -> list[Difference]:
        """What is known of the data."""
        pairs = ("dataset", "rows", "features")
        return [Difference(n, getattr(self.left, n), getattr(self.right, n)) for n in pairs]

    @property
    def algorithms(self) -> list[Difference]:
        """The best score of each algorithm in both."""
        return _side_by_side(*(_best_by_algorithm(one.board) for one in (self.left, self.right)))

    @property
    def warning(self) -> str | None:
        """Why the scores of the two cannot be compared; None where they can."""
        for name in ("target", "model_type"):
            one = next((one for one in self.settings if one.name == name), None)
            if one is not None and not one.is_same:
                told = " and ".join(f"`{value}`" for value in (one.left, one.right))
                apart = "their scores say nothing of each other"
                return f"The runs predict different things ({told}): {apart}."
        metrics = {one["score_name"] for run in (self.left, self.right) for one in run.board.trials}
        if len(metrics) > 1:
            return f"The runs have different metrics ({', '.join(sorted(map(str, metrics)))})."
        if self.left.dataset != self.right.dataset:
            return "The runs are about different data, by which scores differ as well."
        folds = next((one for one in self.settings if one.name == "cross_validation_folds"), None)
        if folds is not None and not folds.is_same:
            return "The runs have different folds: scores differ by that alone."
        return None

    def to_json(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "runs": [self.left.to_json(), self.right.to_json()],
            "different_settings": [one.name for one in self.settings if not one.is_same],
            "warning": self.warning,
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the best score of each algorithm in both runs as a table of pandas."""
        runs = (self.left.board.run_id, self.right.board.run_id)
        rows = [(one.name, one.left, one.right) for one in self.algorithms]
        return to_frame(rows, ["algorithm", *runs])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        runs = (self.left.board.run_id, self.right.board.run_id)
        warning = to_sentences([self.warning] if self.warning else [])
        pairs = [("Algorithm", self.algorithms)]
        differ = (*self.data, *self.settings, *self.environment)
        pairs += [("What differs", [one for one in differ if not one.is_same])]
        tables = (
            to_table((what, *runs), [(one.name, one.left, one.right) for one in some])
            for what, some in pairs
        )
        return warning + "".join(tables)


def _side_by_side(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[Difference]:
    names = dict.fromkeys([*left, *right])
    return [Difference(name, left.get(name), right.get(name)) for name in names]


def environment_from_wire(told: Any) -> dict[str, Any]:
    """Return what a run was made with, by name, in one level (wire contract §2.11)."""
    if not isinstance(told, Mapping):
        return {}
    single = {name: value for name, value in told.items() if not isinstance(value, Mapping)}
    data = {f"data {name}": value for name, value in dict(told.get("data") or {}).items()}
    return single | data | dict(told.get("packages") or {})


def _best_by_algorithm(board: Leaderboard) -> dict[str, float]:
    best: dict[str, float] = {}
    for row in board.trials:  # the best first
        if row["score"] is not None:
            best.setdefault(row["algorithm"], row["score"])
    return best


def best_so_far(trials: Sequence[Mapping[str, Any]], started_at: str | None) -> list[Point]:
    """Return when a run got better, in seconds since its start, and how good it was then.

    Args:
        trials: of the hub (wire contract §2.12).
        started_at: of the run, as the hub writes it.
    """
    return list(_improvements(trials, started_at))


def _improvements(trials: Sequence[Mapping[str, Any]], started_at: str | None) -> Iterator[Point]:
    begun = _moment(started_at)
    told = [(_moment(one.get("created_at")), one.get("score_value")) for one in trials]
    known = [(at, value) for at, value in told if at and isinstance(value, int | float)]
    best: float | None = None
    for at, value in sorted(known, key=lambda one: one[0]):
        if begun is None:
            begun = at
        if best is None or value > best:
            best = float(value)
            yield max(0.0, (at - begun).total_seconds()), best


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
