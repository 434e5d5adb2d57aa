"""Collect what gates say as tables: live model against the trial that would take its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auger_reconcile.address import Address
from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.table import Column, member, render_table
from auger_reconcile.planner.plan import Plan
from auger_reconcile.resources.gates.gate import Check, Decision, Verdict

BELOW_GATE = "below-gate"  # the code of a live model that its own gate would not let pass
HEADS = ("Required", "Rows", "Champion (live now)", "Challenger", "Needed", "Outcome")
MOST_SHOWN = 40  # checks of one gate; a column may have many values
_WORST_FIRST = (Verdict.CLOSED, Verdict.UNKNOWN, Verdict.NOT_JUDGED, Verdict.OPEN)


class GateTable(NamedTuple):
    """What one gate says.

    Attributes:
        text: the outcome in one sentence.
        rows: a cell for each of `HEADS`, the failed checks first.
        left_out: how many checks are not in `rows`.
    """

    address: str
    text: str
    rows: tuple[tuple[str, ...], ...]
    left_out: int


def gates_of(plan: Plan) -> list[GateTable]:
    """Return a table for each gate of a plan that has something to say."""
    several = len({at.project for at in plan.gates}) > 1
    return [
        gate_table(at, decision, qualified=several)
        for at, decision in plan.gates.items()
        if plan.actions or decision.verdict is not Verdict.OPEN
    ]


def gate_table(address: Address, decision: Decision, *, qualified: bool = False) -> GateTable:
    """Return what one gate says."""
    name = plain(address.qualified if qualified else str(address))
    checks = sorted(decision.checks, key=lambda check: _WORST_FIRST.index(check.verdict))
    rows = tuple(map(_row, checks[:MOST_SHOWN]))
    return GateTable(name, plain(decision.text), rows, len(checks) - len(rows))


def below_gate(plan: Plan) -> list[str]:
    """Return a sentence for each live model that its gate would not let pass."""
    told = (item for item in plan.diagnostics if item.code == BELOW_GATE)
    return [f"{plain(str(item.address))}: {plain(item.summary)}." for item in told]


def gate_lines(table: GateTable, indent: str = "  ") -> Iterator[str]:
    """Yield the lines of a table for a terminal."""
    columns = [
        Column(head, member(head), is_number=head.startswith("C") or head == "Needed")
        for head in HEADS
    ]
    rows = [dict(zip(HEADS, row, strict=True)) for row in table.rows]
    yield from (f"{indent}{line}".rstrip() for line in render_table(columns, rows))
    if table.left_out:
        yield f"{indent}... and {table.left_out} more"


def _row(check: Check) -> tuple[str, ...]:
    count = f", {check.count:,} rows" if check.count is not None else ""
    scores = (check.champion, check.challenger, check.needed)
    told = ("" if one is None else f"{one:.4f}" for one in scores)
    return (plain(check.what), plain(check.rows) + count, *told, check.verdict.in_words)
