"""Render what the reconciler knows of the hub's metrics and formats: one module of plain tables.

The wings import nothing of each other, so this is how a metric or a format is written once.
"""

from __future__ import annotations

from collections.abc import Iterator

from auger_hub.data.files.formats import FORMATS
from auger_hub.search.scores.metrics import METRICS

PAGE = "../auger_reconcile/resources/names/hub_tables.py"
_HEAD = '''"""List metrics and file extensions of the hub.

Made by `docs/generate.py`, from `auger_hub/search/scores/metrics.py` and
`auger_hub/data/files/formats.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

'''


def render_hub_tables() -> str:
    """Return the module, as ruff lays it out."""
    return _HEAD + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    for group, metrics in METRICS.items():
        yield f"{group}: Mapping[str, tuple[float, float]] = {{"
        for name, metric in sorted(metrics.items()):
            yield f'    "{name}": ({", ".join(map(_number, metric.range))}),'
        yield "}"
    yield "ALSO_KNOWN_AS: Mapping[str, tuple[str, ...]] = {"
    every = {name: metric for metrics in METRICS.values() for name, metric in metrics.items()}
    for name, metric in sorted(every.items()):
        if len(metric.also) == 1:
            yield f'    "{name}": ("{metric.also[0]}",),'
        elif metric.also:
            yield f'    "{name}": ('
            yield from (f'        "{other}",' for other in metric.also)
            yield "    ),"
    yield "}"
    yield "EXTENSIONS = frozenset("
    yield "    ["
    for extension in sorted(one for known in FORMATS for one in known.extensions):
        yield f'        "{extension}",'
    yield "    ]"
    yield ")"


def _number(value: float) -> str:
    return repr(value) if abs(value) != float("inf") else f'float("{value}")'
