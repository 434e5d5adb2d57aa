"""Measure which columns a trial needs: permutation importance (Breiman, "Random forests", 2001).

As scikit-learn's `inspection` has it: by how much the score falls when one column of rows that the
model has not seen is shuffled. Whatever is made of a column of the file is shuffled with it. Every
value is the library's; here many shuffled columns are predicted at once, the strongest ones first,
for as long as there is time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auger_hub.explain.allowance import Allowance
from auger_hub.explain.fold_models import FoldModel, FoldModels, quietly

Array = np.ndarray[Any, Any]
MOST_REPEATS = 5
MOST_ROWS, FEWEST_ROWS = 2_000, 100  # of a fold
ROWS_AT_ONCE = 5_000
SHARE = 0.8  # of what there is time for: the rest is for curves
STRENGTH_SHARE = 0.25  # of that: to find out which columns come first


@dataclass(frozen=True)
class _Sample:
    """Rows of a fold, the score of what is predicted of them, and how each repeat shuffles them."""

    fold: FoldModel
    test: Array
    shown: Array
    score: float
    orders: Sequence[Array]


class Importance:
    """Measures by how much the score falls without each column."""

    def __init__(self, models: FoldModels, allowance: Allowance) -> None:
        self._models, self._allowance = models, allowance
        self._names = list(models.data.features.columns)
        self._drops: dict[Any, list[float]] = {name: [] for name in self._names}
        self._rows = min(MOST_ROWS, max(len(one.test) for one in models.folds))
        self._seconds = 0.0  # that a column takes in all folds

    def measure(self) -> Iterator[dict[str, Any]]:
        """Yield what is known so far, first of all columns, then of each of them more exactly."""
        with quietly(self._models.data.info["threads"]):
            names = self._by_strength()
            samples = [self._sample(number) for number in range(len(self._models.folds))]
            for repeat in range(MOST_REPEATS):
                waiting = names
                while waiting:
                    has_begun = bool(self._drops[names[0]])  # one tells what all of them take
                    most = self._most_at_once(self._rows) if has_begun else 1
                    count = min(most, self._affordable(self._seconds))
                    if not count:
                        return
                    part, waiting = waiting[:count], waiting[count:]
                    self._measure(part, samples, repeat)
                    yield self.told()

    def told(self) -> dict[str, Any]:
        """Return by how much the score falls without each column, the most needed first."""
        measured = {name: drops for name, drops in self._drops.items() if drops}
        columns = []
        for name, drops in measured.items():
            known = np.array(drops)[np.isfinite(drops)]
            if len(known):
                repeats = len(drops) // len(self._models.folds)
                told = {"column": str(name), "mean": known.mean(), "std": known.std()}
                columns.append({**told, "repeats": repeats})
        columns.sort(key=lambda one: -one["mean"])
        return {
            "metric": self._models.metric,
            "repeats": min((one["repeats"] for one in columns), default=0),
            "rows_of_a_fold": self._rows,
            "columns": columns,
            "not_measured": [str(name) for name in self._names if name not in measured],
        }

    def _by_strength(self) -> list[Any]:
        """Return the columns by how far predictions of a few rows move without them.

        It also tells what there is time for: fewer rows are taken when they are too many.
        """
        fold, count = self._models.folds[0], len(self._names)
        once = self._models.seconds_of(count * FEWEST_ROWS)
        room = self._allowance.left(SHARE) * STRENGTH_SHARE / max(once, 1e-9)
        looked = int(np.clip(FEWEST_ROWS * room, 1, FEWEST_ROWS))
        test, shown = fold.test[:looked], fold.shown[:looked]
        order = np.random.default_rng(self._models.data.info["seed"]).permutation(len(test))
        moves: dict[Any, float] = {}
        waiting = self._names
        while waiting:
            most = self._affordable(self._models.seconds_of(len(test)))
            part = waiting[: min(most, self._most_at_once(len(test)))]
            if not part:
                break
            waiting = waiting[len(part) :]
            found = self._predict(fold, test, part, order)
            moves |= {name: float(np.abs(found[name] - shown).mean()) for name in part}
        self._seconds = self._models.seconds_of(self._rows * len(self._models.folds))
        room = self._allowance.left(SHARE) / max(1e-9, self._seconds * count)
        rows = int(np.clip(self._rows * room, min(FEWEST_ROWS, self._rows), self._rows))
        self._seconds, self._rows = self._seconds * rows / self._rows, rows
        return sorted(self._names, key=lambda name: -moves.get(name, -1.0))

    def _affordable(self, seconds: float) -> int:
        """Return of how many columns there is time for, each taking so long."""
        return max(0, int(self._allowance.left(SHARE) / max(seconds, 1e-9)))

    def _most_at_once(self, rows: int) -> int:
        """Return how many columns are predicted at once: of a series, whose rows follow, one."""
        return 1 if self._models.is_series else max(1, ROWS_AT_ONCE // max(1, rows))

    def _sample(self, number: int) -> _Sample:
        fold, seed = self._models.folds[number], self._models.data.info["seed"] + number
        picked = np.arange(len(fold.test))
        if len(picked) > self._rows and not self._models.is_series:
            picked = np.sort(np.random.default_rng(seed).choice(picked, self._rows, replace=False))
        picked = picked[: self._rows]
        test, shown = fold.test[picked], fold.shown[picked]
        score = self._models.score_one(fold, test, shown)
        return _Sample(fold, test, shown, score, _orders(seed, len(test)))

    def _measure(self, names: list[Any], samples: list[_Sample], repeat: int) -> None:
        began = self._allowance.used
        for sample in samples:
            found = self._predict(sample.fold, sample.test, names, sample.orders[repeat])
            for name in names:
                score = self._models.score_one(sample.fold, sample.test, found[name])
                self._drops[name].append(sample.score - score)
        self._seconds = (self._allowance.used - began) / len(names)

    def _predict(
        self, fold: FoldModel, test: Array, names: list[Any], order: Array
    ) -> dict[Any, Array]:
        """Return for each of the columns what is predicted of the rows when it is shuffled."""
        inputs, count = self._models.inputs, len(test)
        places = np.tile(test, len(names))
        table = inputs.iloc[places].reset_index(drop=True)
        for k, name in enumerate(names):
            moved = places.copy()
            moved[k * count : (k + 1) * count] = test[order]
            for part in self._models.inputs_of(name):
                table[part] = inputs[part].iloc[moved].array
        shown = self._models.predict(fold.model, table)
        return {name: shown[k * count : (k + 1) * count] for k, name in enumerate(names)}


def _orders(seed: int, rows: int) -> list[Array]:
    """Return how scikit-learn shuffles the rows of every column: each repeat those of the last."""
    random = np.random.RandomState(np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1))
    order, orders = np.arange(rows), [np.arange(rows)]
    for _ in range(MOST_REPEATS):
        random.shuffle(order)
        orders.append(orders[-1][order])
    return orders[1:]
