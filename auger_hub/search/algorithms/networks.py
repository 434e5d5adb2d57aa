"""Declare neural networks; on few rows the full-batch solver needs no validation rows."""

from __future__ import annotations

from auger_hub.search.algorithms.algorithm import (
    SCALED,
    Algorithm,
    Domain,
    Family,
    Space,
    Table,
    log_range,
    one_of,
    scaled,
)

_FULL_BATCH_ROWS = 1_500
_STORED_TYPES = (
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
)


def _space(table: Table) -> Space:
    domains: dict[str, Domain] = {"alpha": log_range(1e-4, 100.0), **SCALED}
    if table.rows < _FULL_BATCH_ROWS:
        start = scaled(hidden_layer_sizes="[32]", alpha=1.0 if table.classes else 10.0)
        domains["hidden_layer_sizes"] = one_of([8], [16], [32], [64], [32, 16])
        return Space(domains, (start,), {"solver": "lbfgs", "max_iter": 300})
    domains["hidden_layer_sizes"] = one_of([100], [256], [64, 64], [128, 64], [256, 128])
    domains["learning_rate_init"] = log_range(3e-4, 2e-2)
    start = scaled(hidden_layer_sizes="[100]", alpha=1e-3, learning_rate_init=3e-3)
    deeper = scaled(hidden_layer_sizes="[128, 64]", alpha=1e-2, learning_rate_init=2e-3)
    fixed = {"early_stopping": True, "max_iter": 300, "n_iter_no_change": 15}
    return Space(domains, (start, deeper), fixed)


def _seconds(table: Table) -> float:
    rounds = 90 if table.rows >= _FULL_BATCH_ROWS else 300
    return rounds * table.rows * (2e-6 + 5e-8 * table.features)


def _network(name: str, task: str, family: Family, turns: tuple[int, int]) -> Algorithm:
    return Algorithm(
        name=f"sklearn.neural_network.{name}",
        task=task,
        family=family,
        turns=turns,
        search=_space,
        seconds=_seconds,
        is_quick_by_row=task == "regression",
        stored_types=_STORED_TYPES,
    )


ALGORITHMS = (
    _network("MLPClassifier", "classification", Family.LINEAR, (60, 40)),
    _network("MLPRegressor", "regression", Family.SCALED_TARGET, (60, 30)),
)
