"""Task and trial into an unfitted scikit-learn pipeline, which takes the raw table as it was read.

The steps are `CleanColumns`, one `ColumnTransformer` made for the family of the algorithm, and the
estimator. Everything learned about the data is learned in `fit`, so cross-validation leaks nothing.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    LabelEncoder,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    StandardScaler,
    TargetEncoder,
)

from auger_hub.search.column_kinds import CATEGORY, CODE, MANY, NUMBER, TEXT
from auger_hub.search.columns import CleanColumns, output_columns, to_number
from auger_hub.search.preprocessing import ENSEMBLES, FAMILIES, Family
from auger_hub.search.task import BadTask

TEXT_TOPICS = 32
# Since scikit-learn 1.9 the splitter carries the seed; before, only a number of folds was taken.
_SEED = inspect.signature(TargetEncoder).parameters.get("random_state")
ENCODER_TAKES_SEED = _SEED is not None and _SEED.default != "deprecated"
WORD_COLUMNS = 2**12


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
    if algorithm_name in ENSEMBLES:
        return _ensemble(task_info, algorithm_name, algorithm_params)
    if algorithm_name not in FAMILIES:
        raise BadTask(f"The algorithm `{algorithm_name}` is not known to this hub.")
    if task_info["model_type"] == "timeseries":
        from auger_hub.search.timeseries import build_forecaster

        return build_forecaster(task_info, algorithm_name, algorithm_params)
    return tabular_pipeline(task_info, algorithm_name, algorithm_params)


def tabular_pipeline(
    task_info: Mapping[str, Any], algorithm_name: str, algorithm_params: Mapping[str, Any]
) -> Pipeline:
    """Return clean columns, preprocessing for the family, estimator."""
    params = dict(algorithm_params)
    choices = params.pop("preprocessing", {})
    family = FAMILIES[algorithm_name]
    kinds = task_info["featureKinds"]
    return Pipeline(
        [
            ("clean", CleanColumns(kinds)),
            ("features", _preprocessing(task_info, family, choices)),
            ("model", _estimator(task_info, algorithm_name, params)),
        ]
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
    return features, encoder.fit_transform(_class_labels(target)), encoder


def known_rows(frame: pd.DataFrame, task_info: Mapping[str, Any]) -> pd.Series:
    """Tell for each row whether it has a target: a label, or a finite number."""
    target = frame[task_info["targetFeature"]]
    classification = task_info["model_type"] == "classification"
    return target.notna() if classification else to_number(target).notna()


def _class_labels(target: pd.Series) -> Any:
    """Return labels of one type: whole numbers as int (missing ones made them float), else text."""
    if pd.api.types.is_bool_dtype(target):
        return target.to_numpy(dtype=bool)
    if pd.api.types.is_numeric_dtype(target):
        whole = bool((target == target.round()).all())
        return target.to_numpy(dtype="int64" if whole else "float64")
    return target.astype(str).to_numpy(dtype=object)


def _ensemble(
    task_info: Mapping[str, Any], algorithm_name: str, params: Mapping[str, Any]
) -> BaseEstimator:
    members = [
        (uid, build_pipeline(task_info, member["algorithm_name"], member["algorithm_params"]))
        for uid, member in zip(params["pipelines"], params["members"], strict=True)
    ]
    if algorithm_name.endswith("VotingClassifier"):
        return VotingClassifier(members, voting="soft", weights=list(params["weights"]))
    return VotingRegressor(members, weights=list(params["weights"]))


def _estimator(
    task_info: Mapping[str, Any], algorithm_name: str, params: Mapping[str, Any]
) -> BaseEstimator:
    """Return the estimator with the task's seed and threads where it has such parameters."""
    module, _, name = algorithm_name.rpartition(".")
    kind = getattr(importlib.import_module(module), name)
    accepted = inspect.signature(kind).parameters
    fixed: dict[str, Any] = {
        "random_state": task_info["seed"],
        "n_jobs": task_info.get("threads", 1),
    }
    if algorithm_name.startswith("lightgbm."):
        fixed |= {"verbose": -1, "deterministic": True, "force_row_wise": True}
    elif algorithm_name == "sklearn.linear_model.LogisticRegression":
        del fixed["n_jobs"]  # without effect, and scikit-learn warns about it
    fixed = {key: value for key, value in fixed.items() if key in accepted or "kwargs" in accepted}
    wanted = {"class_weight": _class_weight(task_info)} if "class_weight" in accepted else {}
    wanted = {key: value for key, value in wanted.items() if value is not None}
    estimator = kind(**{**fixed, **params, **wanted})
    if algorithm_name == "sklearn.svm.SVC":  # its own probabilities are deprecated
        return CalibratedClassifierCV(estimator, ensemble=False, cv=3)
    if FAMILIES[algorithm_name] is Family.SCALED_TARGET:
        return TransformedTargetRegressor(estimator, transformer=StandardScaler())
    return estimator


