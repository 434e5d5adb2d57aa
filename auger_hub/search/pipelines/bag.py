"""Predict by the mean of the models that cross-validation has fitted, one a fold.

Each has learned from other rows, so their errors cancel in part, and none has to be fitted anew on
all rows: what was measured is what predicts. A prediction takes as many times as there are folds,
but for what `_Prepared` does once for all of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OrdinalEncoder

from auger_hub.search.columns import names_of

Array = np.ndarray[Any, Any]
FEW_ROWS = 100  # up to which the trees of a forest are asked without a schedule
_FORESTS = (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
_NAMELESS = "X does not have valid feature names"


class _Prepared:
    """Rows as each of several fitted models takes them: the very numbers of its own preprocessing.

    Columns are taken out of the table once for all models, as arrays; texts are hashed once, and
    categories that are the same in several folds are encoded once. For a single row, that was most
    of the time of a prediction.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table
        self._columns: dict[Any, Array] = {}
        self._hashed: dict[Any, Any] = {}
        self._encoded: dict[Any, list[tuple[OrdinalEncoder, Array]]] = {}

    def by(self, columns: ColumnTransformer) -> Array:
        """Return what fitted preprocessing makes of the rows."""
        parts = [
            self._part(step, names_of(columns, given))
            for _, step, given in columns.transformers_
            if not (isinstance(step, str) and step == "drop") and len(given)
        ]
        return np.hstack([part.toarray() if sparse.issparse(part) else part for part in parts])

    def _part(self, step: Any, names: str | Sequence[str]) -> Any:
        key = names if isinstance(names, str) else tuple(names)
        if key not in self._columns:
            chosen = names if isinstance(names, str) else list(names)
            self._columns[key] = self._table[chosen].to_numpy()
        values = self._columns[key]
        if isinstance(step, str):  # "passthrough"
            return values
        if isinstance(step, OrdinalEncoder):
            return self._encode(step, key)
        if not isinstance(step, Pipeline) or not _only_hashes(step[0]):
            return step.transform(values)
        if key not in self._hashed:
            self._hashed[key] = step[0].transform(values)
        return step[1:].transform(self._hashed[key])

    def _encode(self, encoder: OrdinalEncoder, key: Any) -> Array:
        known = self._encoded.setdefault(key, [])
        for other, codes in known:
            if all(map(np.array_equal, encoder.categories_, other.categories_)):
                return codes
        codes = np.asarray(encoder.transform(self._columns[key]))
        known.append((encoder, codes))
        return codes


def _only_hashes(step: Any) -> bool:
    """Say whether a step has learned nothing, and so does the same in every model of a bag."""
    if not isinstance(step, FeatureUnion):
        return False
    return all(isinstance(one, HashingVectorizer) for _, one in step.transformer_list)


class _Bag(BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Fitted models that predict together."""

    def __init__(self, models: Sequence[Any]) -> None:
        self.models = models

    def fit(self, _X: Any, _y: Any = None) -> Any:  # noqa: N803 - sklearn's name
        """Learn nothing: the models are fitted."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _answers(self, X: Any, ask: Callable[[Any, Any], Array]) -> Iterator[Array]:  # noqa: N803
        """Yield what each model answers."""
        prepared = _Prepared(X)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", _NAMELESS)  # each column is in its place
            for model in self.models:
                if isinstance(X, pd.DataFrame) and _is_prepared(model):
                    yield ask(model[-1], prepared.by(model[0]))
                else:
                    yield ask(model, X)


def _is_prepared(model: Any) -> bool:
    """Say whether a model is an estimator behind preprocessing by the names of columns."""
    if not isinstance(model, Pipeline) or len(model) != 2:
        return False
    first = model[0]
    return isinstance(first, ColumnTransformer) and first.sparse_threshold == 0


class BagRegressor(RegressorMixin, _Bag):  # type: ignore[misc]
    """The mean of the values that models predict."""

    def predict(self, X: Any) -> Array:  # noqa: N803 - sklearn's name
        """Return the mean of what the models predict."""
        return np.asarray(np.mean(list(self._answers(X, _predict)), axis=0))


class BagClassifier(ClassifierMixin, _Bag):  # type: ignore[misc]
    """The mean of the probabilities that models predict, of all classes that any of them knows."""

    @property
    def classes_(self) -> Array:
        """Return the classes in order."""
        return np.unique(np.concatenate([model.classes_ for model in self.models]))

    def predict_proba(self, X: Any) -> Array:  # noqa: N803 - sklearn's name
        """Return one column of probabilities a class."""
        classes = self.classes_
        told = np.zeros((len(X), len(classes)))
        for model, chances in zip(self.models, self._answers(X, _predict_proba), strict=True):
            told[:, np.searchsorted(classes, model.classes_)] += chances
        return told / len(self.models)

    def predict(self, X: Any) -> Array:  # noqa: N803 - sklearn's name
        """Return the most probable classes."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def _predict(model: Any, X: Any) -> Array:  # noqa: N803 - sklearn's name
    trees = _mean_of_trees(model, X)
    return np.asarray(model.predict(X)) if trees is None else trees[:, 0]


def _predict_proba(model: Any, X: Any) -> Array:  # noqa: N803 - sklearn's name
    trees = _mean_of_trees(model, X)
    return np.asarray(model.predict_proba(X)) if trees is None else trees


def _mean_of_trees(model: Any, X: Any) -> Array | None:  # noqa: N803 - sklearn's name
    """Return the mean of a forest's trees for few rows; None where the forest is to be asked.

    It adds in the same order. Its own way hands each tree to a schedule of threads, with a copy of
    the settings, which takes longer than all trees do for a row.
    """
    if type(model) not in _FORESTS or len(X) > FEW_ROWS or model.n_outputs_ != 1:
        return None
    rows = np.ascontiguousarray(X, dtype=np.float32)
    if not np.isfinite(rows).all():
        return None  # it knows what to say
    total = sum(tree.tree_.predict(rows) for tree in model.estimators_)
    return np.asarray(total / len(model.estimators_))


def bag_of(models: Sequence[Any], *, has_classes: bool) -> Any:
    """Return one model of several; columns are cleaned once for all pipelines."""
    kind = BagClassifier if has_classes else BagRegressor
    if not all(isinstance(model, Pipeline) for model in models):
        return kind(list(models))
    return Pipeline([models[0].steps[0], ("models", kind([model[1:] for model in models]))])


def without_frames(model: Any) -> Any:
    """Return a model whose one pipeline is asked as those of a bag are; any other as it is.

    The answers are the same, and a single record has them in two thirds of the time.
    """
    if not isinstance(model, Pipeline) or not _is_prepared(model[1:]):
        return model
    return bag_of([model], has_classes=hasattr(model, "predict_proba"))
