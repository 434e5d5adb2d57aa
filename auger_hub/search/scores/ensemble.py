"""Average the best trials with weights chosen greedily on the predictions of their test rows.

Caruana et al., "Ensemble selection from libraries of models", 2004. Whether it helps is measured
nested: the candidates and weights that are scored on a fold were chosen on the other folds only,
and so was the single trial that it has to beat. Its score on the board is then measured as that of
every trial: by what it predicts for the test rows of each fold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn import config_context

from auger_hub.search.scores.at_once import at_once
from auger_hub.search.scores.metrics import Outcome, all_scores, metrics_for
from auger_hub.search.scores.settle import settle
from auger_hub.search.trials.trial import TrialData

Array = np.ndarray[Any, Any]
Predictions = tuple[Array, ...]
Counts = tuple[int, ...]  # how often each trial was taken
MOST_CANDIDATES = 16
OF_ONE_ALGORITHM = 4  # of these at first: trials that differ by a number make the same errors
DOUBT = 0.5  # standard errors by which an ensemble may seem worse: it varies less on new rows
ROUNDS = 15
MOST_CELLS, MOST_ROWS = 24_000, 5_000  # of a fold by which trials are chosen; more tell no more
TIE_BREAK = 1e-2  # of the log-likelihood: on few rows many blends have the very same accuracy
PATIENCE = 4  # rounds without a better mean


@dataclass(frozen=True)
class Nested:
    """Predictions for each fold by what was chosen on all other folds: an ensemble, a trial."""

    blended: Predictions
    single: Predictions


@dataclass(frozen=True)
class Blend:
    """The weights of the members that were chosen, and what they are worth on each fold.

    `predictions` are theirs for the test rows; `nested` is how they were found to help. What was
    `settled` of them are parameters of the ensemble, and the scores are by it.
    """

    weights: dict[str, float]
    fold_scores: tuple[dict[str, float], ...]
    predictions: Predictions = ()
    nested: Nested | None = None
    settled: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Prices:
    """What each trial costs, such as milliseconds a row, and how much they may together."""

    of_trials: Mapping[str, float] = field(default_factory=dict)
    most: float = np.inf


class Blender:
    """Chooses and measures weights over the predictions of trials, given best trial first.

    `algorithms` names that of each trial; without, each has one of its own.
    """

    def __init__(
        self,
        data: TrialData,
        predictions: Mapping[str, Predictions],
        algorithms: Mapping[str, str] | None = None,
        prices: Prices | None = None,
    ) -> None:
        known, prices = algorithms or {}, prices or Prices()
        self._algorithms = [known.get(uid, uid) for uid in predictions]
        self._prices = np.array([prices.of_trials.get(uid, 0.0) for uid in predictions])
        self._most = prices.most
        self._data = data
        self._uids = list(predictions)
        self._shown = [np.stack(fold) for fold in zip(*predictions.values(), strict=True)]
        classes = len(data.info.get("targetClasses", ()))
        self._functions = metrics_for(data.info["model_type"], classes)
        self._scoring: str = data.info["scoring"]
        self._at_once = at_once(self._scoring, has_classes=bool(classes))
        seed = data.info.get("seed", 0) if self._at_once else None
        self._looked_at = [
            _looked_at(shown, seed, None if data.weights is None else data.weights[test])
            for shown, (_, test) in zip(self._shown, data.folds, strict=False)
        ]
        looked_at = zip(self._shown, self._looked_at, strict=True)
        self._seen = [np.ascontiguousarray(fold[:, rows]) for fold, rows in looked_at]
        self._known: dict[tuple[Counts, int], Array] = {}

    def blend(self) -> Blend | None:
        """Return the ensemble; None when it does not help."""
        # The predictions come from our own trials: checking them again costs more than the scores.
        with config_context(skip_parameter_validation=True, assume_finite=True):
            return self._blend()

    def _blend(self) -> Blend | None:
        folds = range(len(self._shown))
        if len(folds) < 2 or len(self._uids) < 2:
            return None
        others = [[other for other in folds if other != fold] for fold in folds]
        chosen = [self._choose(rest) for rest in others]
        blended = [
            self._score(self._outcome(counts, fold))
            for counts, fold in zip(chosen, folds, strict=True)
        ]
        best = [self._single(self._best_singles(rest)[0]) for rest in others]
        single = [
            self._score(self._outcome(counts, fold))
            for counts, fold in zip(best, folds, strict=True)
        ]
        counts = self._choose(list(folds))
        if not _is_no_worse(blended, single) or np.count_nonzero(counts) < 2:
            return None
        weights = {u: c / sum(counts) for u, c in zip(self._uids, counts, strict=True) if c}
        settled = settle(self._data, self._predict_each([counts] * len(folds)))
        nested = Nested(self._predict_each(chosen), self._predict_each(best))
        return Blend(
            weights,
            settled.scores(self._data),
            predictions=settled.by_chance,
            nested=nested,
            settled=settled.params,
        )

    def _choose(self, folds: Sequence[int]) -> Counts:
        """Return the best mean found by adding one trial at a time, the same one again or not."""
        counts = best = self._none
        best_score, since = -np.inf, 0
        pool = self._pool(folds)
        for _ in range(ROUNDS):
            candidates = [i for i in pool if self._is_affordable(counts, i)]
            if not candidates:
                break
            scores = self._scores_after(counts, folds)[candidates]
            counts = _one_more(counts, candidates[int(np.argmax(scores))])
            since += 1
            if max(scores) > best_score:
                best, best_score, since = counts, max(scores), 0
            if since == PATIENCE:
                break
        return best

    def _is_affordable(self, counts: Counts, index: int) -> bool:
        """Tell whether a trial may be added: of those that are there already, or cheap enough."""
        taken = np.array(counts) > 0
        return bool(taken[index] or self._prices[taken].sum() + self._prices[index] <= self._most)

    def _pool(self, folds: Sequence[int]) -> list[int]:
        """Return the trials to choose from: the best ones, and of each algorithm only a few."""
        ranked = self._best_singles(folds)
        before = {i: ranked[:place] for place, i in enumerate(ranked)}
        names = self._algorithms
        few = [
            i
            for i in ranked
            if sum(names[other] == names[i] for other in before[i]) < OF_ONE_ALGORITHM
        ]
        return [*few, *(i for i in ranked if i not in few)][:MOST_CANDIDATES]

    def _best_singles(self, folds: Sequence[int]) -> list[int]:
        """Return the trials by their scores on these folds alone, best first."""
        scores = self._scores_after(self._none, folds)
        return [int(i) for i in np.argsort(-scores, kind="stable")]

    @property
    def _none(self) -> Counts:
        return (0,) * len(self._uids)

    def _single(self, index: int) -> Counts:
        return _one_more(self._none, index)

    def _scores_after(self, counts: Counts, folds: Sequence[int]) -> Array:
        """Return the mean score over some folds with one more of each trial."""
        return np.asarray(np.mean([self._score_after(counts, fold) for fold in folds], axis=0))

    def _score_after(self, counts: Counts, fold: int) -> Array:
        """Return the scores on a fold with one more of each trial.

        The nested choices ask for the same ones many times.
        """
        if (counts, fold) not in self._known:
            shown = self._seen[fold]
            taken = np.array(counts, dtype=float) @ shown.reshape(len(shown), -1)
            means = (taken.reshape(shown.shape[1:]) + shown) / (sum(counts) + 1)
            truth = self._data.target[self._data.folds[fold][1][self._looked_at[fold]]]
            self._known[counts, fold] = self._score_each(means, truth, fold)
        return self._known[counts, fold]

    def _score_each(self, means: Array, truth: Array, fold: int) -> Array:
        if self._at_once is None:
            places = range(len(means))
            return np.array([self._score(self._outcome_of(means[i], fold)) for i in places])
        scores = self._at_once(truth, means)
        return np.where(np.isnan(scores), -np.inf, scores) + TIE_BREAK * _certainty(truth, means)

    def _score(self, outcome: Outcome) -> float:
        function = {self._scoring: self._functions[self._scoring]}
        score = all_scores(outcome, function).get(self._scoring, -np.inf)
        shown = outcome.probabilities
        sure = 0.0 if shown is None else float(_certainty(outcome.truth, shown[None])[0])
        return score + TIE_BREAK * sure

    def _outcome(self, counts: Counts, fold: int) -> Outcome:
        return self._outcome_of(self._predict(counts, fold), fold)

    def _outcome_of(self, shown: Array, fold: int) -> Outcome:
        return Outcome.of_fold(self._data, self._data.folds[fold], shown)

    def _predict_each(self, counts: Sequence[Counts]) -> Predictions:
        return tuple(self._predict(each, fold) for fold, each in enumerate(counts))

    def _predict(self, counts: Counts, fold: int) -> Array:
        chosen = np.flatnonzero(counts)
        weights = np.array(counts)[chosen]
        return np.asarray(np.average(self._shown[fold][chosen], axis=0, weights=weights))


def _is_no_worse(blended: Sequence[float], single: Sequence[float]) -> bool:
    """Tell whether an ensemble helps, or what it seems to lose is within the luck of the folds."""
    gains = np.subtract(blended, single)
    doubt = DOUBT * gains.std(ddof=1) / np.sqrt(len(gains))
    return bool(gains.mean() > 0 or gains.mean() > -doubt)


def _looked_at(shown: Array, seed: int | None, weights: Array | None = None) -> Array:
    """Return the places of the rows of a fold by which trials are chosen; all without a seed.

    Rows that differ in weight are drawn so often instead: then all that are drawn count the same.
    """
    rows = shown.shape[1]
    most = min(MOST_ROWS, MOST_CELLS * rows // max(1, shown[0].size))
    if seed is None or (rows <= most and weights is None):
        return np.arange(rows)
    random = np.random.default_rng(seed)
    if weights is not None:
        return np.sort(random.choice(rows, most, p=weights / weights.sum()))
    return np.sort(random.choice(rows, most, replace=False))


def _certainty(truth: Array, shown: Array) -> Array:
    """Return the mean logarithms of what the true classes were given; 0 for values."""
    if shown.ndim == 2:
        return np.zeros(len(shown))
    given = shown[:, np.arange(len(truth)), truth]
    return np.asarray(np.log(np.clip(given, 1e-6, None)).mean(axis=1))


def _one_more(counts: Counts, index: int) -> Counts:
    return (*counts[:index], counts[index] + 1, *counts[index + 1 :])
