"""Render what differs between a run and one that makes it once more, for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import click

from auger_reconcile.api.runs.reproduction import Reproduction, TrialPair
from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.table import Column, member, render_table
from auger_reconcile.cli.views.words import NOTHING, count_of

SHOWN = 20  # trials that differ


def render_reproduction(found: Reproduction, width: int | None = None) -> Iterator[str]:
    """Yield the lines: the verdict, the trials that differ, and what differs around them."""
    first, again = found.comparison.left.board, found.comparison.right.board
    title = f"Run {plain(first.run_id)}, once more as {plain(again.run_id)}"
    yield click.style(title, bold=True)
    color = "green" if found.is_same else "yellow"
    for paragraph in _verdict(found):
        lines = [paragraph] if width is None else textwrap.wrap(paragraph, width)
        yield from (click.style(line, fg=color) for line in lines)
    differing = [pair for pair in found.trials if not pair.is_same]
    if differing:
        yield ""
        columns = [
            Column("Algorithm", member("0")),
            Column("First", member("1"), is_number=True),
            Column("Once more", member("2"), is_number=True),
        ]
        yield from render_table(columns, map(_cells, differing[:SHOWN]))
        if len(differing) > SHOWN:
            yield f"{count_of(len(differing) - SHOWN, 'more trial')}; --json has all."
    if found.causes:
        yield ""
        columns = [
            Column("Different", member("0")),
            Column("First", member("1")),
            Column("Once more", member("2")),
        ]
        rows = ({"0": c.name, "1": _short(c.left), "2": _short(c.right)} for c in found.causes)
        yield from render_table(columns, rows)


def _verdict(found: Reproduction) -> Iterator[str]:
    """Yield what came of it, and why the rest may differ."""
    both = found.comparison
    if not found.trials:
        yield "Neither run has a trial to compare."
        return
    same = sum(pair.is_same for pair in found.trials)
    told = f"The same score: {same} of {count_of(len(found.trials), 'trial')}"
    parts = [
        f"{words}: {len(pairs)}"
        for pairs, words in (
            (found.different, "another score"),
            (found.missing, "only in the first"),
            (found.added, "only in the second"),
        )
        if pairs
    ]
    yield f"{'; '.join([told, *parts])}."
    if not both.environment:
        yield "Of the first run the hub has not kept what it was made with."
    elif not found.causes:
        yield "Packages, system, data and settings are the same."
    if found.missing or found.added:
        yield (
            "Which trials a run makes depends on the seconds of those before: what seems too slow "
            "for the time that is left is put off, and several at once end in another order."
        )


def _cells(pair: TrialPair) -> dict[str, str]:
    return {"0": plain(pair.algorithm), "1": _score(pair.first), "2": _score(pair.again)}


def _score(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.6f}"


def _short(value: Any) -> str:
    """Return a value for a cell; of a digest the first digits tell enough."""
    text = NOTHING if value is None else plain(str(value))
    return text if len(text) <= 24 else f"{text[:23]}…"
