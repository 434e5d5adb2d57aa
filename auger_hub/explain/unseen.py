"""Score a trial on rows that it has not seen: those of a holdout, or of the folds of a run.

On a holdout: a model that is fitted on all rows of the run, as a deployed one is. On folds: a model
a fold, as on the board; a trial of another run is fitted anew by its algorithm and parameters, so
that both are judged on the same rows. The values of a column are scored by the same predictions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auger_hub.data.read import read_raw, read_with_schema
from auger_hub.data.schema import TableSchema
from auger_hub.data.table import Reading
from auger_hub.explain.fold_models import FoldModels, quietly
from auger_hub.search.columns import to_number
from auger_hub.search.pipelines.calibrated import apply_calibration
from auger_hub.search.pipelines.fitting import fit_model
from auger_hub.search.pipelines.forecast import time_order
from auger_hub.search.pipelines.pipeline import build_pipeline, class_labels, known_rows
from auger_hub.search.preparation.prepare import load_table, with_classes
from auger_hub.search.sampling import CALIBRATION, THRESHOLD
from auger_hub.search.scores.metrics import Outcome, all_scores, metrics_for
from auger_hub.search.task import SearchTask, read_settings
from auger_hub.search.trials.cross_validation import predict
from auger_hub.search.trials.trial import Candidate, TrialData

Array = np.ndarray[Any, Any]
MOST_VALUES = 100  # of a column, the commonest ones; the others are scored together
UNASKED_VALUES, UNASKED_COLUMNS = 12, 8  # what is looked at when nobody names columns
MISSING = "(missing)"


class Unscorable(Exception):
    """A trial cannot be scored on these rows; the text is one sentence."""


@dataclass(frozen=True)
class Scored:
    """What some rows say of a trial.

    Attributes:
        left_out: rows whose class the trial has never met, or whose target is missing.
    """

    count: int
    score: float | None
    scores: Mapping[str, float]
    segments: Mapping[str, list[dict[str, Any]] | None]
    left_out: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the members by name, ready for JSON."""
        return {
            "count": self.count,
            "score": self.score,
            "scores": dict(self.scores),
            "segments": dict(self.segments),
        }


@dataclass(frozen=True)
class Holdout:
    """A file whose rows no search has seen."""

    path: Path
    name: str


def score_on_holdout(
    data: TrialData,
    candidate: Candidate,
    holdout: Holdout,
    columns: Sequence[str] | None,
    *,
    metric: str | None = None,
) -> Scored:
    """Return how a model of the trial does on a holdout.

    Args:
        data: of the run that the trial is of.
        candidate: the trial.
        holdout: the rows.
        columns: whose values are scored one by one; None for those that look like segments.
        metric: of the score, by default that of the trial's own run.

    Raises:
        Unscorable: the holdout has not the columns, or no row with a known target.
    """
    info = data.info
    frame = _read(holdout, info)
    target = _targets(frame, info)
    known = np.flatnonzero(~np.isnan(target))
    if not len(known):
        raise Unscorable(f"{holdout.name} has no row with a known `{info['targetFeature']}`")
    raw = read_raw(holdout.path)
    features = frame[info["featureColumns"]].iloc[known].reset_index(drop=True)
    truth = target[known].astype(data.target.dtype)
    order = np.arange(len(known))
    if info.get("timeColumn"):
        order = np.asarray(time_order(features, info["timeColumn"]))
    with quietly(info["threads"]):
        model = build_pipeline(info, candidate.algorithm_name, candidate.algorithm_params)
        fit_model(model, data.features, data.target, data.weights)
        classes = len(info.get("targetClasses", ()))
        shown = predict(model, features.iloc[order].reset_index(drop=True), classes)
        shown = apply_calibration(shown, candidate.algorithm_params.get(CALIBRATION))
    metric = metric or info["scoring"]
    weights = _weights(frame, info)
    weights = None if weights is None else weights[known[order]]
    threshold = candidate.algorithm_params.get(THRESHOLD)
    scorer = _Scorer(info, data.target, metric, weights=weights, threshold=threshold)
    rows = raw.iloc[known[order]].reset_index(drop=True)
    wanted = _likely_segments(info, rows) if columns is None else columns
    scores = scorer.all(truth[order], shown)
    return Scored(
        count=len(known),
        score=scores.get(metric),
        scores=scores,
        segments={name: scorer.by_value(name, rows, truth[order], shown) for name in wanted},
        left_out=len(frame) - len(known),
    )


def score_on_folds(
    task: SearchTask, data: TrialData, candidate: Candidate, columns: Sequence[str]
) -> Scored:
    """Return how models of a trial do on the rows of all folds of a run.

    The score is the mean over the folds, as on the board; a value of a column is scored on its rows
    of all folds together.
    """
    models = FoldModels(data, candidate)
    weights = None if data.weights is None else data.weights[models.rows]
    scorer = _Scorer(
        data.info, data.target, models.metric, weights=weights, threshold=models.threshold
    )
    rows = _rows_of(task, data).iloc[models.rows].reset_index(drop=True)
    scores = models.scores()
    return Scored(
        count=len(models.truth),
        score=scores.get(models.metric),
        scores=scores,
        segments={
            name: scorer.by_value(name, rows, models.truth, models.shown) for name in columns
        },
    )


