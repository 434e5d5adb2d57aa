"""Prepare the columns of each fold once a run for each way of preparing them, and share the result.

Trials differ in their hyperparameters far more often than in their preprocessing, which on wide
tables takes longer than many a fit. What was learned from the training rows of a fold is the same
for all of them; so the numbers are written beside the data, and read again. Topics of texts are the
same for all families of algorithms, which differ in how they scale them; they are shared by column.
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
from sklearn.base import clone
from sklearn.compose import ColumnTransformer

from auger_hub.search.column_kinds import TEXT
from auger_hub.search.pipelines.preprocessing import split_text
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
        prepared, test = self._make(steps, fold, train)
        if place is not None and prepared.nbytes + test.nbytes <= _MOST_BYTES:
            _write(place, prepared, test)
        return prepared, test

    def _make(self, steps: Any, fold: int, train: Array) -> tuple[Array, Array]:
        """Return the numbers as the steps make them, the topics of texts as they are known."""
        columns = steps[0]
        texts = [one for one in columns.transformers if one[0].startswith(f"{TEXT}_")]
        others = [one for one in columns.transformers if one not in texts]
        parts = []
        if others or not texts:
            rest = clone(columns).set_params(transformers=others)
            parts.append(self._fit(rest, (fold, train), self._data.clean))
        for _, prepare, column in texts:
            topics, scaler = split_text(prepare)
            shown = self._topics(topics, column, fold, train)
            if scaler is not None:
                scaled = clone(scaler).fit(shown[0])
                shown = scaled.transform(shown[0]), scaled.transform(shown[1])
            parts.append(shown)
        made, test = zip(*parts, strict=True)
        return np.hstack(made), np.hstack(test)

    def _topics(self, topics: Any, column: str, fold: int, train: Array) -> tuple[Array, Array]:
        """Return the topics of one column of texts, made once."""
        name = hashlib.sha256(f"{TEXT} {column}".encode()).hexdigest()[:24]
        place = None if self._folder is None else self._folder / f"{name}-{fold}-{len(train)}"
        known = None if place is None else _read(place)
        if known is None:
            known = self._fit(topics, (fold, train), self._data.clean[column])
            if place is not None:
                _write(place, *known)
        return known

    def _fit(self, steps: Any, rows: tuple[int, Array], table: Any) -> tuple[Array, Array]:
        fold, train = rows
        made = steps.fit_transform(table.iloc[train], self._data.target[train])
        test = steps.transform(table.iloc[self._data.folds[fold][1]])
        return np.asarray(made, dtype=float), np.asarray(test, dtype=float)

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