def _class_weight(task_info: Mapping[str, Any]) -> Any:
    """Return the weights that the task asks for, by class number instead of label."""
    weight = task_info.get("classWeight")
    if not isinstance(weight, dict):
        return weight
    labels = [str(label) for label in task_info["targetClasses"]]
    return {labels.index(str(label)): value for label, value in weight.items()}


def _preprocessing(
    task_info: Mapping[str, Any], family: Family, choices: Mapping[str, str]
) -> ColumnTransformer:
    by_kind: dict[str, list[str]] = {}
    for name, kind in output_columns(task_info["featureKinds"]).items():
        by_kind.setdefault(kind, []).append(name)
    codes = NUMBER if choices.get("codes", "number") == "number" else CATEGORY
    number = by_kind.pop(NUMBER, [])
    category = by_kind.pop(CATEGORY, [])
    (number if codes == NUMBER else category).extend(by_kind.pop(CODE, []))
    steps: list[tuple[str, Any, Any]] = [
        ("number", _numbers(family, choices, task_info["dataset_nrows"]), number),
        ("category", _categories(task_info, family, choices), category),
        ("many", _target_encoding(task_info, family), by_kind.pop(MANY, [])),
    ]
    steps += [(f"text_{i}", _texts(family), n) for i, n in enumerate(by_kind.pop(TEXT, []))]
    return ColumnTransformer([step for step in steps if step[2]], sparse_threshold=0.0)


def _numbers(family: Family, choices: Mapping[str, str], rows: int) -> Any:
    if family is Family.BOOSTING:
        return "passthrough"  # it splits on "missing" itself
    imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    if family is Family.FOREST:
        return imputer
    match choices.get("scaler", "standard"):
        case "minmax":
            scaler: Any = MinMaxScaler()
        case "quantile":
            scaler = QuantileTransformer(
                n_quantiles=min(100, max(2, rows // 3)),
                output_distribution="normal",
                random_state=0,
            )
        case _:
            scaler = StandardScaler()
    return make_pipeline(imputer, scaler)


def _categories(task_info: Mapping[str, Any], family: Family, choices: Mapping[str, str]) -> Any:
    default = "onehot" if family.needs_scaling else "ordinal"
    match choices.get("categories", default):
        case "target":
            return _target_encoding(task_info, family)
        case "ordinal":
            return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        case _:
            return OneHotEncoder(
                handle_unknown="infrequent_if_exist",
                min_frequency=min(10, max(1, task_info["dataset_nrows"] // 100)),
                sparse_output=False,
            )


def _target_encoding(task_info: Mapping[str, Any], family: Family) -> Any:
    seed = task_info["seed"]
    parts: dict[str, Any] = {"cv": 5, "random_state": seed}
    if not ENCODER_TAKES_SEED:
        parts = {"cv": KFold(5, shuffle=True, random_state=seed)}
    encoder = TargetEncoder(target_type=_target_type(task_info), **parts)
    return make_pipeline(encoder, StandardScaler()) if family.needs_scaling else encoder


def _target_type(task_info: Mapping[str, Any]) -> str:
    if task_info["model_type"] != "classification":
        return "continuous"
    return "binary" if task_info["binaryClassification"] else "multiclass"


def _texts(family: Family) -> Any:
    """Return topics of hashed words: any number of words makes as many columns."""
    words = HashingVectorizer(n_features=WORD_COLUMNS, alternate_sign=False)
    topics = TruncatedSVD(TEXT_TOPICS, random_state=0)
    steps = (words, TfidfTransformer(sublinear_tf=True), topics)
    return (
        make_pipeline(*steps, StandardScaler()) if family.needs_scaling else make_pipeline(*steps)
    )