def count_seen(task: SearchTask, holdout: Holdout) -> int:
    """Return how many rows of a holdout stand in the data of the run as well, value for value."""
    seen, rows = read_raw(task.data_path), read_raw(holdout.path)
    common = sorted(set(map(str, seen.columns)) & set(map(str, rows.columns)))
    if not common:
        return 0
    keys = [
        pd.util.hash_pandas_object(frame[common].astype(str), index=False) for frame in (seen, rows)
    ]
    return int(keys[1].isin(set(keys[0])).sum())


class _Scorer:
    """The metrics of a run on any rows; those count by their weights, where there are some."""

    def __init__(
        self,
        info: Mapping[str, Any],
        history: Array,
        metric: str,
        *,
        weights: Array | None = None,
        threshold: float | None = None,
    ) -> None:
        functions = metrics_for(info["model_type"], len(info.get("targetClasses", ())))
        self._metric, self._threshold = metric, threshold
        self._functions, self._history, self._weights = functions, history, weights

    def all(self, truth: Array, shown: Array) -> dict[str, float]:
        """Return every metric that is defined."""
        outcome = Outcome.of(truth, shown, self._history, self._weights)
        return all_scores(outcome.at(self._threshold), self._functions)

    def by_value(
        self, name: str, rows: pd.DataFrame, truth: Array, shown: Array
    ) -> list[dict[str, Any]] | None:
        """Return the metric of the run for each value of a column; None without the column."""
        if name not in rows.columns:
            return None
        values = rows[name].astype(object).where(rows[name].notna(), MISSING).astype(str)
        counts = values.value_counts()
        kept = counts.index[:MOST_VALUES] if len(counts) > MOST_VALUES else counts.index
        rest = f"({len(counts) - len(kept)} other values)"
        grouped = values.where(values.isin(set(kept)), rest).to_numpy()
        found = dict.fromkeys(sorted(map(str, kept)))
        names = [*found, rest] if len(kept) < len(counts) else [*found]
        return [self._one(value, grouped == value, truth, shown) for value in names]

    def _one(self, value: str, is_in: Array, truth: Array, shown: Array) -> dict[str, Any]:
        function = {self._metric: self._functions[self._metric]}
        weights = None if self._weights is None else self._weights[is_in]
        outcome = Outcome.of(truth[is_in], shown[is_in], self._history, weights)
        score = all_scores(outcome.at(self._threshold), function).get(self._metric)
        return {"value": value, "count": int(is_in.sum()), "score": score}


def _read(holdout: Holdout, info: Mapping[str, Any]) -> pd.DataFrame:
    """Return the holdout as a table, read as the run has read its own."""
    schema = TableSchema.from_dict(info["schema"])
    if info["model_type"] == "classification":
        schema = with_classes(schema, info["targetFeature"])
    frame, _ = read_with_schema(holdout.path, Reading(schema), holdout.name)
    needed = [info["targetFeature"], *info["featureColumns"]]
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        raise Unscorable(f"{holdout.name} has no column {_quoted(missing)}")
    return frame


def _targets(frame: pd.DataFrame, info: Mapping[str, Any]) -> Array:
    """Return numbers of classes, or values; not a number where the target tells nothing."""
    column = frame[info["targetFeature"]]
    if info["model_type"] != "classification":
        return np.asarray(to_number(column).to_numpy(dtype=float))
    numbers = {str(label): number for number, label in enumerate(info["targetClasses"])}
    found = np.full(len(frame), np.nan)
    known = column.notna().to_numpy()
    labels = class_labels(column[known])
    found[known] = [numbers.get(str(label), np.nan) for label in labels.tolist()]
    return found


def _weights(frame: pd.DataFrame, info: Mapping[str, Any]) -> Array | None:
    """Return the weights of the rows of a holdout, if it has them: rows without one count none."""
    name = info.get("sampleWeight")
    if name is None or name not in frame.columns:
        return None
    return np.asarray(to_number(frame[name]).clip(lower=0).fillna(0))


def _likely_segments(info: Mapping[str, Any], rows: pd.DataFrame) -> list[str]:
    """Return the columns of few values that are no numbers, the first of them."""
    kinds = info["featureKinds"]
    names = [name for name in info["featureColumns"] if kinds.get(name) in ("category", "code")]
    few = [n for n in names if n in rows.columns and rows[n].nunique() <= UNASKED_VALUES]
    return few[:UNASKED_COLUMNS]


def _rows_of(task: SearchTask, data: TrialData) -> pd.DataFrame:
    """Return the rows of a run as its file tells them, in the order of its data."""
    settings = read_settings(task)
    found = load_table(task, settings)
    frame = found.frame
    known = np.flatnonzero(known_rows(frame, data.info).to_numpy())
    raw = read_raw(task.data_path, found.part).iloc[known].reset_index(drop=True)
    if settings.in_time_order:
        features = frame[data.info["featureColumns"]].iloc[known].reset_index(drop=True)
        order = time_order(features, data.info["timeColumn"])
        raw = raw.iloc[order].reset_index(drop=True)
    return raw


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
