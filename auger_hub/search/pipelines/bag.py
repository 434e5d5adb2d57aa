"""Predict by the mean of the models that cross-validation has fitted, one a fold.

Each has learned from other rows, so their errors cancel in part, and none has to be fitted anew on
all rows: what was measured is what predicts. A prediction takes as many times as there are folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.pipeline import Pipeline

Array = np.ndarray[Any, Any]


class _Bag(BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Fitted models that predict together."""

    def __init__(self, models: Sequence[Any]) -> None:
        self.models = models

    def fit(self, _X: Any, _y: Any = None) -> Any:  # noqa: N803 - sklearn's name
        """Learn nothing: the models are fitted."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True


class BagRegressor(RegressorMixin, _Bag):  # type: ignore[misc]
    """The mean of the values that models predict."""

    def predict(self, X: Any) -> Array:  # noqa: N803 - sklearn's name
        """Return the mean of what the models predict."""
        return np.asarray(np.mean([model.predict(X) for model in self.models], axis=0))


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
        for model in self.models:
            told[:, np.searchsorted(classes, model.classes_)] += model.predict_proba(X)
        return told / len(self.models)

    def predict(self, X: Any) -> Array:  # noqa: N803 - sklearn's name
        """Return the most probable classes."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def bag_of(models: Sequence[Any], *, has_classes: bool) -> Any:
    """Return one model of several; columns are cleaned once for all pipelines."""
    kind = BagClassifier if has_classes else BagRegressor
    if not all(isinstance(model, Pipeline) for model in models):
        return kind(list(models))
    return Pipeline([models[0].steps[0], ("models", kind([model[1:] for model in models]))])
