"""Explain a trial by what its models predict of rows that they have not seen; ready for JSON."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from auger_hub.data.notices import Notice
from auger_hub.explain.allowance import Allowance
from auger_hub.explain.backtests import describe_backtests
from auger_hub.explain.classes import describe_classes
from auger_hub.explain.dependence import draw_dependence, drawable
from auger_hub.explain.fold_models import FoldModels
from auger_hub.explain.hyperparameters import hyperparameter_importance
from auger_hub.explain.importance import MOST_REPEATS, MOST_ROWS, Importance
from auger_hub.explain.reference import refer_to
from auger_hub.explain.rows import error_by_segment, mean_error, worst_rows
from auger_hub.explain.values import describe_values
from auger_hub.runs.explanations import CUT_SHORT, REFERENCE
from auger_hub.search.trials.trial import Candidate, TrialData

FORMAT = 1
Content = dict[str, Any]


def explain_trial(
    data: TrialData,
    candidate: Candidate,
    *,
    alike: Sequence[tuple[Mapping[str, Any], float]],
    allowance: Allowance,
) -> Content:
    """Return everything there is to say about a trial; see `explain_by_and_by`."""
    *_, content = explain_by_and_by(data, candidate, alike=alike, allowance=allowance)
    return content


def explain_by_and_by(
    data: TrialData,
    candidate: Candidate,
    *,
    alike: Sequence[tuple[Mapping[str, Any], float]],
    allowance: Allowance,
) -> Iterator[Content]:
    """Yield what there is to say about a trial, more each time, for as long as there is time.

    First what follows from the predictions, then the importance of columns, then curves.

    Args:
        data: of the run.
        candidate: the trial, or an ensemble.
        alike: parameters and scores of all trials of the run with this algorithm.
        allowance: processor time, the fitting of the models included.
    """
    began = time.monotonic()
    models = FoldModels(data, candidate, allowance)
    fitted = time.monotonic() - began
    importance = Importance(models, allowance)
    content: Content = {
        "format": FORMAT,
        "metric": models.metric,
        "rows": len(models.truth),
        "folds": len(models.folds),
        "scores": models.scores(),
        REFERENCE: refer_to(models),
        "importance": importance.told(),
        **_predictions(models),
        **_rows(models, [str(name) for name in data.features.columns]),
        "dependence": [],
        "hyperparameters": hyperparameter_importance(alike, data.info["seed"]),
        "fit_seconds": fitted,
        "seconds": time.monotonic() - began,
        "notices": [],
    }
    yield content
    for told in importance.measure():
        yield {**content, "importance": told}
    told = importance.told()
    columns = [one["column"] for one in told["columns"]]
    # A forecast goes by the rows before: with one column set to a value, they are no series.
    curves = [] if models.is_series else list(draw_dependence(models, columns, allowance))
    content |= {"importance": told, "dependence": curves, **_rows(models, columns)}
    content["seconds"] = time.monotonic() - began
    missed = [*_missed(models, told)]
    of_all = 0 if models.is_series else len(drawable(models, columns))
    if len(curves) < of_all:
        missed.append(f"{len(curves)} of {of_all} curves were drawn")
    yield cut_short(content, missed)


def _predictions(models: FoldModels) -> Content:
    truth, shown = models.truth, models.shown
    if models.labels:
        return {"classes": describe_classes(truth, shown, models.labels, models.threshold)}
    told: Content = {"values": describe_values(truth, shown, models.data.info["seed"])}
    return {**told, "backtests": describe_backtests(models)} if models.is_series else told


def _rows(models: FoldModels, columns: list[str]) -> Content:
    """Return where the trial is bad, by the columns that it needs most."""
    return {
        "error": mean_error(models),
        "segments": error_by_segment(models, columns),
        "worst_rows": worst_rows(models, columns),
    }


def cut_short(content: Content, missed: Sequence[str]) -> Content:
    """Return the content with a notice that says what there was no time for, if anything."""
    if not missed:
        return content
    text = f"There was no time for all of the explanation: {'; '.join(missed)}."
    return {**content, "notices": [Notice(CUT_SHORT, text).to_dict()]}


def _missed(models: FoldModels, importance: Content) -> Iterator[str]:
    """Yield what there was no time for."""
    folds, of_all = len(models.folds), len(models.data.folds)
    if folds < of_all:
        yield f"{folds} of {of_all} folds were fitted"
    sampled, repeats = importance["rows_of_a_fold"], importance["repeats"]
    if sampled < min(MOST_ROWS, max(len(fold.test) for fold in models.folds)):
        yield f"{sampled} rows of a fold were shuffled"
    if 0 < repeats < MOST_REPEATS:
        yield f"not every column was shuffled {MOST_REPEATS} times"
    left_out = len(importance["not_measured"])
    if not repeats:
        yield "which columns matter was not measured"
    elif left_out:
        yield f"{left_out} columns of less importance were not measured"
