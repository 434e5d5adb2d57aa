"""Cross-validate a pipeline: what it scores on each fold, inside a trial's process."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from auger_hub.search.pipelines.boosted import boosted_of, limit_rounds
from auger_hub.search.pipelines.fitting import fit_estimator, fit_model
from auger_hub.search.pipelines.pipeline import build_pipeline
from auger_hub.search.sampling import ROUNDS, ROWS, sample_rows
from auger_hub.search.scores.metrics import Outcome, all_scores, metrics_for
from auger_hub.search.scores.settle import settle
from auger_hub.search.scores.threshold import best_score
from auger_hub.search.trials.fold_tables import FoldTables
from auger_hub.search.trials.trial import Candidate, Evaluation, TrialData

Array = np.ndarray[Any, Any]
_SHARE_OF_FITTING = 0.85  # of the time of a fold; the rest is for what it predicts and scores


def cross_validate(data: TrialData, candidate: Candidate) -> Evaluation:
    """Cross-validate a candidate: every step is fitted on the training rows of each fold alone."""
    evaluation = Evaluation()
    for fold in evaluate_folds(data, candidate):
        evaluation = evaluation.and_fold(fold)
    return settle_all(data, evaluation)


def settle_all(data: TrialData, evaluation: Evaluation) -> Evaluation:
    """Return what came of all folds, by a threshold or a calibration where that helps."""
    settled = settle(data, evaluation.predictions)
    if not settled.params:
        return evaluation
    return replace(evaluation, fold_scores=settled.scores(data), settled=settled.params)


def evaluate_folds(
    data: TrialData, candidate: Candidate, data_path: Path | None = None
) -> Iterator[Evaluation]:
    """Yield what came of each fold as soon as it is there.

    Args:
        data: of the run.
        candidate: to evaluate.
        data_path: where the data is stored, and with it what trials share.
    """
    classes = len(data.info.get("targetClasses", ()))
    functions = metrics_for(data.info["model_type"], classes)
    threads = data.info["threads"]
    tables = FoldTables(data, data_path)
    # Threads, not joblib's processes: those would outlive a trial that is killed.
    with warnings.catch_warnings(), threadpool_limits(threads), parallel_config("threading"):
        # A model that did not converge is scored like any other: the board shows what it is worth.
        warnings.simplefilter("ignore", ConvergenceWarning)
        rounds = candidate.algorithm_params.get(ROUNDS)
        # a forecaster fits several models, of which no single number of rounds could be told
        seconds = None if data.clean is None else candidate.seconds
        for number, fold in enumerate(data.folds):
            began = time.monotonic()
            limit = _Limit(rounds)
            if rounds is None and seconds is not None and not number:
                limit = _Limit(until=began + _SHARE_OF_FITTING * seconds / len(data.folds))
            found = _predict_fold(data, candidate, number, (tables, limit))
            (shown,), rounds = found.predictions, rounds or found.cut_after
            scores = all_scores(Outcome.of_fold(data, fold, shown), functions)
            hope = best_score(data, number, shown)
            took = time.monotonic() - began
            hopes = () if hope is None else (hope,)
            yield replace(found, fold_scores=(scores,), fold_times=(took,), hopes=hopes)


@dataclass(frozen=True)
class _Limit:
    """Where boosting stops: after so many rounds, or at a time of the clock."""

    rounds: int | None = None
    until: float | None = None


def _predict_fold(
    data: TrialData, candidate: Candidate, number: int, means: tuple[FoldTables, _Limit]
) -> Evaluation:
    """Return what a model of the training rows of a fold predicts of its test rows, not scored."""
    tables, limit = means
    params = dict(candidate.algorithm_params)
    most_rows = params.pop(ROWS, None)
    train, test = data.folds[number]
    train = sample_rows(train, data.target, most_rows, data.info)
    classes = len(data.info.get("targetClasses", ()))
    model = build_pipeline(data.info, candidate.algorithm_name, params)
    limit_rounds(model, limit.rounds, limit.until)
    weights = None if data.weights is None else data.weights[train]
    if data.clean is None or not isinstance(model, Pipeline):
        fit_model(model, data.features.iloc[train], data.target[train], weights)
        return _timed(model, data.features.iloc[test], classes)
    prepared, unseen = tables.prepare(model[1:-1], number, train)
    estimator = fit_estimator(model[-1], prepared, data.target[train], weights)
    boosted = boosted_of(estimator)
    cut_after = None if boosted is None else boosted.cut_after_
    return replace(_timed(estimator, unseen, classes), cut_after=cut_after)


def _timed(model: Any, features: Any, classes: int) -> Evaluation:
    """Return the predictions, and what they took."""
    began = time.monotonic()
    shown = predict(model, features, classes)
    return Evaluation(predictions=(shown,), predict_times=(time.monotonic() - began,))


def predict(model: Any, features: Any, classes: int) -> Array:
    """Return values, or one column of probabilities a class, also for classes never trained on."""
    if not classes:
        return np.asarray(model.predict(features), dtype=float)
    probabilities = np.zeros((len(features), classes))
    probabilities[:, model.classes_.astype(int)] = model.predict_proba(features)
    return probabilities
