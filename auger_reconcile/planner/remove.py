"""Plan deletes beyond what single resources ask for, each object at most once.

An object may be wanted by one declared resource and superfluous to another; and some objects go
with others, which the plan has to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from auger_reconcile.address import Address
from auger_reconcile.planner.decide import ResourceStatus, delete_action, delete_undeclared
from auger_reconcile.planner.index import Index
from auger_reconcile.planner.plan import Action, Replacement, place_of
from auger_reconcile.resources._base import Assessment, Verb, Wanted
from auger_reconcile.resources._registry import all_kinds, kind_of

Place: TypeAlias = tuple[str, str, Any]
Statuses: TypeAlias = Mapping[Address, ResourceStatus]


def unique_deletes(actions: Iterable[Action], statuses: Statuses) -> Iterator[Action]:
    """Yield the actions with each object deleted at most once, and none that is still wanted.

    Of several deletes of one object, that of a replacement is kept: it waits for the new one.
    """
    actions = list(actions)
    if all(action.verb is not Verb.DELETE for action in actions):
        yield from actions
        return
    wanted = {
        (at.project, at.kind, one.assessment.object.id)
        for at, one in statuses.items()
        if one.wanted is not Wanted.ABSENT and one.assessment.object is not None
    }
    kept: dict[Place, Action] = {}
    for action in actions:
        if action.verb is Verb.DELETE:
            first = kept.setdefault(place_of(action.address, action.object), action)
            if first.replacement is None and action.replacement is not None:
                kept[place_of(action.address, action.object)] = action
    for action in actions:
        place = place_of(action.address, action.object)
        if action.verb is not Verb.DELETE or (place not in wanted and kept[place] is action):
            yield action


def delete_old_revisions(
    chosen: Statuses, actions: Sequence[Action], index: Index, history: Mapping[str, int]
) -> Iterator[Action]:
    """Yield the deletes of superseded revisions beyond those that a prune keeps.

    A revision that something else needs, such as a live model, stays.

    Args:
        chosen: each resource after all that it needs.
        actions: what is planned already.
        index: of the observed objects.
        history: how many superseded revisions are kept, by project.
    """
    going = {place_of(a.address, a.object) for a in actions if a.verb is Verb.DELETE}
    for address, one in reversed(list(chosen.items())):
        keep = history.get(address.project)
        if keep is None or one.wanted is Wanted.ABSENT or one.assessment.refusal:
            continue
        for found in _old_revisions(one.assessment, keep):
            needed_by = _objects(address.project, one.kind.needed_by(found), index)
            if all((address.project, kind, other.id) in going for kind, other in needed_by):
                going.add(place_of(address, found))
                replacement = Replacement.NEW_FIRST if one.assessment.create else None
                reason = f"superseded, {keep} of its kind are kept"
                yield delete_action(one, found, reason, replacement)


def _old_revisions(assessment: Assessment, keep: int) -> Sequence[Any]:
    # By id: the bound object may know its run, and so differ from what was observed.
    bound = () if assessment.object is None else (assessment.object,)
    stay = {found.id for found in (*bound, *assessment.superseded, *assessment.broken)}
    old = [found for found in assessment.revisions if found.id not in stay]
    return old[: max(len(old) - keep, 0)]


def delete_undeclared_objects(
    index: Index,
    statuses: Statuses,
    *,
    pruned: Collection[str],
    gone: Collection[str],
    spared: Collection[tuple[str, str]] = (),
) -> Iterator[Action]:
    """Yield the deletes of what the files do not name.

    Args:
        index: of the observed objects.
        statuses: of what the files name; what that is or was is left out.
        pruned: projects of which everything undeclared is to go.
        gone: projects that go themselves, with everything in them.
        spared: (project, kind) of which nothing is pruned.
    """
    emptied = dict.fromkeys([*gone, *pruned])
    owned: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for address, one in statuses.items():
        if address.project in emptied:
            owned[address.project, address.kind] |= {item.id for item in one.assessment.revisions}
    for project in emptied:
        reason = f"goes with project.{project}" if project in gone else "not declared"
        for kind in (kind for kind in all_kinds().values() if not kind.is_home):
            if project not in gone and (project, kind.name) in spared:
                continue
            for found in index.objects(project, kind.name):
                if kind.is_at_home(found) and found.id not in owned[project, kind.name]:
                    yield delete_undeclared(project, kind, found, reason)


def find_forgotten(forgotten: Iterable[Address], place: Address, found: Any) -> Address | None:
    """Return by which of its names the files leave an undeclared object on the hub, or None.

    Args:
        forgotten: what `removed` lists.
        place: of the object: its project and its kind.
        found: the object.
    """
    kind = kind_of(place.kind)
    mine = (at for at in forgotten if (at.project, at.kind) == place[:2])
    return next((at for at in mine if kind.bears(found, at.name)), None)


def delete_what_hangs_on(actions: Sequence[Action], index: Index) -> Iterator[Action]:
    """Yield the deletes of objects that the hub removes with those that are deleted."""
    going = {place_of(a.address, a.object): a for a in actions if a.verb is Verb.DELETE}
    for action in list(going.values()):
        for kind_name, found in _hanging_on(action.address, action.object, index):
            if (action.address.project, kind_name, found.id) not in going:
                kind, reason = kind_of(kind_name), f"goes with {action.address}"
                yield delete_undeclared(action.address.project, kind, found, reason)


def holder_references(
    actions: Sequence[Action], index: Index, statuses: Statuses
) -> Mapping[Address, Mapping[str, Address]]:
    """Return the references of undeclared objects: to their home, and to what they hang on."""
    homes = {
        at.project: at
        for at in (*(action.address for action in actions), *statuses)
        if kind_of(at.kind).is_home
    }
    references: dict[Address, dict[str, Address]] = {
        action.address: {"home": homes[action.address.project]}
        if action.address.project in homes
        else {}
        for action in actions
        if action.address not in statuses and not kind_of(action.address.kind).is_home
    }
    by_place = {place_of(a.address, a.object): a for a in actions if a.verb is Verb.DELETE}
    for action in by_place.values():
        for kind_name, found in _hanging_on(action.address, action.object, index):
            hanging = by_place.get((action.address.project, kind_name, found.id))
            if hanging and hanging.address in references:
                references[hanging.address][f"holder {action.name}"] = action.address
    return references


def _hanging_on(address: Address, found: Any, index: Index) -> Iterator[tuple[str, Any]]:
    return _objects(address.project, kind_of(address.kind).takes_along(found), index)


def _objects(
    project: str, places: Iterable[tuple[str, str]], index: Index
) -> Iterator[tuple[str, Any]]:
    """Yield the objects in a project under (kind, key), with their kind."""
    for kind_name, key in places:
        kind = kind_of(kind_name)
        for found in index.find(project, kind, [key]):
            if kind.is_at_home(found):
                yield kind_name, found
