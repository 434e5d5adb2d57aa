"""Measure what a trial says of rows that it has not seen, in the counts of its profile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from auger_hub.explain.allowance import Allowance
from auger_hub.explain.fold_models import FoldModels
from auger_hub.models.predict import DESCRIPTION_FILE
from auger_hub.models.profile import (
    CONFIDENCE_BINS,
    PROFILE_FILE,
    Counting,
    count_classes,
    make_profile,
    profile_values,
)
from auger_hub.search.trials.trial import Candidate, TrialData

Array = np.ndarray[Any, Any]


def refer_to(models: FoldModels) -> dict[str, Any]:
    """Return counts of the predictions for unseen rows, and their calibration where classes are.

    Of values also the `cuts` between which they are counted: those of a profile of the same target.
    """
    if models.is_series:
        return {"rows": 0}
    told: dict[str, Any] = {
        "rows": len(models.rows),
        "metric": models.metric,
        "scores": models.scores(),
    }
    if not models.labels:
        column = profile_values(models.data.target)
        counts = Counting(column).count(models.shown)
        return {**told, "prediction": counts["bins"], "cuts": column["cuts"]}
    chosen = models.chosen
    return {
        **told,
        "labels": [str(label) for label in models.labels],
        "classes": count_classes(models.shown, chosen),
        "calibration": calibrate(models.shown, chosen, models.truth),
        "mass_off": _mass_off(models.shown, models.truth),
    }


def fits(reference: Mapping[str, Any], profile: Mapping[str, Any]) -> bool:
    """Tell whether a reference counts as the profile of a model does."""
    return "cuts" not in reference or reference["cuts"] == profile["prediction"]["cuts"]


def measure_reference(
    data: TrialData, candidate: Candidate, folder: Path, allowance: Allowance
) -> dict[str, Any]:
    """Return what `refer_to` does, of as many folds as there is time for: one at least.

    A model folder that has no profile yet gets one.
    """
    if not (folder / PROFILE_FILE).exists():
        _write_profile(data, folder)
    if data.info["model_type"] == "timeseries":
        return {"rows": 0}
    models = FoldModels(data, candidate, allowance, fit_share=1.0)
    told = refer_to(models)
    profile = json.loads((folder / PROFILE_FILE).read_text(encoding="utf-8"))
    if not fits(told, profile):  # the model has learned from more rows than the run
        told["prediction"] = Counting(profile["prediction"]).count(models.shown)["bins"]
    return told


def _write_profile(data: TrialData, folder: Path) -> None:
    description = json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
    part = folder / f"{PROFILE_FILE}.part"
    profile = make_profile(data.features, data.target, description)
    part.write_text(json.dumps(profile), encoding="utf-8")
    part.replace(folder / PROFILE_FILE)


def calibrate(shown: Array, chosen: Array, truth: Array) -> list[list[float]]:
    """Return by class how often a prediction of it is right, by how probable it was said to be.

    Isotonic over the bins: more sure is never less often right. What was never predicted is taken
    at its word.
    """
    middles = (np.arange(CONFIDENCE_BINS) + 0.5) / CONFIDENCE_BINS
    stated = shown[np.arange(len(chosen)), chosen]
    calibration = []
    for number in range(shown.shape[1]):
        of_class = chosen == number
        if not of_class.any():
            calibration.append(middles.tolist())
            continue
        right = (truth[of_class] == number).astype(float)
        curve = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        curve.fit(stated[of_class], right)
        calibration.append(curve.predict(middles).tolist())
    return calibration


def _mass_off(shown: Array, truth: Array) -> list[float]:
    """Return by class how many rows of it there are for each that its probabilities add up to."""
    counts = np.bincount(truth, minlength=shown.shape[1])
    ratios: list[float] = (counts / np.maximum(shown.sum(axis=0), 1e-9)).tolist()
    return ratios
