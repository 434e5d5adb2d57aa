"""Order actions by their dependencies, and for display.

Rules, by action:
  * a create or start waits for every create and start of what it refers to, and of its project;
  * a start waits for the create of the same resource, a create for the deletes in its way;
  * any other delete waits for the deletes of everything that refers to it, and for every create
    that replaces its object;
  * a stop of a project waits for all work in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

from auger_reconcile.address import Address
from auger_reconcile.planner.plan import Action, Replacement, place_of
from auger_reconcile.resources._base import Verb

MAKING = (Verb.CREATE, Verb.START)


class _Relations(NamedTuple):
    """Who is touched by which actions, and who refers to whom.

    Attributes:
        removing: the deletes of an object, by project, kind and id.
        replacing: the creates that replace an object, likewise.
    """

    references: Mapping[Address, Mapping[str, Address]]
    referrers: Mapping[Address, list[Address]]
    by_address: Mapping[Address, list[Action]]
    removing: Mapping[tuple[str, str, Any], list[Action]]
    replacing: Mapping[tuple[str, str, Any], list[Action]]


def order_actions(
    actions: Sequence[Action], references: Mapping[Address, Mapping[str, Address]]
) -> tuple[Action, ...]:
    """Return the actions with their dependencies, each after all that it depends on.

    Args:
        actions: of one plan, in the order of the files.
        references: address to role to what it refers to, its project included.
    """
    if not actions:
        return ()
    relations = _relate(actions, references)
    linked = [
        replace(action, depends_on=tuple(dict.fromkeys(_waits_for(action, relations))))
        for action in actions
    ]
    return _sorted(linked)


def _relate(
    actions: Sequence[Action], references: Mapping[Address, Mapping[str, Address]]
) -> _Relations:
    relations = _Relations(references, *(defaultdict[Any, list[Any]](list) for _ in range(4)))
    for action in actions:
        relations.by_address[action.address].append(action)
        if action.verb is Verb.DELETE:
            relations.removing[place_of(action.address, action.object)].append(action)
        for found in action.replaces:
            relations.replacing[place_of(action.address, found)].append(action)
    for address, roles in references.items():
        for target in roles.values():
            relations.referrers[target].append(address)
    return relations


def _waits_for(action: Action, among: _Relations) -> Iterator[str]:
    """Yield the ids of the actions that come before an action."""
    own = among.by_address[action.address]
    needed: list[Action] = []
    if action.verb in MAKING:
        for target in among.references[action.address].values():
            needed += _only(among.by_address.get(target, ()), *MAKING)
        for found in action.replaces:
            in_the_way = among.removing.get(place_of(action.address, found), ())
            needed += [other for other in in_the_way if _is_old_first(other)]
        if action.verb is Verb.START:
            needed += _only(own, Verb.CREATE)
    elif not _is_old_first(action):
        gone = action.verb is Verb.DELETE
        for referrer in among.referrers.get(action.address, ()):
            others = among.by_address.get(referrer, ())
            needed += _only(others, Verb.DELETE, Verb.STOP) if gone else others
        needed += _only(own, *MAKING)
        needed += among.replacing.get(place_of(action.address, action.object), ())
    return (other.id for other in needed if other.id != action.id)


def _only(actions: Iterable[Action], *verbs: Verb) -> list[Action]:
    return [action for action in actions if action.verb in verbs]


def _is_old_first(action: Action) -> bool:
    return action.verb is Verb.DELETE and action.replacement is Replacement.OLD_FIRST


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
