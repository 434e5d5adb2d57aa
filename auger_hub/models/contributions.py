"""Share a prediction among the columns it was made from; the shares sum up to it exactly.

LightGBM's trees tell it themselves (`pred_contrib`: Lundberg, "From local explanations to global
understanding", 2020). For any other model the Shapley values are sampled (Strumbelj, Kononenko,
"Explaining prediction models and individual predictions", 2014): from rows of the training data to
the row that is explained, one column after the other takes its value, in orders that are drawn once
and walked both ways. What a column changes on its turn, in the mean, is its contribution; what the
model predicts of the training rows, in the mean, is the expected value.

Self-contained: an exported model carries this file along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from auger_hub.search.column_kinds import DATE
from auger_hub.search.columns import elapsed_names, names_of, part_names

Array = np.ndarray[Any, Any]
BACKGROUND = 30
"""Rows of the training data that a model keeps for this."""
_ASKED = 1000  # predictions that one explanation may take
_ROWS_AT_ONCE = 50_000
_FEWEST = 4


@dataclass(frozen=True)
class Contributions:
    """What the columns contribute to each of some predictions.

    `predicted` is `expected` and the sum of the row's `values`; all are in `unit`, and of the class
    of number `classes` where there are any.
    """

    unit: str
    classes: Array | None
    predicted: Array
    expected: Array
    values: Array


def contribute(
    model: Any, frame: pd.DataFrame, background: pd.DataFrame | None, kinds: Mapping[str, str]
) -> Contributions | None:
    """Return the contributions of the columns of `frame`, in their order.

    Of two classes the second is explained, of more the one that is predicted.

    Args:
        model: fitted pipeline or ensemble of such, no forecaster.
        frame: typed rows of the columns that the model needs.
        background: typed rows of the training data; None when the model kept none.
        kinds: of the features.

    Returns:
        None when rows of the training data are needed, and there are none.
    """
    if isinstance(model, Pipeline) and hasattr(model[-1], "booster_"):
        return _of_trees(model, frame, kinds)
    if background is None or not len(background):
        return None
    return _sampled(model, frame, background)


def explained_classes(probabilities: Array) -> Array:
    """Return the place of the class that is explained, for each row."""
    if probabilities.shape[1] == 2:
        return np.ones(len(probabilities), dtype=int)
    return np.asarray(probabilities.argmax(axis=1))


def _of_trees(model: Pipeline, frame: pd.DataFrame, kinds: Mapping[str, str]) -> Contributions:
    features, trees = model["features"], model[-1]
    table = features.transform(model["clean"].transform(frame))
    told = np.asarray(trees.predict(table, pred_contrib=True))
    width = table.shape[1] + 1
    rows = np.arange(len(frame))
    unit, classes = "value", None
    if hasattr(trees, "classes_"):
        places = explained_classes(np.asarray(trees.predict_proba(table)))
        classes = np.asarray(trees.classes_).astype(int)[places]
        unit = "log-odds" if len(trees.classes_) == 2 else "score before the softmax"
        if len(trees.classes_) > 2:
            told = told.reshape(len(frame), -1, width)[rows, places]
    sources = sources_of(features, kinds)
    values = np.zeros((len(frame), frame.shape[1]))
    for place, name in enumerate(frame.columns):
        mine = [n for n, source in enumerate(sources) if source == name]
        values[:, place] = told[:, mine].sum(axis=1)
    return Contributions(unit, classes, told.sum(axis=1), told[:, -1], values)


def sources_of(features: Any, kinds: Mapping[str, str]) -> list[str]:
    """Return for each column that a fitted ColumnTransformer makes the column of the file."""
    dates = (name for name, kind in kinds.items() if kind == DATE)
    part_of = {part: name for name in dates for part in part_names(name, kinds).values()}
    part_of |= {days: later for (later, _), days in elapsed_names(kinds).items()}
    total = max((part.stop for part in features.output_indices_.values()), default=0)
    sources = [""] * total
    for name, transformer, given in features.transformers_:
        made = features.output_indices_[name]
        names = names_of(features, given)
        columns = [names] if isinstance(names, str) else names
        for place, column in zip(
            range(made.start, made.stop),
            _spread(transformer, columns, made.stop - made.start),
            strict=True,
        ):
            sources[place] = part_of.get(column, column)
    return sources


def _spread(transformer: Any, columns: Sequence[str], width: int) -> list[str]:
    """Return the column behind each output: encoders make several of one, one after the other."""
    if not columns:
        return []
    counts = [width // len(columns)] * len(columns)
    if isinstance(transformer, OneHotEncoder):
        rare = getattr(transformer, "infrequent_categories_", [None] * len(columns))
        counts = [
            len(known) - (0 if few is None else len(few) - 1)
            for known, few in zip(transformer.categories_, rare, strict=True)
        ]
    return [column for column, count in zip(columns, counts, strict=True) for _ in range(count)]


def _sampled(model: Any, frame: pd.DataFrame, background: pd.DataFrame) -> Contributions:
    is_classes = hasattr(model, "classes_")
    answer = model.predict_proba if is_classes else model.predict
    shown = np.asarray(answer(frame))
    places = explained_classes(shown) if is_classes else None
    walks = _Walks(background, frame.shape[1])
    at_start = np.asarray(answer(walks.background))
    values, expected = np.zeros(frame.shape), np.zeros(len(frame))
    step = max(1, _ROWS_AT_ONCE // walks.length)
    for start in range(0, len(frame), step):
        part = slice(start, start + step)
        mine = None if places is None else places[part]
        values[part], expected[part] = walks.walk(answer, frame.iloc[part], at_start, mine)
    rows = np.arange(len(frame))
    predicted = shown if places is None else shown[rows, places]
    classes = None if places is None else np.asarray(model.classes_).astype(int)[places]
    unit = "value" if places is None else "probability"
    return Contributions(unit, classes, np.asarray(predicted, dtype=float), expected, values)


class _Walks:
    """Orders in which columns take the values of an explained row, each from a background row."""

    def __init__(self, background: pd.DataFrame, columns: int) -> None:
        count = int(np.clip(_ASKED // (2 * columns), _FEWEST, len(background)))
        self.background = background.head(count).reset_index(drop=True)
        count = len(self.background)
        random = np.random.default_rng(0)  # the same for every row: explanations are repeatable
        forward = [random.permutation(columns) for _ in range(count)]
        orders = np.array([*forward, *(order[::-1] for order in forward)])
        self._starts = np.tile(np.arange(count), 2)  # the background row of each walk
        turns = np.argsort(orders, axis=1)  # when the turn of each column is
        steps = np.arange(1, columns + 1)
        self._taken = turns[:, None, :] < steps[None, :, None]  # walk, step, column
        self._turns = turns
        self.length = len(orders) * columns

    def walk(
        self, answer: Any, frame: pd.DataFrame, at_start: Array, places: Array | None
    ) -> tuple[Array, Array]:
        """Return the contributions to each row, and what is expected of it."""
        rows, columns = frame.shape
        walks, steps = self._taken.shape[:2]
        table = pd.concat([self.background, frame], ignore_index=True)
        own = len(self.background) + np.repeat(np.arange(rows), walks * steps)
        other = np.tile(np.repeat(self._starts, steps), rows)
        taken = np.tile(self._taken.reshape(-1, columns), (rows, 1))
        mixed = pd.DataFrame(
            {
                name: table[name].take(np.where(taken[:, n], own, other)).reset_index(drop=True)
                for n, name in enumerate(frame.columns)
            }
        )
        found = np.asarray(answer(mixed), dtype=float)
        starts = np.broadcast_to(at_start[self._starts], (rows, walks, *at_start.shape[1:]))
        if places is not None:
            found = found[np.arange(len(found)), np.repeat(places, walks * steps)]
            starts = np.take_along_axis(starts, places[:, None, None], axis=2)[..., 0]
        path = np.concatenate([starts[..., None], found.reshape(rows, walks, steps)], axis=2)
        turns = np.broadcast_to(self._turns, (rows, walks, columns))
        gains = np.take_along_axis(np.diff(path, axis=2), turns, axis=2)
        return gains.mean(axis=1), starts.mean(axis=1)
