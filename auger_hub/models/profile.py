"""Profile what a model learned from, and count rows that it is asked about in the same bins.

Numbers are counted between the deciles of the training data, so that no bin of it is nearly empty;
texts by their most frequent values. Dates and free texts are never the same again: of these only
missing values are counted. What is counted adds up: of two answers, of a day, of a month.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auger_hub.models.counts import add_counts
from auger_hub.search.column_kinds import CATEGORY, CODE, MANY, NUMBER

Array = np.ndarray[Any, Any]
FORMAT = 1
PROFILE_FILE = "profile.json"
"""Of the training data, beside the model; older models have none."""
_BINS = 10
_VALUES = 20  # of a text that are counted one by one
_SEGMENTS = 20  # of a column that are counted one by one
OTHER_SEGMENT = "(other)"
CONFIDENCE_BINS = 50


def make_profile(
    features: pd.DataFrame, target: Array, description: Mapping[str, Any]
) -> dict[str, Any]:
    """Return how rows like those learned from are counted, and how often each bin was met.

    Args:
        features: typed.
        target: values, or numbers of classes.
        description: of the model, what `model.json` holds.
    """
    needed = [name for name in description["needed"] if name in features]
    profile = {
        "format": FORMAT,
        "rows": len(target),
        "columns": profile_columns(features[needed], description["kinds"]),
    }
    if description["classes"] is None:
        profile["prediction"] = profile_values(target)
    return profile


def profile_values(target: Array) -> dict[str, Any]:
    """Return how predictions of such values are counted."""
    return _profile_numbers(pd.Series(np.asarray(target, dtype=float)))


def profile_columns(features: pd.DataFrame, kinds: Mapping[str, str]) -> dict[str, Any]:
    """Return by column how it is counted, and how often each bin was met in the training data."""
    columns = {}
    for name in features.columns:
        kind, values = kinds.get(str(name)), features[name]
        if kind in (NUMBER, CODE) and pd.api.types.is_numeric_dtype(values):
            columns[str(name)] = _profile_numbers(values)
        elif kind in (CATEGORY, MANY):
            columns[str(name)] = _profile_texts(values, is_known=kind == CATEGORY)
        else:
            columns[str(name)] = {"kind": "uncounted"}
    for name, column in columns.items():
        column["counts"] = Counting(column).count(_array(features[name]))["bins"]
    return columns


def _profile_numbers(values: pd.Series) -> dict[str, Any]:
    known = values.to_numpy(dtype=float, na_value=np.nan)
    known = known[np.isfinite(known)]
    if not len(known):
        return {"kind": "number", "cuts": [], "mean": None, "deviation": None}
    distinct = np.unique(known)
    if len(distinct) <= _BINS:
        cuts = (distinct[:-1] + distinct[1:]) / 2
    else:
        cuts = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return {
        "kind": "number",
        "cuts": cuts.tolist(),
        "mean": float(known.mean()),
        "deviation": float(known.std()),
    }


def _profile_texts(values: pd.Series, *, is_known: bool) -> dict[str, Any]:
    """Count the most frequent values; of a category every value is known, and others are unseen."""
    names = [str(value) for value, _ in Counter(map(str, values.dropna())).most_common()]
    known = {"known": sorted(names)} if is_known else {}
    return {"kind": "text", "values": names[:_VALUES], **known}


class Counting:
    """How the values of one column are counted; the last bin is that of missing values."""

    def __init__(self, column: Mapping[str, Any]) -> None:
        self._kind = column["kind"]
        self._cuts = np.asarray(column.get("cuts", ()), dtype=float)
        self._places = {value: n for n, value in enumerate(column.get("values", ()))}
        self._known = frozenset(column["known"]) if "known" in column else None

    def count(self, values: Array) -> dict[str, Any]:
        """Return `bins`, the `sum` of numbers, and of categories how many values are `unseen`."""
        if self._kind == "number":
            return self._count_numbers(np.asarray(values, dtype=float))
        if self._kind == "text":
            return self._count_texts(values)
        missing = int(pd.isna(values).sum())
        return {"bins": [len(values) - missing, missing]}

    def _count_numbers(self, values: Array) -> dict[str, Any]:
        known = values[np.isfinite(values)]
        places = np.searchsorted(self._cuts, known, side="left")
        bins = np.bincount(places, minlength=len(self._cuts) + 1).tolist()
        return {"bins": [*bins, len(values) - len(known)], "sum": float(known.sum())}

    def _count_texts(self, values: Array) -> dict[str, Any]:
        other, unseen = len(self._places), 0
        bins = [0] * (other + 2)
        for value, count in Counter(values.tolist()).items():
            if value is None or value != value or value is pd.NA:  # noqa: PLR0124 - not a number
                bins[-1] += count
                continue
            text = str(value)
            bins[self._places.get(text, other)] += count
            if self._known is not None and text not in self._known:
                unseen += count
        return {"bins": bins} if self._known is None else {"bins": bins, "unseen": unseen}


class Observer:
    """Counts what a model is asked and says, in the bins of its profile.

    Args:
        profile: what `profile.json` holds.
    """

    def __init__(self, profile: Mapping[str, Any]) -> None:
        self._columns = {name: Counting(one) for name, one in profile["columns"].items()}
        self._prediction = Counting(profile["prediction"]) if profile.get("prediction") else None
        self.segments: Sequence[str] = ()
        self._seen: dict[str, Any] = {}

    @classmethod
    def load(cls, folder: Path) -> Observer | None:
        """Return what counts for a model folder; None where there is no profile."""
        try:
            profile = json.loads((folder / PROFILE_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(profile)

    def begin(self, segments: Sequence[str]) -> None:
        """Forget what was counted; count by these columns besides."""
        self.segments, self._seen = segments, {}

    def take(self) -> dict[str, Any]:
        """Return what was counted since it began, by segment; "" is all rows."""
        seen, self._seen = self._seen, {}
        return seen

    def see(self, frame: pd.DataFrame, answer: Array, chosen: Array | None) -> None:
        """Count typed rows and what was said of them.

        Args:
            frame: the columns that the model needs.
            answer: numbers, or one column of probabilities a class.
            chosen: numbers of the predicted classes; None for numbers.
        """
        self._add("", self._count(frame, answer, chosen))
        for name in self.segments:
            if name not in frame:
                continue
            for value, rows in groups_of(frame[name]):
                some = None if chosen is None else chosen[rows]
                self._add(f"{name}={value}", self._count(frame.iloc[rows], answer[rows], some))

    def _count(self, frame: pd.DataFrame, answer: Array, chosen: Array | None) -> dict[str, Any]:
        columns = {
            name: self._columns[name].count(_array(frame[name]))
            for name in frame.columns
            if name in self._columns
        }
        return {"rows": len(frame), "columns": columns, **self._count_answer(answer, chosen)}

    def _count_answer(self, answer: Array, chosen: Array | None) -> dict[str, Any]:
        if chosen is not None:
            return {"classes": count_classes(answer, chosen)}
        if self._prediction is None:
            return {}
        return {"prediction": self._prediction.count(answer)}

    def _add(self, segment: str, counted: dict[str, Any]) -> None:
        name, divided, _ = segment.partition("=")
        if divided and segment not in self._seen:
            alike = sum(1 for key in self._seen if key.partition("=")[0] == name)
            segment = f"{name}={OTHER_SEGMENT}" if alike >= _SEGMENTS else segment
        before = self._seen.get(segment)
        self._seen[segment] = counted if before is None else add_counts(before, counted)


def count_classes(probabilities: Array, chosen: Array) -> dict[str, Any]:
    """Return of predictions of classes what their score can be estimated from.

    `confidence` counts by predicted class how probable it was said to be, `mass` adds up the
    probability of each class over all rows.
    """
    count = probabilities.shape[1]
    stated = probabilities[np.arange(len(chosen)), chosen]
    places = np.minimum((stated * CONFIDENCE_BINS).astype(int), CONFIDENCE_BINS - 1)
    confidence = np.zeros((count, CONFIDENCE_BINS), dtype=int)
    np.add.at(confidence, (chosen, places), 1)
    return {"confidence": confidence.tolist(), "mass": probabilities.sum(axis=0).tolist()}


def _array(values: pd.Series) -> Array:
    """Return the values; a nullable number that is missing is no number."""
    if pd.api.types.is_extension_array_dtype(values) and pd.api.types.is_numeric_dtype(values):
        return np.asarray(values.to_numpy(dtype=float, na_value=np.nan))
    return np.asarray(values.to_numpy())


def groups_of(values: pd.Series) -> Iterable[tuple[str, Array]]:
    """Yield the different values of a typed column as texts, each with the places of its rows."""
    texts = values.astype(object).where(values.notna(), "(missing)").map(_text).to_numpy()
    for value in pd.unique(texts):
        yield str(value), np.flatnonzero(texts == value)


def _text(value: Any) -> str:
    try:
        return f"{float(value):g}"
    except (TypeError, ValueError):
        return str(value)
