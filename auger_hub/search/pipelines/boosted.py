"""Fit boosting until a part of its own training rows gets no better, then keep the best round.

A fold's test rows never decide when to stop: they would flatter the score of the fold. The part is
drawn from the training rows, so each fold's model learns from a tenth less, and its score errs on
the careful side. A model that is deployed is fitted once more on all rows (`refit`), with the
number of rounds that was found.

Where the time for a fit is short, it is stopped by the clock and keeps the rounds it has. How many
is told (`cut_after_`), so that the other folds, and whoever repeats the trial, get the same.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.class_weight import compute_sample_weight

Array = np.ndarray[Any, Any]
_SHARE, _FEWEST, _MOST = 0.1, 100, 5_000  # rows that decide when to stop
_MORE_ROUNDS = 1.1  # of a model of more rows than those that told the number of rounds


@dataclass(frozen=True)
class _Rows:
    """Rows to learn from, or to decide by; without weights, all count the same."""

    table: Any
    target: Array
    weights: Array | None

    def at(self, places: Array) -> _Rows:
        """Return the rows at some places."""
        is_frame = isinstance(self.table, pd.DataFrame)
        table = self.table.iloc[places] if is_frame else np.asarray(self.table)[places]
        weights = None if self.weights is None else self.weights[places]
        return _Rows(table, self.target[places], weights)


class _Boosted(BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Boosting by LightGBM, XGBoost or CatBoost that stops early.

    Args:
        estimator: what is fitted; its `n_estimators` is the most there may be.
        patience: rounds without a gain on the rows that decide, after which it stops; 0 to learn
            from all rows in as many rounds as there may be.
        categories: places of columns that are codes of categories, for a library that asks.
        seed: of the rows that decide.
        refit: fit all rows once more with the number of rounds that was found.
        until: on the clock of `time.monotonic`, when it stops with the rounds it has; None for
            never.
        most_rounds: after which it stops as it did by the clock; None for those of the estimator,
            by which some choose their learning rate.
        class_weight: `balanced`, or weights by class, for a library that takes none of classes
            itself; they count for the rows that decide as well.
    """

    cut_after_: int | None = None

    def __init__(  # noqa: PLR0913 - what sklearn sets and clones are parameters
        self,
        estimator: Any,
        *,
        patience: int = 40,
        categories: Sequence[int] = (),
        seed: int = 0,
        refit: bool = False,
        until: float | None = None,
        most_rounds: int | None = None,
        class_weight: Any = None,
    ) -> None:
        self.estimator = estimator
        self.patience = patience
        self.categories = categories
        self.seed = seed
        self.refit = refit
        self.until = until
        self.most_rounds = most_rounds
        self.class_weight = class_weight

    def fit(self, X: Any, y: Array, sample_weight: Array | None = None) -> Any:  # noqa: N803
        """Fit on most rows, and stop by the others."""
        y = np.asarray(y)
        weights = sample_weight
        if self.class_weight:
            of_classes = compute_sample_weight(self.class_weight, y)
            weights = of_classes if weights is None else of_classes * weights
        if isinstance(self, ClassifierMixin):
            self.classes_, places = np.unique(y, return_inverse=True)
            y = places if self.library == "xgboost" else y  # which wants them without a gap
        rows = _Rows(self._table(X), y, weights)
        if not self.patience:
            self.fitted_, self.rounds_ = self._fit(rows, None)
            return self
        learn, decide = _split(y, self.seed, has_classes=isinstance(self, ClassifierMixin))
        fitted, rounds = self._fit(rows.at(learn), rows.at(decide))
        if self.refit:
            more = self._new_model().set_params(n_estimators=round(rounds * _MORE_ROUNDS))
            fitted = more.fit(rows.table, y, sample_weight=weights, **self._arguments())
        self.fitted_, self.rounds_ = fitted, rounds
        return self

    def predict(self, X: Any) -> Array:  # noqa: N803 - sklearn's name
        """Return what the fitted model predicts."""
        return np.asarray(self.fitted_.predict(self._table(X))).reshape(-1)

    def _fit(self, rows: _Rows, other: _Rows | None) -> tuple[Any, int]:
        """Return the model and how many rounds it has, the best ones by the other rows."""
        model = self._new_model()
        told: dict[str, Any] = {"sample_weight": rows.weights, **self._arguments()}
        clock = Clock(self.until, self.most_rounds)
        match self.library:
            case "lightgbm":
                if other is not None:
                    told["eval_set"] = [(other.table, other.target)]
                    counted = None if other.weights is None else [other.weights]
                    told["eval_sample_weight"] = counted
                told["callbacks"] = self._lightgbm_calls(clock, stops_early=other is not None)
            case "xgboost":
                if other is not None:
                    told["eval_set"] = [(other.table, other.target)]
                    told["sample_weight_eval_set"] = (
                        None if other.weights is None else [other.weights]
                    )
                told["verbose"] = False
                patience = None if other is None else self.patience
                stop = clock.for_xgboost() if clock.is_set else None
                model.set_params(early_stopping_rounds=patience, callbacks=stop)
            case _:
                if other is not None:
                    told |= {"eval_set": self._pool(other), "use_best_model": True}
                    told["early_stopping_rounds"] = self.patience
                told |= {"callbacks": [clock]} if clock.is_set else {}
        with warnings.catch_warnings():  # the name that replaces it is not in 4.5
            warnings.filterwarnings("ignore", "The argument 'eval_set'")
            model.fit(rows.table, rows.target, **told)
        self.cut_after_ = clock.cut_after
        return model, self._rounds_of(model)

    def _new_model(self) -> Any:
        """Return an unfitted estimator; CatBoost wants as a list what it can be cloned with."""
        model = clone(self.estimator)
        lists = {n: list(v) for n, v in model.get_params().items() if isinstance(v, tuple)}
        return model.set_params(**lists) if self.library == "catboost" else model

    def _pool(self, rows: _Rows) -> Any:
        """Return rows as CatBoost takes them beside those that it learns from."""
        from catboost import Pool

        return Pool(rows.table, rows.target, weight=rows.weights, **self._arguments())

    def _lightgbm_calls(self, clock: Clock, *, stops_early: bool) -> list[Any]:
        import lightgbm

        calls = [lightgbm.early_stopping(self.patience, verbose=False)] if stops_early else []
        return [*calls, clock.stop_lightgbm] if clock.is_set else calls

    def _rounds_of(self, model: Any) -> int:
        """Return how many rounds a fitted model has, or the best of them."""
        match self.library:
            case "lightgbm":
                rounds = model.best_iteration_
            case "xgboost":
                model.set_params(callbacks=None)  # it is stored without
                best = model.get_booster().attr("best_iteration")  # none of the last, if it is cut
                rounds = model.get_booster().num_boosted_rounds() if best is None else int(best) + 1
            case _:
                rounds = model.tree_count_
        return max(1, int(rounds or model.n_estimators))

    def _table(self, X: Any) -> Any:  # noqa: N803 - sklearn's name
        """Return the columns as the library takes them: CatBoost wants codes as integers."""
        if self.library != "catboost" or not len(self.categories):
            return X
        columns = dict(enumerate(np.asarray(X).T))
        for place in self.categories:
            codes = columns[int(place)]
            columns[int(place)] = np.where(np.isnan(codes), -1, codes).astype("int64")
        return pd.DataFrame(columns)

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


