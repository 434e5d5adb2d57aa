"""Name metrics as people do, and say within which range their scores are.

All are "greater is better": errors and losses are negative (`neg_`). Wire contract §3.6; the
tables are made from those of the hub (`auger_hub/search/scores/metrics.py`) by `docs/generate.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from auger_reconcile.resources.names.hub_tables import (
    ALSO_KNOWN_AS,
    CLASSIFICATION,
    REGRESSION,
    TWO_CLASSES,
)

_INF = float("inf")
ALL: Mapping[str, tuple[float, float]] = {**CLASSIFICATION, **TWO_CLASSES, **REGRESSION}
"""Name to lowest and highest score."""
_MEANT = {name: metric for metric, names in ALSO_KNOWN_AS.items() for name in names}


def meant_by(name: str) -> str | None:
    """Return the metric that a name of other tools stands for: `RMSE` is `neg_rmse`."""
    plain = name.strip().lower().replace("-", "_").replace(" ", "_").replace("^", "")
    return plain if plain in ALL else _MEANT.get(plain)


def score_range(metric: str) -> tuple[float, float]:
    """Return the lowest and the highest score of a metric; infinite where it has no bound."""
    return ALL.get(metric, (-_INF, _INF))
