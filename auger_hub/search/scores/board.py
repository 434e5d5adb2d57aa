"""Rank the trials of a run, and keep predictions of the best ones for an ensemble of them.

A score is the mean over the folds, while a run goes on and at its end: a board is there to compare
what was measured. The best of many is flattered by luck; what to expect of it on new rows is told
once, beside the board (`expectation`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from auger_hub.search.sampling import ROUNDS
from auger_hub.search.task import TrialResult
from auger_hub.search.trials.trial import Candidate, Evaluation

if TYPE_CHECKING:
    from auger_hub.search.scores.ensemble import Blend, Predictions

KEPT = 12  # predictions may be large: those of so many of the best trials are always kept,
ROOM = 32 << 20  # and of more while they take no more bytes than this


@dataclass(frozen=True)
class Speed:
    """How quickly models have to predict: at most so many milliseconds a row, if that matters.

    Where the models of the folds are deployed, there are `models` of each trial.
    """

    most_ms: float | None = None
    models: int = 1


class Board:
    """Takes trials in, reports each once, and knows the best."""

    def __init__(
        self,
        scoring: str,
        finished: Sequence[TrialResult],
        report: Callable[[TrialResult], None],
        speed: Speed = Speed(),
    ) -> None:
        self._scoring, self._report, self._speed = scoring, report, speed
        self._results = list(finished)
        self._predictions: dict[str, Predictions] = {}

    @property
    def searched(self) -> list[TrialResult]:
        """Return the trials of the race, in the order they finished: no baseline, no ensemble."""
        return [r for r in self._results if r.optimizer_name]

    @property
    def _scored(self) -> list[TrialResult]:
        """Return the trials with a score that are no ensembles, in the order they finished."""
        return [r for r in self._results if r.score is not None and not r.ensemble]

    @property
    def baseline(self) -> TrialResult | None:
        """Return the baseline, if it has been tried."""
        is_one = (r for r in self._results if not r.optimizer_name and not r.ensemble)
        return next(is_one, None)

    @property
    def is_baseline_best(self) -> bool:
        """Tell whether nothing that was tried is better than the baseline."""
        baseline = self.baseline
        if baseline is None or baseline.score is None or len(self._results) == 1:
            return False
        return baseline.score == self.best_score

    @property
    def has_ensemble(self) -> bool:
        """Tell whether an ensemble was already found."""
        return any(r.ensemble for r in self._results)

    @property
    def best_score(self) -> float | None:
        """Return the best score so far."""
        return max((r.score for r in self._results if r.score is not None), default=None)

    @property
    def scores(self) -> dict[str, float]:
        """Return the scores of all trials that have one, ensembles left out."""
        return {r.uid: r.score for r in self._scored if r.score is not None}

    def best(self, count: int = KEPT) -> list[TrialResult]:
        """Return the best trials that are no ensembles, best first, the earlier one of equals."""
        return sorted(self._scored, key=lambda r: -(r.score or 0.0))[:count]

    def add(self, candidate: Candidate, evaluation: Evaluation, seconds: float) -> TrialResult:
        """Take in and report what came of a trial."""
        result = self._result(candidate, evaluation, seconds)
        most, took = self._speed.most_ms, result.predict_ms
        if most is not None and took is not None and took > most:
            reason = f"takes {took:.2g} ms a row to predict, more than the {most:g} of the run"
            result = replace(result, score=None, error=reason, failure="slow")
        self._results.append(result)
        if result.score is not None:
            self.keep_predictions(candidate, evaluation)
        self._report(result)
        return result

    def add_ensemble(self, algorithm_name: str, blend: Blend, *, seconds: float) -> None:
        """Take in and report an ensemble, with all that is needed to build it again."""
        members = [r for r in self.best(len(self._scored)) if r.uid in blend.weights]
        params = {
            "pipelines": [member.uid for member in members],
            "weights": [blend.weights[member.uid] for member in members],
            "members": [
                {"algorithm_name": m.algorithm_name, "algorithm_params": m.algorithm_params}
                for m in members
            ],
        }
        candidate = Candidate.new(algorithm_name, params)
        folds = len(blend.fold_scores)
        times = (seconds / folds,) * folds
        evaluation = Evaluation(blend.fold_scores, times, settled=blend.settled)
        result = self._result(candidate, evaluation, seconds, ensemble=True)
        known = [member.predict_ms for member in members if member.predict_ms is not None]
        result = replace(result, predict_ms=sum(known) if len(known) == len(members) else None)
        self._results.append(result)
        self._report(result)

    def keep_predictions(self, candidate: Candidate, evaluation: Evaluation) -> None:
        """Keep what a trial predicted for as long as it is among the best."""
        if not evaluation.predictions:
            return
        self._predictions[candidate.uid] = evaluation.predictions
        size = sum(fold.nbytes for fold in evaluation.predictions)
        kept = {result.uid for result in self.best(max(KEPT, ROOM // max(size, 1)))}
        self._predictions = {u: p for u, p in self._predictions.items() if u in kept}

    def predictions(self) -> dict[str, Predictions]:
        """Return the predictions of the best trials, best first; some may have none."""
        uids = [result.uid for result in self.best(len(self._scored))]
        return {uid: self._predictions[uid] for uid in uids if uid in self._predictions}

    @property
    def predict_ms(self) -> dict[str, float]:
        """Return the milliseconds a row of the trials of which they are known."""
        return {r.uid: r.predict_ms for r in self._scored if r.predict_ms is not None}

    def _result(
        self,
        candidate: Candidate,
        evaluation: Evaluation,
        seconds: float,
        *,
        ensemble: bool = False,
    ) -> TrialResult:
        scores = mean_scores(evaluation.fold_scores)
        error, failure = evaluation.error, evaluation.failure
        if failure is None and self._scoring not in scores:
            error, failure = f"`{self._scoring}` is undefined for its predictions", "error"
        started = datetime.now(timezone.utc) - timedelta(seconds=seconds)
        params = dict(candidate.algorithm_params)
        params |= {} if evaluation.cut_after is None else {ROUNDS: evaluation.cut_after}
        params |= evaluation.settled
        took = evaluation.predict_ms
        return TrialResult(
            uid=candidate.uid,
            algorithm_name=candidate.algorithm_name,
            algorithm_params=params,
            score=None if failure else scores.get(self._scoring),
            all_scores=scores,
            fold_scores=[f[self._scoring] for f in evaluation.fold_scores if self._scoring in f],
            fold_times=list(evaluation.fold_times),
            evaluation_time=seconds,
            error=error,
            failure=failure,
            optimizer_name=candidate.optimizer_name,
            ensemble=ensemble,
            started_at=started.strftime("%Y-%m-%d %H:%M:%S.%f"),
            predict_ms=None if took is None else took * self._speed.models,
        )


def mean_scores(folds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean over the folds of each metric that is defined in all of them."""
    names = [name for name in folds[0] if all(name in fold for fold in folds)] if folds else []
    return {name: sum(fold[name] for fold in folds) / len(folds) for name in names}
