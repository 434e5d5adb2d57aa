"""Define what a trial works on, what is tried, and what came of it."""

from __future__ import annotations

import pickle
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


_INFO_SUFFIX = ".info"
FOLDS_SUFFIX = ".folds"  # of the folder beside the data with what trials share of its folds


@dataclass(frozen=True)
class TrialData:
    """What every trial of a run works on: features, target, folds, and how to build a pipeline.

    `series` numbers the time series of each row, where there are several.
    Rows count by their `weights`, where a column of these was named.
    `clean` are the features as the first step of a pipeline leaves them, which is the same for all
    trials; None for series, whose forecasters take the features as they are.
    """

    features: Any
    target: Array
    folds: Sequence[tuple[Array, Array]]
    info: Mapping[str, Any]
    clean: Any = None
    series: Array | None = None
    weights: Array | None = None

    def store(self, path: Path) -> None:
        """Write the data where trial processes read it, and beside it what `stored_info` reads."""
        path.write_bytes(pickle.dumps(self, protocol=pickle.HIGHEST_PROTOCOL))
        path.with_suffix(_INFO_SUFFIX).write_bytes(pickle.dumps(dict(self.info)))

    @staticmethod
    def load(path: Path) -> TrialData:
        """Read what the run's own process has stored."""
        data = pickle.loads(path.read_bytes())  # noqa: S301 - a file in the run's own folder
        assert isinstance(data, TrialData)
        return data


def stored_info(path: Path) -> dict[str, Any] | None:
    """Return the `info` of stored data without reading the data; None where none is stored."""
    try:
        content = path.with_suffix(_INFO_SUFFIX).read_bytes()
    except FileNotFoundError:
        return None
    info: dict[str, Any] = pickle.loads(content)  # noqa: S301 - a file in the run's own folder
    return info


@dataclass(frozen=True)
class Evaluation:
    """What a trial process sends: scores of each fold, and the predictions for the test rows.

    `predictions` holds, fold after fold, probabilities (rows x classes) or values (rows). A trial
    that was ended before its last fold has fewer of each, and a failure that says so. `cut_after`
    are the rounds of boosting after which the clock stopped its first fold, and they the others.
    `predict_times` are the seconds that the predictions took. `hopes` are what each fold might
    score at a threshold of its own, where there is one; what was `settled` when all folds were
    there (`scores.settle`) are parameters of the trial, and its scores are by it.
    """

    fold_scores: tuple[Mapping[str, float], ...] = ()
    fold_times: tuple[float, ...] = ()
    predictions: tuple[Array, ...] = ()
    error: str | None = None
    failure: str | None = None
    cut_after: int | None = None
    predict_times: tuple[float, ...] = ()
    hopes: tuple[float, ...] = ()
    settled: Mapping[str, Any] = field(default_factory=dict)

    def and_fold(self, fold: Evaluation) -> Evaluation:
        """Return this with the results of one more fold."""
        return Evaluation(
            (*self.fold_scores, *fold.fold_scores),
            (*self.fold_times, *fold.fold_times),
            (*self.predictions, *fold.predictions),
            cut_after=self.cut_after or fold.cut_after,
            predict_times=(*self.predict_times, *fold.predict_times),
            hopes=(*self.hopes, *fold.hopes),
        )

    @property
    def predict_ms(self) -> float | None:
        """Return the milliseconds that a row of many takes to be predicted; None if not known."""
        rows = sum(len(shown) for shown in self.predictions)
        return 1e3 * sum(self.predict_times) / rows if rows and self.predict_times else None


@dataclass(frozen=True)
class Candidate:
    """One algorithm with its parameters, to be evaluated.

    `seconds` is what all its folds may take: boosting stops then and keeps the rounds it has, while
    any other goes on. None where there is time enough.
    """

    uid: str
    algorithm_name: str
    algorithm_params: Mapping[str, Any]
    optimizer_name: str = ""
    seconds: float | None = None

    @classmethod
    def new(
        cls,
        algorithm_name: str,
        algorithm_params: Mapping[str, Any],
        optimizer_name: str = "",
        *,
        seconds: float | None = None,
    ) -> Candidate:
        """Return a candidate under an id of 15 upper-case hex characters, unique over all runs."""
        uid = secrets.token_hex(8)[1:].upper()
        return cls(uid, algorithm_name, algorithm_params, optimizer_name, seconds)
