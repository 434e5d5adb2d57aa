"""Declare nearest neighbours, as far as looking all rows up is quick enough."""

from __future__ import annotations

from auger_hub.search.algorithms.algorithm import (
    SCALED,
    Algorithm,
    Domain,
    Family,
    Space,
    Table,
    Whole,
    one_of,
    scaled,
)

_MOST_ROWS = 30_000
_STORED_TYPES = (
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.neighbors._ball_tree.BallTree64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neighbors._kd_tree.KDTree64",
)


def _space(table: Table) -> Space:
    most = min(60, max(2, table.rows // 3))
    domains: dict[str, Domain] = {
        "n_neighbors": Whole(1, most, log=True),
        "weights": one_of("uniform", "distance"),
        "p": one_of(1, 2),
        **SCALED,
    }
    return Space(domains, (scaled(n_neighbors=min(7, most), weights="distance", p=2),))


def _neighbours(name: str, task: str) -> Algorithm:
    return Algorithm(
        name=f"sklearn.neighbors.{name}",
        task=task,
        family=Family.LINEAR,
        turns=(80, 70),
        search=_space,
        seconds=lambda table: 5e-10 * table.rows * table.cells,
        most_rows=_MOST_ROWS,
        stored_types=_STORED_TYPES,
    )


ALGORITHMS = (
    _neighbours("KNeighborsClassifier", "classification"),
    _neighbours("KNeighborsRegressor", "regression"),
)
