"""Build a trial's unfitted scikit-learn pipeline, which takes the raw table as it was read.

The steps are `CleanColumns`, one `ColumnTransformer` made for the family of the algorithm, and the
estimator; of a series a forecaster around them.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelEncoder, StandardScaler

from auger_hub.search.algorithms.algorithm import Algorithm, Family
from auger_hub.search.algorithms.registry import ENSEMBLES, find_algorithm
from auger_hub.search.columns import CleanColumns, to_dates, to_number
from auger_hub.search.pipelines.boosted import BoostedClassifier, BoostedRegressor
from auger_hub.search.pipelines.forecast import LaggedForecaster
from auger_hub.search.pipelines.heavy_tail import SignedLog
from auger_hub.search.pipelines.preprocessing import (
    code_places,
    monotone_signs,
    preprocessing_for,
)
from auger_hub.search.sampling import MEASURED

# What XGBoost takes without naming it, and LightGBM beside it.
_LIBRARY_OWN = ("random_state", "n_jobs", "verbose", "deterministic", "force_row_wise")


def build_pipeline(
    task_info: Mapping[str, Any], algorithm_name: str, algorithm_params: Mapping[str, Any]
) -> BaseEstimator:
    """Return the unfitted pipeline of a trial.

    Args:
        task_info: what `prepare` returned, with `model_type` and `seed`.
        algorithm_name: class path, as on the board.
        algorithm_params: its parameters, as on the board; an ensemble's name its members.

    Raises:
        BadTask: no trial of this hub has such an algorithm.
    """
    if algorithm_name in ENSEMBLES.values():
        return _ensemble(task_info, algorithm_params)
    algorithm = find_algorithm(algorithm_name)
    params = {name: value for name, value in algorithm_params.items() if name not in MEASURED}
    if task_info["model_type"] == "timeseries":
        return _forecaster(task_info, algorithm, params)
    return _tabular(task_info, algorithm, params)


def _tabular(
    task_info: Mapping[str, Any], algorithm: Algorithm, params: dict[str, Any]
) -> Pipeline:
    """Return clean columns, preprocessing for the family, estimator."""
    choices = params.pop("preprocessing", {})
    codes = code_places(task_info, algorithm.family, choices)
    signs = monotone_signs(task_info, choices)
    if signs and algorithm.monotone_argument:
        params[algorithm.monotone_argument] = signs
    estimator = _estimator(task_info, algorithm, params, codes)
    return Pipeline(
        [
            ("clean", CleanColumns(task_info["featureKinds"])),
            ("features", preprocessing_for(task_info, algorithm.family, choices)),
            ("model", _with_target(estimator, choices)),
        ]
    )


def _with_target(estimator: BaseEstimator, choices: Mapping[str, str]) -> BaseEstimator:
    """Return the estimator, of the logarithm of the target when that was chosen."""
    if choices.get("target") != "log":
        return estimator
    return TransformedTargetRegressor(estimator, transformer=SignedLog(), check_inverse=False)


def _forecaster(
    task_info: Mapping[str, Any], algorithm: Algorithm, params: dict[str, Any]
) -> BaseEstimator:
    """Return an unfitted forecaster around the regressor."""
    time_column, series = task_info["timeColumn"], tuple(task_info.get("seriesColumns", ()))
    if algorithm.task == "timeseries":
        kind = algorithm.estimator
        forecaster: BaseEstimator = kind(time_column, series, **params)
        return forecaster
    lags, difference = int(params.pop("lags", 12)), params.pop("difference", True)
    horizon = task_info.get("leads", 1) if params.pop("direct", False) else 1
    past = tuple(task_info.get("pastOnlyColumns", ()))
    known = {n: kind for n, kind in task_info["featureKinds"].items() if n not in past}
    steps = _tabular({**task_info, "featureKinds": known}, algorithm, params).steps
    return LaggedForecaster(
        steps[-1][1],
        features=Pipeline(steps[:-1]) if known else None,
        time_column=time_column,
        lags=lags,
        difference=difference,
        series=series,
        horizon=horizon,
        past=past,
    )


def split_features_target(
    frame: pd.DataFrame, task_info: Mapping[str, Any]
) -> tuple[pd.DataFrame, np.ndarray[Any, Any], LabelEncoder | None]:
    """Return features, target and, for classification, what turns class numbers into labels.

    Rows without a target teach nothing and are left out.
    """
    known = known_rows(frame, task_info)
    features = frame.loc[known, task_info["featureColumns"]].reset_index(drop=True)
    target = frame.loc[known, task_info["targetFeature"]]
    if task_info["model_type"] != "classification":
        return features, to_number(target).to_numpy(), None
    encoder = LabelEncoder()
    return features, encoder.fit_transform(class_labels(target)), encoder


def known_rows(frame: pd.DataFrame, task_info: Mapping[str, Any]) -> pd.Series:
    """Tell for each row whether it is learned from.

    It has a target: a label, or a finite number; in time a time, and a weight where rows have some.
    """
    target, weight = frame[task_info["targetFeature"]], task_info.get("sampleWeight")
    counts = True if weight is None else to_number(frame[weight]) > 0
    if task_info["model_type"] == "classification":
        return target.notna() & counts
    known = to_number(target).notna() & counts
    time_column = task_info.get("timeColumn")
    if task_info["model_type"] == "timeseries" and time_column:
        return known & to_dates(frame[time_column]).notna()
    return known


def row_weights(frame: pd.DataFrame, task_info: Mapping[str, Any]) -> np.ndarray[Any, Any] | None:
    """Return the weights of the known rows, if rows have some: 1 in the mean, whatever their unit.

    Regularization would count for more or less with another.
    """
    if task_info.get("sampleWeight") is None:
        return None
    known = frame.loc[known_rows(frame, task_info), task_info["sampleWeight"]]
    weights = to_number(known).to_numpy()
    weights = weights / weights.max()  # their sum may be past all floats
    return np.asarray(weights / weights.mean())


def class_labels(target: pd.Series) -> Any:
    """Return labels of one type: whole numbers as int (missing ones made them float), else text."""
    if pd.api.types.is_bool_dtype(target):
        return target.to_numpy(dtype=bool)
    if pd.api.types.is_numeric_dtype(target):
        whole = bool((target == target.round()).all())
        return target.to_numpy(dtype="int64" if whole else "float64")
    return target.astype(str).to_numpy(dtype=object)


def _ensemble(task_info: Mapping[str, Any], params: Mapping[str, Any]) -> BaseEstimator:
    members = [
        (uid, build_pipeline(task_info, member["algorithm_name"], member["algorithm_params"]))
        for uid, member in zip(params["pipelines"], params["members"], strict=True)
    ]
    weights = list(params["weights"])
    if task_info["model_type"] == "classification":
        return VotingClassifier(members, voting="soft", weights=weights)
    return VotingRegressor(members, weights=weights)


def _estimator(
    task_info: Mapping[str, Any], algorithm: Algorithm, params: dict[str, Any], codes: list[int]
) -> BaseEstimator:
    """Return the estimator with the task's seed and threads where it has such parameters.

    Args:
        task_info: of the run.
        algorithm: the estimator's record.
        params: of the trial.
        codes: places of the columns that are codes of categories, for algorithms that are told.
    """
    kind = algorithm.estimator
    accepted = inspect.signature(kind).parameters
    threads = task_info.get("threads", 1)
    fixed = {
        "random_state": task_info["seed"],
        "n_jobs": threads,
        "thread_count": threads,
        **algorithm.parameters,
    }
    open_to = _LIBRARY_OWN if "kwargs" in accepted else ()
    fixed = {key: value for key, value in fixed.items() if key in accepted or key in open_to}
    weight = _class_weight(task_info)
    takes_weight = "class_weight" in accepted
    wanted: dict[str, Any] = {"class_weight": weight} if takes_weight and weight is not None else {}
    if codes and algorithm.codes_argument:
        wanted[algorithm.codes_argument] = codes
    patience = params.pop("early_stopping_rounds", 0)
    estimator = kind(**{**fixed, **params, **wanted})
    if patience or algorithm.is_extra or (codes and not algorithm.codes_argument):
        how = {"patience": patience, "categories": codes, "seed": task_info["seed"]}
        if task_info["model_type"] != "classification":
            return BoostedRegressor(estimator, **how)
        return BoostedClassifier(estimator, class_weight=None if takes_weight else weight, **how)
    if algorithm.is_calibrated:
        return CalibratedClassifierCV(estimator, ensemble=False, cv=3)
    if algorithm.family is Family.SCALED_TARGET:
        return TransformedTargetRegressor(estimator, transformer=StandardScaler())
    return estimator


def _class_weight(task_info: Mapping[str, Any]) -> Any:
    """Return the weights that the task asks for, by class number instead of label."""
    weight = task_info.get("classWeight")
    if not isinstance(weight, dict):
        return weight
    labels = [str(label) for label in task_info["targetClasses"]]
    return {labels.index(str(label)): value for label, value in weight.items()}
