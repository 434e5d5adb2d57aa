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
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    StandardScaler,
    TargetEncoder,
)

from auger_hub.search.algorithms.algorithm import Family
from auger_hub.search.column_kinds import CATEGORY, CODE, MANY, NUMBER, PHRASE, TEXT
from auger_hub.search.columns import angle_names, elapsed_names, output_columns

NATIVE, ORDINAL = "native", "ordinal"
TOPICS = 32  # of a text, while there are few of them
TOPICS_OF_MANY, FEW_TEXTS = 16, 3  # columns of texts
WORD_COLUMNS = 2**12
# Since scikit-learn 1.9 the splitter carries the seed; before, only a number of folds was taken.
_SEED = inspect.signature(TargetEncoder).parameters.get("random_state")
ENCODER_TAKES_SEED = _SEED is not None and _SEED.default != "deprecated"


def preprocessing_for(
    task_info: Mapping[str, Any], family: Family, choices: Mapping[str, str]
) -> ColumnTransformer:
    """Return the unfitted preprocessing; `choices` are parameters of the trial."""
    by_kind = _by_kind(task_info, choices)
    number, category = by_kind.pop(NUMBER, []), by_kind.pop(CATEGORY, [])
    steps: list[tuple[str, Any, Any]] = [
        ("number", _numbers(family, choices, task_info["dataset_nrows"]), number),
        ("category", _categories(task_info, family, choices), category),
        ("many", _many(task_info, family, choices), by_kind.pop(MANY, [])),
    ]
    if family.needs_scaling and task_info.get("datesInCycles"):
        unknown = SimpleImputer(  # as the middle of all angles
            strategy="constant", fill_value=0.0, keep_empty_features=True
        )
        steps.append(("angle", unknown, angle_names(task_info["featureKinds"])))
    # By place: a list of names is searched for each of them, which takes seconds for 20,000.
    places = {name: i for i, name in enumerate(output_columns(task_info["featureKinds"]))}
    steps = [(name, step, [places[one] for one in columns]) for name, step, columns in steps]
    phrases = [] if choices.get("names") == ORDINAL else by_kind.pop(PHRASE, [])
    texts = [*by_kind.pop(TEXT, []), *phrases]
    steps += [(f"{TEXT}_{i}", _texts(family, len(texts)), name) for i, name in enumerate(texts)]
    return ColumnTransformer([step for step in steps if step[2]], sparse_threshold=0.0)


def code_places(
    task_info: Mapping[str, Any], family: Family, choices: Mapping[str, str]
) -> list[int]:
    """Return the places of the columns that are codes of categories, for a model that is told.

    A forecaster has columns of its own before these; its regressor is told none.
    """
    if task_info["model_type"] == "timeseries":
        return []
    by_kind = _by_kind(task_info, choices)
    first = len(by_kind.get(NUMBER, ()))
    count = 0
    if family is Family.NATIVE or choices.get("categories") == NATIVE:
        count = len(by_kind.get(CATEGORY, ()))
    if family is Family.NATIVE:
        count += len(by_kind.get(MANY, ()))
    return list(range(first, first + count))


def monotone_signs(task_info: Mapping[str, Any], choices: Mapping[str, str]) -> tuple[int, ...]:
    """Return 1 or -1 for columns with which predictions only rise or fall, and 0 for others.

    Numbers stand first in a prepared table, so there is one for each of these; none without any.
    """
    signs = task_info.get("monotonicConstraints") or {}
    if not signs:
        return ()  # CatBoost's parameters can be cloned as tuples, and not as lists
    return tuple(signs.get(name, 0) for name in _by_kind(task_info, choices).get(NUMBER, ()))


def _by_kind(task_info: Mapping[str, Any], choices: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the columns of each kind; codes are numbers or categories, as was chosen."""
    by_kind: dict[str, list[str]] = {}
    codes = NUMBER if choices.get("codes", "number") == "number" else CATEGORY
    kinds: Mapping[str, str] = task_info["featureKinds"]
    left_out = set(angle_names(kinds))
    if not task_info.get("datesInCycles"):
        left_out |= set(elapsed_names(kinds).values())
    for name, kind in output_columns(kinds).items():
        if name in left_out:
            continue
        by_kind.setdefault(kind, []).append(name)
    by_kind.setdefault(codes, []).extend(by_kind.pop(CODE, []))
    by_kind.setdefault(MANY, []).extend(by_kind.get(PHRASE, []))  # its values count as well
    return by_kind


def _numbers(family: Family, choices: Mapping[str, str], rows: int) -> Any:
    if family in (Family.BOOSTING, Family.NATIVE):
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
        case "ordinal" | "native":
            return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        case _:
            return OneHotEncoder(
                handle_unknown="infrequent_if_exist",
                min_frequency=min(10, max(1, task_info["dataset_nrows"] // 100)),
                sparse_output=False,
            )


def _many(task_info: Mapping[str, Any], family: Family, choices: Mapping[str, str]) -> Any:
    """Return numbers of names: what the target was beside each, or codes, which tell rows apart.

    By codes trees find the rows that stand in a table more than once; the words that are in a name
    are not looked at then.
    """
    if family is Family.NATIVE or choices.get("names") == ORDINAL:
        return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return _target_encoding(task_info, family)


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


def split_text(steps: Any) -> tuple[Any, Any]:
    """Return of the preparation of a text what makes topics of it, and what scales them, if any."""
    *topics, last = [step for _, step in steps.steps]
    if isinstance(last, StandardScaler):
        return make_pipeline(*topics), last
    return steps, None


def _texts(family: Family, count: int) -> Any:
    """Return topics of hashed words and parts of words: any number of them makes as many columns.

    Parts of words tell `comedy` from `comedies` by little, and reach words that are spelled wrong.
    The topics of both are looked for together, and in few rounds: on a table of films with eight
    such columns they took most of a minute otherwise, and told no more.
    """
    parts = HashingVectorizer(
        n_features=WORD_COLUMNS, alternate_sign=False, analyzer="char_wb", ngram_range=(3, 4)
    )
    words = HashingVectorizer(n_features=WORD_COLUMNS, alternate_sign=False, ngram_range=(1, 2))
    number = TOPICS if count <= FEW_TEXTS else TOPICS_OF_MANY
    steps = [
        make_union(words, parts),
        TfidfTransformer(sublinear_tf=True),
        TruncatedSVD(number, n_iter=2, n_oversamples=6, random_state=0),
    ]
    return (
        make_pipeline(*steps, StandardScaler()) if family.needs_scaling else make_pipeline(*steps)
    )
