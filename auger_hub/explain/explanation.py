"""Explain a trial by what its models predict of rows that they have not seen; ready for JSON."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from auger_hub.explain.classes import describe_classes
from auger_hub.explain.fold_models import FoldModels
from auger_hub.explain.hyperparameters import hyperparameter_importance
from auger_hub.explain.importance import draw_dependence, measure_importance
from auger_hub.explain.rows import error_by_segment, worst_rows
from auger_hub.explain.values import describe_values
from auger_hub.search.trials.trial import Candidate, TrialData

FORMAT = 1


def explain_trial(
    data: TrialData,
    candidate: Candidate,
    *,
    alike: Sequence[tuple[Mapping[str, Any], float]],
    seconds: float,
) -> dict[str, Any]:
    """Return everything there is to say about a trial.

    Args:
        data: of the run.
        candidate: the trial, or an ensemble.
        alike: parameters and scores of all trials of the run with this algorithm.
        seconds: that measuring the importance of columns may take, once the models are fitted.
    """
    began = time.monotonic()
    models = FoldModels(data, candidate)
    fitted = time.monotonic() - began
    importance = measure_importance(models, seconds)
    columns = [one["column"] for one in importance["columns"]]
    truth, shown = models.truth, models.shown
    seed = data.info["seed"]
    if models.labels:
        predictions = {"classes": describe_classes(truth, shown, models.labels)}
    else:
        predictions = {"values": describe_values(truth, shown, seed)}
    is_series = data.info["model_type"] == "timeseries"
    return {
        "format": FORMAT,
        "metric": models.metric,
        "rows": len(truth),
        "folds": len(models.folds),
        "scores": models.scores(),
        "importance": importance,
        **predictions,
        "segments": error_by_segment(models, columns),
        "worst_rows": worst_rows(models, columns),
        # A forecast goes by the rows before: with one column set to a value, they are no series.
        "dependence": [] if is_series else draw_dependence(models, columns),
        "hyperparameters": hyperparameter_importance(alike, seed),
        "fit_seconds": fitted,
        "seconds": time.monotonic() - began,
    }
