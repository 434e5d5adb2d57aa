"""Check a declared gate: it has to ask for something, of rows and columns that are there. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from auger_reconcile.resources._base import Finding
from auger_reconcile.resources.files.columns import find_unknown
from auger_reconcile.resources.gates.gate import FOLDS, HOLDOUT, Gate
from auger_reconcile.resources.gates.monitor import Monitor
from auger_reconcile.resources.names.metrics import score_range


def check_range(gate: Gate | None, min_score: float | None, metric: str) -> Iterator[Finding]:
    """Yield the least scores that no score of the metric can be, or every one is."""
    lowest, highest = score_range(metric)
    for path, least in _least_scores(gate, min_score):
        if not lowest <= least <= highest:
            is_open = lowest == -math.inf
            most = f"at most {highest:g}"
            within = most if is_open else f"between {lowest:g} and {highest:g}"
            summary = "a gate outside of the metric's range"
            yield Finding("out-of-range", summary, path, f"`{metric}` is {within}")


def _least_scores(
    gate: Gate | None, min_score: float | None
) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield every least score that a model declares, with its path."""
    if min_score is not None:
        yield ("min_score",), min_score
    if gate is not None and gate.min_score is not None:
        yield ("gate", "min_score"), gate.min_score
    for column, least in gate.segments.items() if gate else ():
        yield ("gate", "segments", column), least


def check_gate(gate: Gate, min_score: float | None, experiment: Any) -> Iterator[Finding]:
    """Yield what is wrong with a gate: it asks for nothing, or for what nobody can tell."""
    if gate.min_score is None and not gate.beats_live and not gate.segments:
        hint = "a gate has `min_score`, `beats_live` or `segments`"
        yield Finding("empty-gate", "a gate that is always open", ("gate",), hint)
    if gate.min_score is not None and min_score is not None:
        hint = "`min_score` of the model is a gate on the folds already"
        yield Finding("declared-twice", "declared twice", ("gate", "min_score"), hint)
    if gate.on == HOLDOUT and getattr(experiment, "holdout", None) is None:
        hint = "the experiment of the model declares no `holdout`"
        yield Finding("no-holdout", "a gate on rows that are not there", ("gate", "on"), hint)
    if experiment is None:
        hint = "`experiment` names the runs that say how its trials were measured"
        yield Finding("missing-field", "a gate without its experiment", ("gate",), hint)
    if gate.margin and not gate.beats_live:
        hint = "`margin` belongs to `beats_live`, which is not set"
        yield Finding("unused-field", "a margin to nothing", ("gate", "margin"), hint)


def check_segments(
    gate: Gate | None, monitor: Monitor | None, refs: Mapping[str, Any]
) -> Iterator[Finding]:
    """Yield the columns that the rows do not have by which a model is judged, or watched.

    Args:
        gate: of the model.
        monitor: of the model.
        refs: role to declaration, with the data sets of the experiment.
    """
    if gate is not None:
        held_out = getattr(refs.get("experiment"), "holdout", None)
        where = gate.on or (HOLDOUT if held_out else FOLDS)
        rows = refs.get("experiment.holdout" if where == HOLDOUT else "experiment.dataset")
        if (header := getattr(rows, "header", None)) is not None:
            yield from find_unknown(("gate", "segments"), gate.segments, header, is_error=True)
    header = getattr(refs.get("experiment.dataset"), "header", None)
    if monitor is not None and header is not None:
        yield from find_unknown(("monitor", "segments"), monitor.segments, header, is_error=False)
