"""Estimate what the chosen trial will score on new rows, with an interval.

The best of many is flattered by luck, and its mean over the folds does not show by how much. So the
choosing is repeated on samples of the rows: BBC-CV of Tsamardinos, Greasidou and Borboudakis,
"Bootstrapping the out-of-sample predictions for efficient and accurate cross-validation", 2018.
Each round draws rows with replacement, takes the best trial there (the mean of all that tie), and
scores it on the rows that were not drawn, by predictions of models that never saw them.

A score on few rows pooled over folds is not on the scale of a mean over folds (R2 and F1 are no
means over rows), so the rounds tell the *difference* to the trial that was chosen in fact, on the
same rows; that is added to its score on the board. For metrics that are means over rows this is
BBC-CV to the letter. Neighbours in time are drawn in blocks: their errors are alike.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn import config_context

from auger_hub.search.scores.at_once import at_once, confusion, of_confusions
from auger_hub.search.scores.ensemble import Nested, Predictions
from auger_hub.search.scores.metrics import ROW_MEANS, Outcome, all_scores, best_value, metrics_for
from auger_hub.search.trials.trial import TrialData

Array = np.ndarray[Any, Any]
LEVEL = 0.95
MOST_TRIALS = 100  # the best ones: the others would be chosen in hardly any sample
MOST_ROWS = 10_000  # of more, a part is enough: luck is small there, and the interval only wider
MOST_ROUNDS, FEWEST_ROUNDS, SCORES = 200, 60, 6_000  # as many rounds as so many scores allow
TIE = 1e-12


@dataclass(frozen=True)
class Expectation:
    """What to expect of the chosen trial on new rows: a score, and an interval around it.

    Attributes:
        best: the score of the chosen trial on the board.
        level: the share of such intervals that hold what new rows tell.
        trials: among how many was chosen.
    """

    metric: str
    best: float
    score: float
    low: float
    high: float
    level: float
    rounds: int
    trials: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Candidates:
    """What the choice was among: predictions for the test rows of all folds, and board scores.

    Attributes:
        predictions: of single trials, best first; those that were kept.
        scores: of every trial with a score, by its id.
        ensemble: predictions of the ensemble as it stands on the board, when there is one.
        ensemble_score: on the board.
        nested: how the ensemble was measured against single trials, when there is one.
    """

    predictions: Mapping[str, Predictions]
    scores: Mapping[str, float]
    ensemble: Predictions | None = None
    ensemble_score: float = -np.inf
    nested: Nested | None = None


def expect(data: TrialData, candidates: Candidates, end: float | None = None) -> Expectation | None:
    """Return what to expect of the best of the board; None where nothing can be said.

    Args:
        data: of the run.
        candidates: what the choice was among.
        end: of the time for it, on the clock of `time.monotonic`; fewer rounds are run for it.
    """
    # The predictions come from our own trials: checking them again costs more than the scores.
    with config_context(skip_parameter_validation=True, assume_finite=True):
        return _expect(data, candidates, end)


def _expect(data: TrialData, candidates: Candidates, end: float | None) -> Expectation | None:
    everything = [*candidates.scores.values(), candidates.ensemble_score]
    best = max(everything, default=-np.inf)
    choice = _Choice(data, candidates, best)
    if not np.isfinite(best) or not choice.is_known:
        return None
    rounds = max(FEWEST_ROUNDS, min(MOST_ROUNDS, SCORES // choice.count))
    random = np.random.default_rng(data.info.get("seed", 0))
    told = []
    for _ in range(rounds):
        told.append(choice.repeat(random))
        if end is not None and time.monotonic() > end:
            break
    pairs = np.array([pair for pair in told if np.isfinite(pair).all()])
    if len(pairs) < FEWEST_ROUNDS // 2:
        return None
    repeated, chosen = pairs.T
    found = best + repeated - chosen.mean()
    worst = min(score for score in everything if np.isfinite(score))
    score = float(np.clip(found.mean(), worst, best))
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    metric = data.info["scoring"]
    return Expectation(
        metric=metric,
        best=float(best),
        score=score,
        low=min(float(low), score),
        high=max(min(float(high), best_value(metric)), score),
        level=LEVEL,
        rounds=len(pairs),
        trials=len(candidates.scores),
    )


class _Choice:
    """Repeats the choice of the board on samples of the rows."""

    def __init__(self, data: TrialData, candidates: Candidates, best: float) -> None:
        trials = dict(list(candidates.predictions.items())[:MOST_TRIALS])
        self._scorer = _Scorer(data)
        taken = [self._scorer.take(shown) for shown in trials.values()]
        self._trials = np.array(taken)
        self._chosen = [
            shown
            for uid, shown in zip(trials, taken, strict=True)
            if candidates.scores.get(uid, -np.inf) >= best - TIE
        ]
        if candidates.ensemble is not None and candidates.ensemble_score >= best - TIE:
            self._chosen.append(self._scorer.take(candidates.ensemble))
        self._nested = candidates.nested
        if self._nested is not None:
            self._blended = self._scorer.take(self._nested.blended)
            self._single = self._scorer.take(self._nested.single)
        self._blocks = _blocks(data, self._scorer.rows)

    @property
    def is_known(self) -> bool:
        """Tell whether the predictions of the chosen one are there."""
        return bool(self._chosen)

    @property
    def count(self) -> int:
        """Return how many scores one round takes."""
        return len(self._trials) + 2

    def repeat(self, random: np.random.Generator) -> tuple[float, float]:
        """Return what is chosen on some rows, and what was chosen in fact, scored on the others."""
        names, block = np.unique(self._blocks, return_inverse=True)
        drawn = np.bincount(random.integers(len(names), size=len(names)), minlength=len(names))
        inside = np.repeat(np.arange(len(block)), drawn[block])
        outside = np.flatnonzero(drawn[block] == 0)
        if not len(outside):
            return np.nan, np.nan
        fact = np.mean([self._score(shown, outside) for shown in self._chosen])
        chosen = self._choose(inside)
        return float(np.mean([self._score(shown, outside) for shown in chosen])), float(fact)

    def _choose(self, rows: Array) -> Sequence[Array]:
        """Return the ensemble where it is better than single trials, as on the board; else those.

        Both were chosen without the rows of their fold, so neither is flattered here.
        """
        if self._nested is not None:
            blended, single = self._score(self._blended, rows), self._score(self._single, rows)
            if blended > single:
                return [self._blended]
        scores = self._scorer.score_each(self._trials, rows)
        best = np.flatnonzero(scores >= scores.max() - TIE)
        return [self._trials[index] for index in best]

    def _score(self, shown: Array, rows: Array) -> float:
        return self._scorer.score(shown, rows)


class _Scorer:
    """The metric of the run on any of the test rows of all folds taken together."""

    def __init__(self, data: TrialData) -> None:
        self._metric: str = data.info["scoring"]
        classes = len(data.info.get("targetClasses", ()))
        functions = metrics_for(data.info["model_type"], classes)
        self._function = {self._metric: functions[self._metric]}
        self._at_once = at_once(self._metric, has_classes=bool(classes))
        self._of_confusions = None
        if data.weights is not None:  # what scores many at once counts rows, but for confusions
            self._at_once = None
            self._of_confusions = of_confusions(self._metric) if classes else None
        self._data = data
        self._by_row = ROW_MEANS.get(self._metric)
        rows = np.concatenate([test for _, test in data.folds])
        self._taken = _some(rows, data)
        self.rows = rows[self._taken]
        self._truth = data.target[self.rows]
        self._weights = None if data.weights is None else data.weights[self.rows]

    def take(self, shown: Predictions) -> Array:
        """Return what is scored of predictions: themselves, or the values whose mean it is."""
        if self._by_row is None:
            return np.concatenate(shown)[self._taken]
        values = [
            self._by_row(Outcome.of_fold(self._data, fold, one))
            for one, fold in zip(shown, self._data.folds, strict=True)
        ]
        return np.concatenate(values)[self._taken]

    def score_each(self, taken: Array, rows: Array) -> Array:
        """Return the score of each of several on these rows."""
        if self._by_row is not None:
            weights = None if self._weights is None else self._weights[rows]
            return np.asarray(np.average(taken[:, rows], axis=1, weights=weights))
        if self._at_once is not None:
            scores = self._at_once(self._truth[rows], taken[:, rows])
            return np.where(np.isnan(scores), -np.inf, scores)
        if self._of_confusions is not None and self._weights is not None:
            told = confusion(self._truth[rows], taken[:, rows], self._weights[rows])
            return np.nan_to_num(self._of_confusions(told), nan=-np.inf)
        return np.array([self._score(one, rows) for one in taken])

    def score(self, taken: Array, rows: Array) -> float:
        """Return the score on these rows, given by their place; the worst where it is undefined."""
        return float(self.score_each(taken[None], rows)[0])

    def _score(self, taken: Array, rows: Array) -> float:
        weights = None if self._weights is None else self._weights[rows]
        outcome = Outcome.of(self._truth[rows], taken[rows], self._truth, weights)
        return all_scores(outcome, self._function).get(self._metric, -np.inf)


def _some(rows: Array, data: TrialData) -> Array:
    """Return the places of the rows that are looked at, in order; all when they are not many."""
    if len(rows) <= MOST_ROWS:
        return np.arange(len(rows))
    if is_in_time_order(data):
        return np.arange(len(rows) - MOST_ROWS, len(rows))
    random = np.random.default_rng(data.info.get("seed", 0))
    return np.sort(random.choice(len(rows), MOST_ROWS, replace=False))


def _blocks(data: TrialData, rows: Array) -> Array:
    """Return what is drawn together: each row for itself, or blocks of n^(1/3) neighbours in time.

    The length is that of Bühlmann and Künsch, "Block length selection in the bootstrap for time
    series", 1999, as far as its order goes.
    """
    if not is_in_time_order(data):
        return np.arange(len(rows))
    return np.asarray(np.arange(len(rows)) // max(1, round(len(rows) ** (1 / 3))))


def is_in_time_order(data: TrialData) -> bool:
    """Tell whether later rows are tested by models of earlier ones."""
    return data.info["model_type"] == "timeseries" or bool(data.info.get("timeColumn"))