class Clock:
    """Stops a fit when its time is over or its rounds are, after its first round at the earliest.

    It is a callback of CatBoost as it stands, and has one for each of the others.
    """

    def __init__(self, until: float | None, most_rounds: int | None) -> None:
        self.cut_after: int | None = None
        self._until, self._most_rounds = until, most_rounds
        self._best: tuple[float, int, Any] | None = None

    @property
    def is_set(self) -> bool:
        """Tell whether it may ever stop anything."""
        return self._until is not None or self._most_rounds is not None

    def is_over(self, rounds: int) -> bool:
        """Tell whether a fit has to stop after so many rounds."""
        is_late = self._until is not None and time.monotonic() >= self._until
        if is_late:
            self.cut_after = rounds
        return is_late or (self._most_rounds is not None and rounds >= self._most_rounds)

    def after_iteration(self, info: Any) -> bool:
        """Tell CatBoost whether to go on."""
        return not self.is_over(info.iteration)

    def stop_lightgbm(self, told: Any) -> None:
        """Stop LightGBM at its best round so far, as it does itself after its last one."""
        from lightgbm.callback import EarlyStopException

        shown = told.evaluation_result_list
        loss = -told.iteration  # the last round is the best where nothing tells another
        if shown:
            loss = -shown[0][2] if shown[0][3] else shown[0][2]
        if self._best is None or loss < self._best[0]:
            self._best = (loss, told.iteration, shown)
        if self.is_over(told.iteration + 1):
            raise EarlyStopException(*self._best[1:])

    def for_xgboost(self) -> list[Any]:
        """Return the callbacks of XGBoost, which itself notes the best round."""
        from xgboost.callback import TrainingCallback

        is_over = self.is_over

        class Stop(TrainingCallback):
            def after_iteration(self, _model: Any, epoch: int, _log: Any) -> bool:
                return is_over(epoch + 1)

        return [Stop()]


def limit_rounds(model: Any, most_rounds: int | None, until: float | None = None) -> None:
    """Tell the boosting in a pipeline or an estimator, if there is any, where it has to stop."""
    named = {"most_rounds": most_rounds, "until": until}
    for name in model.get_params():
        last = name.rpartition("__")[2]
        if last in named:
            model.set_params(**{name: named[last]})


def boosted_of(model: Any) -> _Boosted | None:
    """Return the boosting in a fitted estimator, also of a transformed target; None without."""
    model = getattr(model, "regressor_", model)
    return model if isinstance(model, _Boosted) else None


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
