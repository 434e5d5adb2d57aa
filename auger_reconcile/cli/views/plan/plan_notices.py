"""Collect what a hub has told of the data sets and runs that a plan leaves as they are."""

from __future__ import annotations

from collections.abc import Iterator

from auger_reconcile.cli.views.plan.plan_text import Labels
from auger_reconcile.cli.views.run.account import notice_lines
from auger_reconcile.planner.plan import Plan
from auger_reconcile.resources.search.account import Notice

MOST = 20  # lines in a terminal


def notices_of_plan(plan: Plan) -> list[tuple[str, Notice]]:
    """Return label and notice of what stays as it is; a run repeats those of its data set."""
    labels = Labels(plan)
    shown = []
    for address, notices in plan.notices.items():
        needed = plan.references.get(address, {}).values()
        told = {notice for at in needed for notice in plan.notices.get(at, ())}
        shown += [(labels.at(address), notice) for notice in notices if notice not in told]
    return shown


def plan_notice_lines(plan: Plan) -> Iterator[str]:
    """Yield a line a notice, the first ones of many."""
    found = notices_of_plan(plan)
    for label, notice in found[:MOST]:
        yield from (f"{label}: {line}" for line in notice_lines([notice]))
    if len(found) > MOST:
        yield f"... and {len(found) - MOST:,} more notices: `auger plan --json` has them all"
