"""Fit a trial anew on each fold: its models, and what each predicts of rows it has not seen.

Every explanation is made of these: a model that is asked about its own training rows knows them by
heart. The folds and seeds are those of the run, so the scores are those of the board.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import parallel_config
from threadpoolctl import threadpool_limits

from auger_hub.search.pipelines.pipeline import build_pipeline
from auger_hub.search.sampling import ROWS, sample_rows
from auger_hub.search.scores.metrics import Outcome, all_scores, metrics_for
from auger_hub.search.trials.cross_validation import predict
from auger_hub.search.trials.trial import Candidate, TrialData

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class FoldModel:
    """A model, the rows it was fitted on, those it was not, and what it predicts of the latter."""

    model: Any
    train: Array
    test: Array
    shown: Array


class FoldModels:
    """The models of all folds of a trial."""

    def __init__(self, data: TrialData, candidate: Candidate) -> None:
        self.data = data
        self.metric: str = data.info["scoring"]
        self.labels: list[Any] = list(data.info.get("targetClasses", ()))
        self._functions = metrics_for(data.info["model_type"], len(self.labels))
        with quietly(data.info["threads"]):
            self.folds = [self._fit(candidate, train, test) for train, test in data.folds]

    def _fit(self, candidate: Candidate, train: Array, test: Array) -> FoldModel:
        params = dict(candidate.algorithm_params)
        most = params.pop(ROWS, None)
        model = build_pipeline(self.data.info, candidate.algorithm_name, params)
        known = sample_rows(train, self.data.target, most, self.data.info)
        model.fit(self.data.features.iloc[known], self.data.target[known])
        return FoldModel(model, train, test, self.predict(model, self.data.features.iloc[test]))

    def predict(self, model: Any, features: Any) -> Array:
        """Return values, or one column of probabilities a class."""
        return predict(model, features, len(self.labels))

    @property
    def rows(self) -> Array:
        """Return the rows that some model has not seen, fold after fold, by position."""
        return np.concatenate([fold.test for fold in self.folds])

    @property
    def truth(self) -> Array:
        """Return their target: numbers of classes, or values."""
        return np.asarray(self.data.target[self.rows])

    @property
    def shown(self) -> Array:
        """Return what was predicted of them."""
        return np.concatenate([fold.shown for fold in self.folds])

    @property
    def losses(self) -> Array:
        """Return how wrong each prediction is: the probability of other classes, or the error."""
        if self.labels:
            return np.asarray(1 - self.shown[np.arange(len(self.truth)), self.truth])
        return np.asarray(np.abs(self.truth - self.shown))

    def scores(self) -> dict[str, float]:
        """Return the mean over the folds of every metric that is defined in all of them."""
        told = [self.score(fold.test, fold.shown, fold.train) for fold in self.folds]
        names = [name for name in told[0] if all(name in scores for scores in told)]
        return {name: float(np.mean([scores[name] for scores in told])) for name in names}

    def score(self, test: Array, shown: Array, train: Array) -> dict[str, float]:
        """Return every metric of predictions for some rows."""
        outcome = Outcome.of(self.data.target[test], shown, self.data.target[train])
        return all_scores(outcome, self._functions)

    def score_one(self, truth: Array, shown: Array, train: Array) -> float:
        """Return the metric of the run alone; not a number where it is undefined."""
        outcome = Outcome.of(truth, shown, self.data.target[train])
        function = {self.metric: self._functions[self.metric]}
        return all_scores(outcome, function).get(self.metric, np.nan)


@contextmanager
def quietly(threads: int) -> Iterator[None]:
    """Use so many threads and no processes, and say nothing of what does not converge."""
    with warnings.catch_warnings(), threadpool_limits(threads), parallel_config("threading"):
        warnings.simplefilter("ignore")
        yield
