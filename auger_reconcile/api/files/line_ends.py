"""Find out whether new data differs from known data in its line ends or byte order mark alone.

Version control changes both on some machines, and a whole team would learn again without knowing
why. Content stays the identity of data; here is only the reason made plainer.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auger_reconcile.planner.plan import Action, Plan
    from auger_reconcile.state import ObservedState

ADVICE = (
    "`ignore_line_ends: true` below its name in `datasets` makes it no change; `*.csv -text` in "
    ".gitattributes stops git"
)


def explain_line_ends(plan: Plan, observed: ObservedState) -> Plan:
    """Return the plan with the reason of each new data set that holds the same text as another."""
    actions = tuple(_explained(action, observed) for action in plan.actions)
    return plan if actions == plan.actions else replace(plan, actions=actions)


def _explained(action: Action, observed: ObservedState) -> Action:
    from auger_reconcile.config.declarations.line_ends import hashes_with_other_ends
    from auger_reconcile.resources._base import Verb

    path, own = getattr(action.spec, "path", None), getattr(action.spec, "sha256", None)
    if action.verb is not Verb.CREATE or not path or not own:
        return action
    at = action.address
    known = {getattr(found, "content", None) for found in observed.of(at.project, at.kind)}
    known -= {None, own}
    if not known or known.isdisjoint(hashes_with_other_ends(Path(path))):
        return action
    told = f"{action.reason}, in line ends or byte order mark alone; {ADVICE}"
    return replace(action, reason=told)
