"""Choose the next trial: Optuna's TPE within an algorithm, a race between the algorithms.

Every algorithm is tried at its first starting point, then the better ones are tried more often, by
rank: the leader gets half of the trials, the next a quarter, and so on. One that keeps failing is
left alone. Nothing here depends on the clock, so the same seed gives the same sequence.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna

from auger_hub.search.algorithms.algorithm import Choice, Domain, Real, Space, Whole
from auger_hub.search.moved import current_path

FAILURES_IN_A_ROW = 2


@dataclass(frozen=True)
class Proposal:
    """The next trial; `number` is its own within its algorithm's study."""

    algorithm_name: str
    params: dict[str, Any]
    number: int


class Arm:
    """One algorithm in the race, with its own study."""

    def __init__(self, algorithm_name: str, space: Space, seed: int) -> None:
        self.algorithm_name = algorithm_name
        self._space = space
        self._distributions = {name: to_optuna(d) for name, d in space.domains.items()}
        self.best: float | None = None
        self.asked = 0
        self._failed_in_a_row = 0
        with warnings.catch_warnings():
            # `multivariate` is marked experimental; it models parameters together, which these are
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=6)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._starts = [dict(point) for point in space.starts]

    @property
    def is_alive(self) -> bool:
        """Tell whether another trial may be worth it."""
        return self._failed_in_a_row < FAILURES_IN_A_ROW

    def ask(self) -> tuple[int, dict[str, Any]]:
        """Return the number of the next trial within this study, and its parameters."""
        if self._starts:
            self._study.enqueue_trial(self._starts.pop(0))
        trial = self._study.ask(self._distributions)
        self.asked += 1
        return trial.number, self._space.to_params(trial.params)

    def tell(self, number: int, score: float | None) -> None:
        """Take in what came of it; None for a failure."""
        state = None if score is not None else optuna.trial.TrialState.FAIL
        self._study.tell(number, score, state=state)
        self._count(score)

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
        self._count(score)

    def _count(self, score: float | None) -> None:
        if score is None:
            self._failed_in_a_row += 1
            return
        self._failed_in_a_row = 0
        self.best = score if self.best is None else max(self.best, score)


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

    def __init__(self, spaces: Mapping[str, Space], seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._arms = {
            name: Arm(name, space, seed + number)
            for number, (name, space) in enumerate(spaces.items())
        }
        self._random = np.random.default_rng(seed)

    def restore(self, name: str, params: Mapping[str, Any], score: float | None) -> None:
        """Take in a trial of before a restart; other algorithms' are no part of the race."""
        arm = self._arms.get(current_path(name))
        if arm is not None:
            arm.restore(params, score)

    def ask(self, has_time: Callable[[str], bool] = lambda _: True) -> Proposal | None:
        """Return the next trial; None when all algorithms keep failing, or no trial can end.

        Args:
            has_time: tells whether a trial of an algorithm can end in the time that is left.
        """
        alive = [a for a in self._arms.values() if a.is_alive and has_time(a.algorithm_name)]
        if not alive:
            return None
        arm = next((arm for arm in alive if not arm.asked), None) or self._draw(alive)
        number, params = arm.ask()
        return Proposal(arm.algorithm_name, params, number)

    def tell(self, name: str, number: int, score: float | None) -> None:
        """Take in what came of a trial; None for a failure."""
        self._arms[name].tell(number, score)

    def _draw(self, alive: Sequence[Arm]) -> Arm:
        lowest = float("-inf")
        ranked = sorted(alive, key=lambda a: lowest if a.best is None else a.best, reverse=True)
        shares = 0.5 ** np.arange(1, len(ranked) + 1)
        return ranked[self._random.choice(len(ranked), p=shares / shares.sum())]
