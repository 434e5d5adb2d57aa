"""Prepare the columns for a family of algorithms: one `ColumnTransformer`, fitted with the model.

Everything learned about the data is learned in `fit`, so cross-validation leaks nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    StandardScaler,
    TargetEncoder,
)

from auger_hub.search.algorithms.algorithm import Family
from auger_hub.search.column_kinds import CATEGORY, CODE, MANY, NUMBER, TEXT
from auger_hub.search.columns import output_columns

TEXT_TOPICS = 32
WORD_COLUMNS = 2**12
# Since scikit-learn 1.9 the splitter carries the seed; before, only a number of folds was taken.
_SEED = inspect.signature(TargetEncoder).parameters.get("random_state")
ENCODER_TAKES_SEED = _SEED is not None and _SEED.default != "deprecated"


def preprocessing_for(
    task_info: Mapping[str, Any], family: Family, choices: Mapping[str, str]
) -> ColumnTransformer:
    """Return the unfitted preprocessing; `choices` are parameters of the trial."""
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
