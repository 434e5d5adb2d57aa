"""Choose the next trial: Optuna's TPE within an algorithm, a race between the algorithms.

Every algorithm is tried at its first starting point, then the better ones are tried more often, by
rank: the leader gets half of the trials, the next a quarter, and so on, the dear ones less often.
One that keeps failing is left alone. On large tables an algorithm begins with as many rows as there
is time for, and its best trial climbs to more before anything new is tried. Nothing here depends
on the clock, so the same seed gives the same sequence while there is time for all rows.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import optuna

from auger_hub.search.algorithms.algorithm import Choice, Domain, Real, Space, Whole
from auger_hub.search.moved import current_path
from auger_hub.search.sampling import ROWS

FAILURES_IN_A_ROW = 2
_MOST_COST = 10.0  # beside the cheapest; more would leave the dear ones out


@dataclass(frozen=True)
class Room:
    """What there is time for: a trial that learns from so many rows (None: all).

    A dear one takes more of the time than a first look is worth, and waits for the quick ones.
    `seconds` is what boosting may take before the clock stops it; None for any other.
    """

    rows: int | None = None
    is_dear: bool = False
    seconds: float | None = None


RoomFor: TypeAlias = Callable[[str, bool], Room | None]


@dataclass(frozen=True)
class Proposal:
    """The next trial; `number` is its own within its algorithm's study, `seconds` as in `Room`."""

    algorithm_name: str
    params: dict[str, Any]
    number: int
    seconds: float | None = None


class Arm:
    """One algorithm in the race, with its own study."""

    def __init__(self, algorithm_name: str, space: Space, seed: int) -> None:
        self.algorithm_name = algorithm_name
        self._space = space
        self._distributions = {name: to_optuna(d) for name, d in space.domains.items()}
        self.best: float | None = None
        self.asked = 0
        self._rows: dict[int, int | None] = {}  # of training, by number of the trial
        self._best_trial: int | None = None
        self._climbed: set[int] = set()
        self._failed_in_a_row = 0
        self._points = _count_points(space)
        with warnings.catch_warnings():
            # `multivariate` is marked experimental; it models parameters together, which these are
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=6)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._starts = [dict(point) for point in space.starts]

    @property
    def is_alive(self) -> bool:
        """Tell whether another trial may be worth it: there is something new to try."""
        return self._failed_in_a_row < FAILURES_IN_A_ROW and self.asked < self._points

    def ask(self, rows: int | None = None) -> tuple[int, dict[str, Any]]:
        """Return the number of the next trial within this study, and its parameters.

        The best trial of fewer rows is tried again on more, before anything new is.

        Args:
            rows: of training that there is time for; None for all.
        """
        if self._has_to_climb(rows):
            assert self._best_trial is not None
            self._climbed.add(self._best_trial)
            self._study.enqueue_trial(self._study.trials[self._best_trial].params)
        elif self._starts:
            self._study.enqueue_trial(self._starts.pop(0))
        trial = self._study.ask(self._distributions)
        self.asked += 1
        self._rows[trial.number] = rows
        params = self._space.to_params(trial.params)
        return trial.number, params if rows is None else {**params, ROWS: rows}

    def _has_to_climb(self, rows: int | None) -> bool:
        best = self._best_trial
        if best is None or best in self._climbed:
            return False
        known = self._rows.get(best)
        return known is not None and (rows is None or rows > known)

    def tell(self, number: int, score: float | None) -> None:
        """Take in what came of it; None for a failure."""
        state = None if score is not None else optuna.trial.TrialState.FAIL
        self._study.tell(number, score, state=state)
        self._count(score, number)

    def restore(self, params: Mapping[str, Any], score: float | None) -> None:
        """Take in a trial of before a restart."""
        point = self._space.to_point(params)
        if point is None:
            return
        self._starts = [start for start in self._starts if not start.items() <= point.items()]
        state = optuna.trial.TrialState
        self._study.add_trial(
            optuna.trial.create_trial(
                params=point,
                distributions=self._distributions,
                value=score,
                state=state.FAIL if score is None else state.COMPLETE,
            )
        )
        self.asked += 1
        number = len(self._study.trials) - 1
        self._rows[number] = params.get(ROWS)
        self._count(score, number)

    def _count(self, score: float | None, number: int) -> None:
        if score is None:
            self._failed_in_a_row += 1
            return
        self._failed_in_a_row = 0
        if self.best is None or score > self.best:
            self.best, self._best_trial = score, number


