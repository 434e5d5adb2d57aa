"""Fit boosting until a part of its own training rows gets no better, then keep the best round.

A fold's test rows never decide when to stop: they would flatter the score of the fold. The part is
drawn from the training rows, so each fold's model learns from a tenth less, and its score errs on
the careful side. A model that is deployed is fitted once more on all rows (`refit`), with the
number of rounds that was found.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.pipeline import Pipeline

Array = np.ndarray[Any, Any]
_SHARE, _FEWEST, _MOST = 0.1, 100, 5_000  # rows that decide when to stop
_MORE_ROUNDS = 1.1  # of a model of more rows than those that told the number of rounds


class _Boosted(BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Boosting by LightGBM, XGBoost or CatBoost that stops early.

    Args:
        estimator: what is fitted; its `n_estimators` is the most there may be.
        patience: rounds without a gain on the rows that decide, after which it stops; 0 to learn
            from all rows in as many rounds as there may be.
        categories: places of columns that are codes of categories, for a library that asks.
        seed: of the rows that decide.
        refit: fit all rows once more with the number of rounds that was found.
    """

    def __init__(
        self,
        estimator: Any,
        *,
        patience: int = 40,
        categories: Sequence[int] = (),
        seed: int = 0,
        refit: bool = False,
    ) -> None:
        self.estimator = estimator
        self.patience = patience
        self.categories = categories
        self.seed = seed
        self.refit = refit

    def fit(self, X: Any, y: Array) -> Any:  # noqa: N803 - sklearn's name
        """Fit on most rows, and stop by the others."""
        y = np.asarray(y)
        if isinstance(self, ClassifierMixin):
            self.classes_, places = np.unique(y, return_inverse=True)
            y = places if self.library == "xgboost" else y  # which wants them without a gap
        if not self.patience:
            self.fitted_ = clone(self.estimator).fit(self._table(X), y, **self._arguments())
            return self
        learn, decide = _split(y, self.seed, has_classes=isinstance(self, ClassifierMixin))
        table = self._table(X)
        fitted, rounds = self._fit(_rows(table, learn), y[learn], (_rows(table, decide), y[decide]))
        if self.refit:
            more = clone(self.estimator).set_params(n_estimators=round(rounds * _MORE_ROUNDS))
            fitted = more.fit(table, y, **self._arguments())
        self.fitted_, self.rounds_ = fitted, rounds
        return self

    def predict(self, X: Any) -> Array:  # noqa: N803 - sklearn's name
        """Return what the fitted model predicts."""
        return np.asarray(self.fitted_.predict(self._table(X))).reshape(-1)

    def _fit(self, X: Any, y: Array, other: tuple[Any, Array]) -> tuple[Any, int]:  # noqa: N803
        """Return the model and how many rounds it has."""
        model = clone(self.estimator)
        match self.library:
            case "lightgbm":
                import lightgbm

                stop = lightgbm.early_stopping(self.patience, verbose=False)
                with warnings.catch_warnings():  # the name that replaces it is not in 4.5
                    warnings.filterwarnings("ignore", "The argument 'eval_set'")
                    model.fit(X, y, eval_set=[other], callbacks=[stop], **self._arguments())
                rounds = model.best_iteration_
            case "xgboost":
                model.set_params(early_stopping_rounds=self.patience)
                model.fit(X, y, eval_set=[other], verbose=False)
                rounds = model.best_iteration + 1
            case _:
                told = {"early_stopping_rounds": self.patience, "use_best_model": True}
                model.fit(X, y, eval_set=other, **told, **self._arguments())
                rounds = model.tree_count_
        return model, max(1, int(rounds or 1))

    def _table(self, X: Any) -> Any:  # noqa: N803 - sklearn's name
        """Return the columns as the library takes them: CatBoost wants codes as integers."""
        if self.library != "catboost" or not len(self.categories):
            return X
        table = pd.DataFrame(np.asarray(X))
        codes = list(self.categories)
        table[codes] = table[codes].fillna(-1)
        return table.astype(dict.fromkeys(codes, "int64"))

    def _arguments(self) -> dict[str, Any]:
        """Return how the library is told which columns are codes."""
        names = {"catboost": "cat_features", "lightgbm": "categorical_feature"}
        if not len(self.categories):
            return {}
        return {names[self.library]: [int(place) for place in self.categories]}

    @property
    def library(self) -> str:
        return type(self.estimator).__module__.partition(".")[0]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "fitted_")


class BoostedClassifier(ClassifierMixin, _Boosted):  # type: ignore[misc]
    """Boosting for classes that stops early."""

    def predict_proba(self, X: Any) -> Array:  # noqa: N803 - sklearn's name
        """Return one column of probabilities a class."""
        return np.asarray(self.fitted_.predict_proba(self._table(X)))

    def predict(self, X: Any) -> Array:  # noqa: N803 - sklearn's name
        """Return the most probable classes."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class BoostedRegressor(RegressorMixin, _Boosted):  # type: ignore[misc]
    """Boosting for values that stops early."""


def _split(y: Array, seed: int, *, has_classes: bool) -> tuple[Array, Array]:
    """Return the places of the rows to learn from, and of those that decide when to stop.

    All rows of a class that has too few stay with the former: a model has to know each class.
    """
    count = min(_MOST, max(_FEWEST, round(_SHARE * len(y))), len(y) // 4)
    order = np.random.default_rng(seed).permutation(len(y))
    decide, learn = order[:count], order[count:]
    if has_classes:
        unknown = np.isin(y[decide], y[learn], invert=True)
        learn, decide = np.concatenate([learn, decide[unknown]]), decide[~unknown]
    return np.sort(learn), np.sort(decide)


def _rows(table: Any, places: Array) -> Any:
    return table.iloc[places] if isinstance(table, pd.DataFrame) else np.asarray(table)[places]


def without_stopping(model: Any) -> Any:
    """Return a fitted pipeline, or an ensemble of such, with the model of LightGBM as it is.

    What made it stop is of no use any more, and others know how to read a plain one.
    """
    for member in getattr(model, "estimators_", ()):
        without_stopping(member)
    if isinstance(model, Pipeline) and isinstance(model[-1], _Boosted):
        last, name = model[-1], model.steps[-1][0]
        if last.library == "lightgbm":
            model.steps[-1] = (name, last.fitted_)
    return model
