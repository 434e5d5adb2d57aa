"""Present a stored model as a pipeline of scikit-learn that takes a table and returns labels.

Self-contained: the joblib export carries this file along, and is written by it, so that the classes
inside are those of the export.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.pipeline import Pipeline

from auger_hub.data.schema import TableSchema
from auger_hub.data.text.typed import to_frame
from auger_hub.models.predict import (
    DESCRIPTION_FILE,
    BadInput,
    Predictor,
    class_probabilities,
    known_values,
    schema_of,
)
from auger_hub.models.prediction_notices import Known, PredictionNotices
from auger_hub.search.pipelines.calibrated import Calibration, apply_calibration

Array = np.ndarray[Any, Any]


class TypedColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Read each column of a table as the training data was read, texts and numbers alike.

    Args:
        schema: of the columns, as a dict.
        columns: that the model needs; others are left out.
        known: the values of those that are names.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        columns: Sequence[str],
        known: Mapping[str, Known] = MappingProxyType({}),
    ) -> None:
        self.schema = schema
        self.columns = columns
        self.known = known

    def fit(self, _X: Any, _y: Any = None) -> TypedColumns:  # noqa: N803 - sklearn's name
        """Learn nothing: the schema says it all."""
        return self

    def transform(self, X: Any) -> pd.DataFrame:  # noqa: N803 - sklearn's name
        """Return the needed columns, typed; an array has them in their order.

        What could not be read, and what the model never met, is a warning.

        Raises:
            BadInput: a column is missing.
        """
        table = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X, columns=list(self.columns))
        missing = [name for name in self.columns if name not in table.columns]
        if missing:
            raise BadInput(f"The model needs columns that the table does not have: {missing}.")
        values = {name: table[name] for name in self.columns}
        schema = TableSchema.from_dict(self.schema)
        frame = to_frame(values, schema, self.columns)
        notes = PredictionNotices()
        notes.note_columns(values, frame, schema, self.known)
        notes.warn()
        return frame

    def __sklearn_is_fitted__(self) -> bool:
        return True


class LabelledClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # no types
    """A fitted classifier of numbered classes, which answers with their labels.

    The second of two is predicted from the `threshold` on, if the model has one.
    """

    def __init__(
        self,
        estimator: Any,
        labels: Sequence[Any],
        threshold: float | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self.estimator = estimator
        self.labels = labels
        self.threshold = threshold
        self.calibration = calibration

    @property
    def classes_(self) -> Array:
        """Return the labels, in the order of the probabilities."""
        return np.asarray(self.labels)

    def fit(self, X: Any, y: Any) -> LabelledClassifier:  # noqa: N803 - sklearn's name
        """Fit the classifier anew, on other rows with the same labels."""
        self.estimator.fit(X, np.searchsorted(self.classes_, y))
        return self

    def predict(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return the predicted label of each row: the most probable one, or by the threshold."""
        shown = self.predict_proba(X)
        if self.threshold is None:
            return np.asarray(self.classes_[shown.argmax(axis=1)])
        return np.asarray(self.classes_[(shown[:, 1] >= self.threshold).astype(int)])

    def predict_proba(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return the probability of each label."""
        shown = class_probabilities(self.estimator, X, len(self.labels))
        return apply_calibration(shown, self.calibration)

    def __sklearn_is_fitted__(self) -> bool:
        return True


class FittedRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # no types
    """A fitted regressor or forecaster."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any) -> FittedRegressor:  # noqa: N803 - sklearn's name
        """Fit it anew, on other rows."""
        self.estimator.fit(X, y)
        return self

    def predict(self, X: pd.DataFrame) -> Array:  # noqa: N803 - sklearn's name
        """Return the value of each row."""
        return np.asarray(self.estimator.predict(X))

    def __sklearn_is_fitted__(self) -> bool:
        return True


def to_pipeline(folder: Path) -> Pipeline:
    """Return the model of a folder as a fitted pipeline."""
    description = json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
    model = Predictor.load(folder).model
    labels = description["classes"]
    settled = [description.get(name) for name in ("threshold", "calibration")]
    last = FittedRegressor(model) if labels is None else LabelledClassifier(model, labels, *settled)
    schema = schema_of(description).to_dict()
    columns = TypedColumns(schema, description["needed"], known_values(description))
    return Pipeline([("columns", columns), ("model", last)])


def write_pipeline(folder: Path, target: Path) -> None:
    """Write the model of a folder as a file of joblib."""
    import joblib

    joblib.dump(to_pipeline(folder), target, compress=3)
