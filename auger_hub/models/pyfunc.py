"""Load a stored model for MLflow, as a `python_function`.

Self-contained: the MLflow export carries this file along, and its `MLmodel` names it as the loader.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from auger_hub.models.predict import Predictor


class PyFunc:
    """What MLflow calls."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return the predictions, and with a `threshold` among the parameters the probabilities.

        What could not be read, and what the model never met, is a warning.
        """
        threshold = (params or {}).get("threshold", -1.0)
        table = self._to_table(model_input)
        records = table.astype(object).where(table.notna(), None).to_numpy().tolist()
        columns, data = self._predictor.predict(
            list(table.columns), records, None if threshold < 0 else threshold, bare=True
        )
        self._predictor.notes.warn()
        index = table.index
        return pd.DataFrame(data, columns=columns, index=index)

    def _to_table(self, given: Any) -> pd.DataFrame:
        if isinstance(given, pd.DataFrame):
            return given
        if isinstance(given, dict):
            return pd.DataFrame(given)
        return pd.DataFrame(given, columns=list(self._predictor.needed))


def _load_pyfunc(path: str) -> PyFunc:
    """Return the model; the name is MLflow's."""
    return PyFunc(Predictor.load(Path(path)))
