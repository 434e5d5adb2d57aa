"""Check a declared gate: it has to ask for something, and of rows that are there. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auger_reconcile.resources._base import Finding
from auger_reconcile.resources.gates.gate import HOLDOUT, Gate


def least_scores(
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
