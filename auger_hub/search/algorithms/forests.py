"""Declare forests of randomized trees: strong on small tables, and hard to overfit."""

from __future__ import annotations

import math
from typing import Any

from auger_hub.search.algorithms.algorithm import (
    NAMES,
    PREPROCESSING,
    TREE,
    WEIGHT,
    WEIGHT_START,
    Algorithm,
    Domain,
    Family,
    Real,
    Space,
    Table,
    Whole,
    one_of,
)

_STORED_TYPES = ("sklearn.tree._tree.Tree",)


_MOST_TREES, _FEWEST_TREES = 200, 60


def _space(table: Table, seconds: float) -> Space:
    """Return forests of as many trees as there is time for; `seconds` are those of a full one."""
    trees = round(_MOST_TREES * min(1.0, table.fold_seconds / max(seconds, 1e-9)))
    start: dict[str, Any] = {
        "max_features": 0.5,
        "min_samples_leaf": 1,
        PREPROCESSING + "categories": "target",
        NAMES: "ordinal",
    }
    domains: dict[str, Domain] = {
        "max_features": Real(0.05, 1.0),
        "min_samples_leaf": Whole(1, 20, log=True),
        **TREE,
    }
    if table.classes:
        start = {**start, "max_features": 0.3, **WEIGHT_START, "criterion": "gini"}
        domains = {**domains, **WEIGHT, "criterion": one_of("gini", "entropy")}
    return Space(
        domains,
        (start, {**start, "min_samples_leaf": 3, NAMES: "target"}),
        {"n_estimators": max(trees, _FEWEST_TREES)},
    )


def _forest(name: str, task: str, turns: tuple[int, int], cost: float) -> Algorithm:
    def full(table: Table) -> float:
        return cost * table.cells * math.log2(table.rows + 1)

    def search(table: Table) -> Space:
        return _space(table, full(table))

    def seconds(table: Table) -> float:
        return full(table) * float(search(table).fixed["n_estimators"]) / _MOST_TREES

    return Algorithm(
        name=f"sklearn.ensemble.{name}",
        task=task,
        family=Family.FOREST,
        turns=turns,
        search=search,
        seconds=seconds,
        is_weighted=task == "classification",
        monotone_argument="monotonic_cst",
        stored_types=_STORED_TYPES,
    )


ALGORITHMS = (
    _forest("ExtraTreesClassifier", "classification", (30, 30), 1e-6),
    _forest("RandomForestClassifier", "classification", (70, 60), 2e-6),
    _forest("ExtraTreesRegressor", "regression", (40, 40), 2e-6),
    _forest("RandomForestRegressor", "regression", (70, 60), 6e-6),
)