def _count_points(space: Space) -> float:
    """Return how many different trials there are."""
    choices = [d for d in space.domains.values() if isinstance(d, Choice)]
    is_finite = len(choices) == len(space.domains)
    return math.prod(len(choice.values) for choice in choices) if is_finite else math.inf


def to_optuna(domain: Domain) -> optuna.distributions.BaseDistribution:
    """Return the distribution that Optuna samples a domain from."""
    match domain:
        case Real():
            return optuna.distributions.FloatDistribution(domain.low, domain.high, log=domain.log)
        case Whole():
            return optuna.distributions.IntDistribution(domain.low, domain.high, log=domain.log)
        case Choice():
            return optuna.distributions.CategoricalDistribution(domain.values)


class Race:
    """All algorithms of a run; says which trial is next."""

    def __init__(
        self, spaces: Mapping[str, Space], seed: int, costs: Mapping[str, float] | None = None
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._arms = {
            name: Arm(name, space, seed + number)
            for number, (name, space) in enumerate(spaces.items())
        }
        self._random = np.random.default_rng(seed)
        self._costs = costs or {}

    def restore(self, name: str, params: Mapping[str, Any], score: float | None) -> None:
        """Take in a trial of before a restart; other algorithms' are no part of the race."""
        arm = self._arms.get(current_path(name))
        if arm is not None:
            arm.restore(params, score)

    def ask(self, room_for: RoomFor = lambda *_: Room()) -> Proposal | None:
        """Return the next trial; None when all algorithms keep failing, or no trial can end.

        Args:
            room_for: tells for an algorithm, and whether it was tried before, what there is time
                for; None when no trial of it can end.
        """
        rooms = {
            arm.algorithm_name: room
            for arm in self._arms.values()
            if arm.is_alive and (room := room_for(arm.algorithm_name, arm.asked > 0)) is not None
        }
        arms = [self._arms[name] for name in rooms]
        if not arms:
            return None
        new = [arm for arm in arms if not arm.asked]
        quick = [arm for arm in new if not rooms[arm.algorithm_name].is_dear]
        arm = next(iter(quick or self._by_cost(new)), None) or self._draw(arms)
        room = rooms[arm.algorithm_name]
        number, params = arm.ask(room.rows)
        return Proposal(arm.algorithm_name, params, number, room.seconds)

    def tell(self, name: str, number: int, score: float | None) -> None:
        """Take in what came of a trial; None for a failure."""
        self._arms[name].tell(number, score)

    def _draw(self, alive: Sequence[Arm]) -> Arm:
        lowest = float("-inf")
        ranked = sorted(alive, key=lambda a: lowest if a.best is None else a.best, reverse=True)
        shares = 0.5 ** np.arange(1, len(ranked) + 1) / np.sqrt(self._relative_costs(ranked))
        return ranked[self._random.choice(len(ranked), p=shares / shares.sum())]

    def _by_cost(self, arms: Sequence[Arm]) -> list[Arm]:
        """Return algorithms with the cheapest first, as they stand where costs are not known."""
        return sorted(arms, key=lambda arm: self._costs.get(arm.algorithm_name, 1.0))

    def _relative_costs(self, arms: Sequence[Arm]) -> np.ndarray[Any, Any]:
        """Return what a trial of each costs beside the cheapest: a gain a second is what counts."""
        costs = np.array([self._costs.get(arm.algorithm_name, 1.0) for arm in arms])
        relative: np.ndarray[Any, Any] = np.minimum(costs / costs.min(), _MOST_COST)
        return relative
