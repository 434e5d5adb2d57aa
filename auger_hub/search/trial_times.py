"""Predict how long a trial will take, so that none is started which cannot end.

A first guess comes from the size of the table and the record of the algorithm; trials that have
ended correct it, for their own algorithm and, as the speed of this machine, for all others. Nothing
here changes what is tried while there is time for everything: the same seed gives the same board.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median

from auger_hub.search.algorithms.algorithm import Table
from auger_hub.search.algorithms.registry import find_algorithm

_OVERHEAD_SECONDS = 0.2  # to start a trial, and to hand over what came of it
_CAUTION = 1.2
_LOWEST = 0.7  # times its guess: where others took less, they may have been guessed worse


class TrialTimes:
    """What trials took so far, and what the next one will take."""

    def __init__(self, table: Table, folds: int) -> None:
        self._table, self._folds = table, folds
        self._known: dict[str, list[float]] = {}
        self._speeds: list[float] = []

    def learn(
        self,
        algorithm_name: str,
        fold_times: tuple[float, ...] | list[float],
        rows: int | None = None,
        *,
        is_cut: bool = False,
    ) -> None:
        """Take in what the finished folds of a trial took, of all rows or of so many.

        Of one that the clock has cut it is known only that it would have taken longer.
        """
        if not fold_times:
            return
        guess = self._guess(algorithm_name, rows)
        took = sum(fold_times) / len(fold_times)
        speed = took / guess
        if is_cut:
            speed = max(speed, self._speed(algorithm_name))
        self._known.setdefault(algorithm_name, []).append(speed)
        # the first fold of a baseline has prepared for others
        if not is_cut and not find_algorithm(algorithm_name).is_baseline:
            self._speeds.append(min(fold_times) / guess)

    def predict(self, algorithm_name: str, rows: int | None = None) -> float:
        """Return the seconds of all folds of a trial, rather too many than too few.

        Args:
            algorithm_name: of the trial.
            rows: that each fold learns from; None for all of them.
        """
        took = self._guess(algorithm_name, rows) * self._speed(algorithm_name)
        return _CAUTION * took * self._folds + _OVERHEAD_SECONDS

    def _speed(self, algorithm_name: str) -> float:
        """Return how many times its guess an algorithm takes, or others while it is not known."""
        if known := self._known.get(algorithm_name):
            return median(known[-5:])
        return max(_LOWEST, median(self._speeds[-5:] or [1.0]))

    def _guess(self, algorithm_name: str, rows: int | None) -> float:
        """Return the seconds of one fold on a usual machine, by the record of the algorithm."""
        algorithm = find_algorithm(algorithm_name)
        table = self._table if rows is None else replace(self._table, rows=rows)
        tested = self._table.cells * 2e-7
        prepared = 0.02 + 3e-3 * table.features + 4e-7 * table.cells
        return prepared + tested + algorithm.seconds(table)
