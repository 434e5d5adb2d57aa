"""What has to happen before what, and in which order the plan is shown.

Rules, by action:
  * a create or start waits for every create and start of what it refers to, and of its project;
  * a start waits for the create of the same resource, a create for the deletes in its way;
  * a delete that follows a replacement waits for the create that supersedes it;
  * any other delete waits for the deletes of everything that refers to it;
  * a stop of a project waits for all work in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter

from auger_reconcile.address import Address
from auger_reconcile.planner.plan import Action, Replacement
from auger_reconcile.resources._base import Verb

MAKING = (Verb.CREATE, Verb.START)


def order_actions(
    actions: Sequence[Action], references: Mapping[Address, Mapping[str, Address]]
) -> tuple[Action, ...]:
    """Return the actions with their dependencies, each after all that it depends on.

    Args:
        actions: of one plan, in the order of the files.
        references: address to role to what it refers to, its project included.
    """
    by_address: dict[Address, list[Action]] = defaultdict(list)
    for action in actions:
        by_address[action.address].append(action)
    referrers: dict[Address, list[Address]] = defaultdict(list)
    for address, roles in references.items():
        for target in roles.values():
            referrers[target].append(address)
    linked = [
        replace(action, depends_on=_waits_for(action, by_address, references, referrers))
        for action in actions
    ]
    return _sorted(linked)


def _waits_for(
    action: Action,
    by_address: Mapping[Address, Sequence[Action]],
    references: Mapping[Address, Mapping[str, Address]],
    referrers: Mapping[Address, Sequence[Address]],
) -> tuple[str, ...]:
    own = by_address[action.address]
    needed: list[Action] = []
    if action.verb in MAKING:
        for target in references.get(action.address, {}).values():
            needed += [other for other in by_address.get(target, ()) if other.verb in MAKING]
        if action.verb is Verb.START:
            needed += [other for other in own if other.verb is Verb.CREATE]
        else:
            needed += [other for other in own if other.replacement is Replacement.OLD_FIRST]
    elif action.verb is Verb.DELETE and action.replacement is Replacement.NEW_FIRST:
        needed += [other for other in own if other.verb is Verb.CREATE]
    else:
        gone = action.verb is Verb.DELETE
        for referrer in referrers.get(action.address, ()):
            others = by_address.get(referrer, ())
            needed += [o for o in others if not gone or o.verb in (Verb.DELETE, Verb.STOP)]
        needed += [other for other in own if other.verb in MAKING]
    return tuple(dict.fromkeys(other.id for other in needed if other.id != action.id))


def _sorted(actions: Sequence[Action]) -> tuple[Action, ...]:
    """Return a topological order that keeps the order of the files where it can."""
    by_id = {action.id: action for action in actions}
    sorter = TopologicalSorter({action.id: action.depends_on for action in actions})
    place = {action.id: index for index, action in enumerate(actions)}
    sorter.prepare()
    ordered: list[Action] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=place.__getitem__)
        ordered += [by_id[action_id] for action_id in ready]
        sorter.done(*ready)
    return tuple(ordered)
