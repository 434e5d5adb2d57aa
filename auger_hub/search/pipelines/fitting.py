"""Fit pipelines, ensembles and estimators with weights of rows and with constraints of columns.

scikit-learn hands weights through neither pipelines nor ensembles of them without a setting of the
whole process. Constraints are told for the columns of the table alone, which stand first; a model
wants one for each column of its own, and how many it has is known when it is fitted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import Bunch

Array = np.ndarray[Any, Any]
CONSTRAINTS = ("monotonic_cst", "monotone_constraints")
"""What libraries call them."""


def fit_model(model: Any, features: Any, target: Array, weights: Array | None = None) -> Any:
    """Fit a pipeline, an ensemble or a forecaster; return it.

    Args:
        model: not fitted yet.
        features: of the rows.
        target: numbers of classes, or values.
        weights: of the rows; None where all count the same.
    """
    if isinstance(model, (VotingClassifier, VotingRegressor)):
        members = {
            name: fit_model(clone(one), features, target, weights) for name, one in model.estimators
        }
        model.estimators_, model.named_estimators_ = list(members.values()), Bunch(**members)
        if isinstance(model, VotingClassifier):
            model.le_ = LabelEncoder().fit(target)
            model.classes_ = model.le_.classes_
        return model
    if not isinstance(model, Pipeline):
        return fit_estimator(model, features, target, weights)
    prepared = model[:-1].fit_transform(features, target)
    fit_estimator(model[-1], prepared, target, weights)
    return model


def fit_estimator(
    estimator: Any, prepared: Any, target: Array, weights: Array | None = None
) -> Any:
    """Fit what comes last in a pipeline to what its other steps have made; return it."""
    for name, value in estimator.get_params().items():
        if name.rpartition("__")[2] in CONSTRAINTS and isinstance(value, tuple):
            free = (0,) * (prepared.shape[1] - len(value))
            estimator.set_params(**{name: (*value, *free)})
    told = {} if weights is None else {"sample_weight": weights}
    return estimator.fit(prepared, target, **told)
