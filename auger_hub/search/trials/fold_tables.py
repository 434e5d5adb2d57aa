"""Prepare the columns of each fold once a run for each way of preparing them, and share the result.

Trials differ in their hyperparameters far more often than in their preprocessing, which on wide
tables takes longer than many a fit. What was learned from the training rows of a fold is the same
for all of them; so the numbers are written beside the data, and read again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer

from auger_hub.search.trials.trial import FOLDS_SUFFIX, TrialData

Array = np.ndarray[Any, Any]
_MOST_BYTES = 96 << 20  # of one fold: to read more again takes as long as to make it


class FoldTables:
    """The prepared numbers of folds.

    Args:
        data: of the run.
        data_path: where it is stored; None to share nothing.
    """

    def __init__(self, data: TrialData, data_path: Path | None) -> None:
        self._data = data
        self._folder = None if data_path is None else data_path.with_suffix(FOLDS_SUFFIX)

    def prepare(self, steps: Any, fold: int, train: Array) -> tuple[Array, Array]:
        """Return the numbers of training and test rows of a fold.

        Args:
            steps: the preprocessing that follows the cleaning of columns, not fitted.
            fold: its number.
            train: the training rows, which may be fewer than those of the fold.
        """
        place = self._place(steps, fold, len(train))
        known = None if place is None else _read(place)
        if known is not None:
            return known
        clean, target = self._data.clean, self._data.target
        prepared = np.asarray(steps.fit_transform(clean.iloc[train], target[train]), dtype=float)
        test = np.asarray(steps.transform(clean.iloc[self._data.folds[fold][1]]), dtype=float)
        if place is not None and prepared.nbytes + test.nbytes <= _MOST_BYTES:
            _write(place, prepared, test)
        return prepared, test

    def _place(self, steps: Any, fold: int, rows: int) -> Path | None:
        if self._folder is None:
            return None
        name = hashlib.sha256(repr(_described(steps)).encode()).hexdigest()[:24]
        return self._folder / f"{name}-{fold}-{rows}"


def _described(steps: Any) -> Any:
    """Return what tells one way of preparing from another: each parameter, and who gets which."""
    params: Mapping[str, Any] = steps.get_params(deep=True)
    transformers = [one for one in params.values() if isinstance(one, ColumnTransformer)]
    columns = [(name, wanted) for one in transformers for name, _, wanted in one.transformers]
    plain = sorted((name, repr(value)) for name, value in params.items() if _is_plain(value))
    return columns, plain


def _is_plain(value: Any) -> bool:
    """Tell whether a value is no step, nor a list of steps: their parameters are told besides."""
    return not hasattr(value, "get_params") and not (
        isinstance(value, list) and any(isinstance(part, tuple) for part in value)
    )


def _read(place: Path) -> tuple[Array, Array] | None:
    try:
        return np.load(f"{place}.train.npy"), np.load(f"{place}.test.npy")
    except (OSError, ValueError):
        return None


def _write(place: Path, train: Array, test: Array) -> None:
    """Write both, each complete or not at all; a full disk costs only time."""
    with suppress(OSError):
        place.parent.mkdir(exist_ok=True)
        for part, table in (("test", test), ("train", train)):
            handle, name = tempfile.mkstemp(dir=place.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    np.save(file, table)
                Path(name).replace(f"{place}.{part}.npy")
            finally:
                Path(name).unlink(missing_ok=True)
