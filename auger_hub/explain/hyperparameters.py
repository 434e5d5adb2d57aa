"""Measure which hyperparameters mattered in a search: optuna's importance over its trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import optuna

FEWEST = 6  # trials of an algorithm from which something can be said


def hyperparameter_importance(
    trials: Sequence[tuple[Mapping[str, Any], float]], seed: int
) -> dict[str, float]:
    """Return the share of each hyperparameter in how the scores differ; empty for few trials.

    Args:
        trials: parameters and score of the trials of one algorithm.
        seed: of the forest that is fitted to them.
    """
    if len(trials) < FEWEST:
        return {}
    flat = [(_flat(params), score) for params, score in trials]
    names = sorted(set.intersection(*(set(params) for params, _ in flat)))
    spaces = {name: _space([params[name] for params, _ in flat]) for name in names}
    spaces = {name: space for name, space in spaces.items() if space is not None}
    if not spaces or len({score for _, score in flat}) < 2:
        return {}
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize")
    for params, score in flat:
        told = {name: _fit(params[name], spaces[name]) for name in spaces}
        study.add_trial(optuna.create_trial(params=told, distributions=spaces, value=score))
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}


def _flat(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with nested ones under a joint name."""
    flat: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": given for inner, given in value.items()}
        else:
            flat[name] = value
    return flat


def _space(values: Sequence[Any]) -> Any:
    """Return the range that was searched, as far as the trials show it; None for a single value."""
    is_number = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if is_number:
        low, high = float(min(values)), float(max(values))
        is_log = low > 0 and high / low > 100
        wide = optuna.distributions.FloatDistribution(low, high, log=is_log)
        return wide if high > low else None
    choices = sorted({str(value) for value in values})
    return optuna.distributions.CategoricalDistribution(choices) if len(choices) > 1 else None


def _fit(value: Any, space: Any) -> Any:
    is_float = isinstance(space, optuna.distributions.FloatDistribution)
    return float(value) if is_float else str(value)
