"""Cross-validate a pipeline: what it scores on each fold, inside a trial's process."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from auger_hub.search.metrics import Outcome, all_scores, metrics_for
from auger_hub.search.pipelines.pipeline import build_pipeline
from auger_hub.search.trials.trial import Candidate, Evaluation, TrialData

Array = np.ndarray[Any, Any]


def cross_validate(data: TrialData, candidate: Candidate) -> Evaluation:
    """Cross-validate a candidate: every step is fitted on the training rows of each fold alone."""
    evaluation = Evaluation()
    for fold in evaluate_folds(data, candidate):
        evaluation = evaluation.and_fold(fold)
    return evaluation


def evaluate_folds(data: TrialData, candidate: Candidate) -> Iterator[Evaluation]:
    """Yield what came of each fold as soon as it is there."""
    classes = len(data.info.get("targetClasses", ()))
    functions = metrics_for(data.info["model_type"], classes)
    threads = data.info["threads"]
    # Threads, not joblib's processes: those would outlive a trial that is killed.
    with warnings.catch_warnings(), threadpool_limits(threads), parallel_config("threading"):
        # A model that did not converge is scored like any other: the board shows what it is worth.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for train, test in data.folds:
            began = time.monotonic()
            model = build_pipeline(data.info, candidate.algorithm_name, candidate.algorithm_params)
            model.fit(data.features.iloc[train], data.target[train])
            shown = predict(model, data.features.iloc[test], classes)
            outcome = Outcome.of(data.target[test], shown, data.target[train])
            scores = all_scores(outcome, functions)
            yield Evaluation((scores,), (time.monotonic() - began,), (shown,))


def predict(model: Any, features: Any, classes: int) -> Array:
    """Return values, or one column of probabilities a class, also for classes never trained on."""
    if not classes:
        return np.asarray(model.predict(features), dtype=float)
    probabilities = np.zeros((len(features), classes))
    probabilities[:, model.classes_.astype(int)] = model.predict_proba(features)
    return probabilities
