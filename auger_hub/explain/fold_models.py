"""Fit a trial anew on each fold: its models, and what each predicts of rows it has not seen.

Every explanation is made of these: a model that is asked about its own training rows knows them by
heart. The folds and seeds are those of the run, so the scores are those of the board.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import parallel_config
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from auger_hub.explain.allowance import Allowance
from auger_hub.search.column_kinds import DATE
from auger_hub.search.columns import CleanColumns, elapsed_names, part_names
from auger_hub.search.pipelines.calibrated import Calibration, apply_calibration
from auger_hub.search.pipelines.fitting import fit_model
from auger_hub.search.pipelines.pipeline import build_pipeline
from auger_hub.search.sampling import CALIBRATION, ROWS, THRESHOLD, sample_rows
from auger_hub.search.scores.metrics import Outcome, all_scores, metrics_for
from auger_hub.search.scores.settle import settle
from auger_hub.search.trials.cross_validation import predict
from auger_hub.search.trials.trial import Candidate, TrialData

Array = np.ndarray[Any, Any]
FIT_SHARE = 0.5  # of what an explanation may take: the rest is for what the models are for


@dataclass(frozen=True)
class FoldModel:
    """A model, the rows it was fitted on, those it was not, and what it predicts of the latter.

    `raw` is that without the calibration of the trial.
    """

    model: Any
    train: Array
    test: Array
    shown: Array
    raw: Array


class FoldModels:
    """The models of all folds of a trial, or of as many as there is time for.

    Attributes:
        inputs: what the models take: the columns as the first step of a pipeline leaves them, which
            is most of the time of a prediction; of series the columns of the file.
    """

    def __init__(
        self,
        data: TrialData,
        candidate: Candidate,
        allowance: Allowance | None = None,
        *,
        fit_share: float = FIT_SHARE,
    ) -> None:
        """Fit them.

        Args:
            data: of the run.
            candidate: the trial, or an ensemble.
            allowance: processor time; one fold is fitted whatever there is.
            fit_share: of the allowance that fitting may use up.
        """
        self.data = data
        self.inputs: pd.DataFrame = data.features if data.clean is None else data.clean
        self.metric: str = data.info["scoring"]
        self.labels: list[Any] = list(data.info.get("targetClasses", ()))
        self._all = metrics_for(data.info["model_type"], len(self.labels))
        self.threshold: float | None = candidate.algorithm_params.get(THRESHOLD)
        self.calibration: Calibration | None = candidate.algorithm_params.get(CALIBRATION)
        self.folds: list[FoldModel] = []
        self._allowance = allowance or Allowance(math.inf)
        self._rows, self._seconds = 0, 0.0  # that were predicted so far, and what that took
        with quietly(data.info["threads"]):
            for train, test in data.folds:
                if allowance and self.folds:
                    one = allowance.used / len(self.folds)
                    if allowance.left(fit_share) < one:  # for one more
                        break
                self.folds.append(self._fit(candidate, train, test))

    def _fit(self, candidate: Candidate, train: Array, test: Array) -> FoldModel:
        params = dict(candidate.algorithm_params)
        most = params.pop(ROWS, None)
        model: Any = build_pipeline(self.data.info, candidate.algorithm_name, params)
        if self.data.clean is not None:
            model = _without_cleaning(model)
        known = sample_rows(train, self.data.target, most, self.data.info)
        weights = None if self.data.weights is None else self.data.weights[known]
        fit_model(model, self.inputs.iloc[known], self.data.target[known], weights)
        raw = self._predict(model, self.inputs.iloc[test])
        return FoldModel(model, train, test, apply_calibration(raw, self.calibration), raw)

    def predict(self, model: Any, inputs: pd.DataFrame) -> Array:
        """Return values, or one column of probabilities a class."""
        return apply_calibration(self._predict(model, inputs), self.calibration)

    def _predict(self, model: Any, inputs: pd.DataFrame) -> Array:
        began = self._allowance.used
        shown = predict(model, inputs, len(self.labels))
        self._rows += len(inputs)
        self._seconds += self._allowance.used - began
        return shown

    def seconds_of(self, rows: int) -> float:
        """Return the processor seconds that it takes to predict so many rows, as far as known."""
        return rows * self._seconds / max(1, self._rows)

    def inputs_of(self, name: str) -> list[str]:
        """Return what a column of the file becomes before a model takes it; none without use."""
        if self.data.clean is None:
            return [name]
        kinds = self.data.info["featureKinds"]
        if kinds.get(name) == DATE:
            between = elapsed_names(kinds).items()
            days = [column for pair, column in between if name in pair]
            return [*part_names(name, kinds).values(), *days]
        return [name] if name in kinds else []

    def to_inputs(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return what the models take for some rows of the file."""
        if self.data.clean is None:
            return features
        return CleanColumns(self.data.info["featureKinds"]).transform(features)

    @property
    def is_series(self) -> bool:
        """Tell whether the rows follow each other in time, so that none is predicted alone."""
        return bool(self.data.info["model_type"] == "timeseries")

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
    def chosen(self) -> Array:
        """Return the numbers of the classes that are predicted of them."""
        return np.asarray(
            Outcome.of(self.truth, self.shown, self.truth).at(self.threshold).predicted
        )

    @property
    def losses(self) -> Array:
        """Return how wrong each prediction is: the probability of other classes, or the error."""
        if self.labels:
            return np.asarray(1 - self.shown[np.arange(len(self.truth)), self.truth])
        return np.asarray(np.abs(self.truth - self.shown))

    def scores(self) -> dict[str, float]:
        """Return the mean over the folds of every metric that is defined in all of them."""
        if len(self.folds) == len(self.data.folds):
            told = settle(self.data, [fold.raw for fold in self.folds]).scores(self.data)
        else:
            told = tuple(
                all_scores(self._outcome(fold, fold.test, fold.shown), self._all)
                for fold in self.folds
            )
        names = [name for name in told[0] if all(name in scores for scores in told)]
        return {name: float(np.mean([scores[name] for scores in told])) for name in names}

    def score_one(self, fold: FoldModel, test: Array, shown: Array) -> float:
        """Return the metric of the run alone for some rows of a fold; NaN where it is undefined."""
        outcome = self._outcome(fold, test, shown)
        function = {self.metric: self._all[self.metric]}
        return all_scores(outcome, function).get(self.metric, np.nan)

    def _outcome(self, fold: FoldModel, test: Array, shown: Array) -> Outcome:
        return Outcome.of_fold(self.data, (fold.train, test), shown).at(self.threshold)


def _without_cleaning(model: Any) -> Any:
    """Return an unfitted pipeline, or an ensemble of some, that takes clean columns."""
    if isinstance(model, Pipeline):
        return model[1:]
    model.estimators = [(name, _without_cleaning(member)) for name, member in model.estimators]
    return model


@contextmanager
def quietly(threads: int) -> Iterator[None]:
    """Use so many threads and no processes, and say nothing of what does not converge."""
    with warnings.catch_warnings(), threadpool_limits(threads), parallel_config("threading"):
        warnings.simplefilter("ignore")
        yield
