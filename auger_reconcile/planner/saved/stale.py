"""Check whether a plan still fits the hub, by comparing it with a new plan. Pure.

The plan is made anew. What a saved one would do has to be in it, on objects that have not moved;
what else has changed on the hub does not matter. What was shown to somebody who is asked has to be
all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from auger_reconcile.errors import StalePlan
from auger_reconcile.planner.plan import Action, Plan, summary
from auger_reconcile.planner.saved.document import (
    action_to_document,
    needed_to_document,
    protection_of,
)
from auger_reconcile.state import ObservedState, ProtectionChange

# What may differ between two plans that do the same: words, and what stands around an action.
SAME_DEED = ("name", "after", "changes", "replacement", "observed_fingerprint")


def still_fitting(document: Mapping[str, Any], now: Plan, observed: ObservedState) -> Plan:
    """Return the plan of now, cut down to the actions of a saved one.

    Raises:
        StalePlan: an object that it touches has moved; the message names object and field.
    """
    fresh = {action.id: action for action in now.actions}
    for item in (*document["needed"], *document["actions"]):
        _check_object(item, observed)
    chosen = [_same_deed(item, fresh.get(item["id"])) for item in document["actions"]]
    ids = {action.id for action in chosen}
    for needed in (one for action in chosen for one in action.depends_on if one not in ids):
        raise StalePlan(f"{fresh[needed].address}: it has to come before, and was not planned")
    return replace(now, actions=tuple(chosen), protection=_as_shown(document, now))


def _as_shown(document: Mapping[str, Any], now: Plan) -> ProtectionChange:
    """Return what is to be protected and released by now, of what the saved plan told."""
    shown = protection_of(document)
    return ProtectionChange(
        tuple(at for at in now.protection.protects if at in shown.protects),
        tuple(at for at in now.protection.releases if at in shown.releases),
    )


def check_shown(shown: Plan, now: Plan) -> None:
    """Do nothing when a plan that was made again does what was shown, and nothing besides.

    Raises:
        StalePlan: it does not; the message names what has come, gone or moved.
    """
    places = [(plan.hub, plan.hub_id, plan.organization) for plan in (shown, now)]
    if places[0] != places[1]:
        raise StalePlan(f"it would be `{now.organization}` at {now.hub} now")
    fresh = {action.id: action for action in now.actions}
    for item in map(action_to_document, shown.actions):
        action = fresh.pop(item["id"], None)
        if action is not None and item["before"] is not None:
            _check_summary(item, action.object)
        _same_deed(item, action)
    for action in fresh.values():
        raise StalePlan(f"{action.address}: a {action.verb.value} of `{action.name}` has come")
    for address, item in needed_to_document(shown).items():
        _check_summary(item, now.bindings.get(address))


def _same_deed(item: Mapping[str, Any], action: Action | None) -> Action:
    """Return the action of now that does what another one would have done."""
    if action is None:
        raise StalePlan(f"{item['address']}: the {item['action']} is not needed any more")
    deed = action_to_document(action)
    for name in SAME_DEED:
        if deed[name] != item[name]:
            raise StalePlan(f"{item['address']}: `{name}` of the {item['action']} has changed")
    return action


def _check_object(item: Mapping[str, Any], observed: ObservedState) -> None:
    """Compare one object with what it was when the plan was made."""
    before = item["before"]
    if before is None:
        return
    candidates = observed.of(item["project"], item["kind"])
    _check_summary(item, next((one for one in candidates if one.id == before["id"]), None))


def _check_summary(item: Mapping[str, Any], found: Any) -> None:
    before = item["before"]
    if found is None or found.id != before["id"]:
        raise StalePlan(f"{item['address']}: `{before.get('name') or before['id']}` is gone")
    current = summary(found)
    for name in before:
        if current.get(name) != before[name]:
            told = _difference(before[name], current.get(name))
            raise StalePlan(f"{item['address']}: `{name}` {told}")


def _difference(was: Any, now: Any) -> str:
    """Return in words how a member has changed; of a list of objects, the first that differs."""
    before, after = _by_id(was), _by_id(now)
    for key in after:
        if before and key not in before:
            return f"has a new one, {key}"
    for key, one in before.items():
        if after and key not in after:
            return f"has lost {key}"
        for name in one if after else ():
            if one[name] != after[key].get(name):
                return f"has {key}, whose `{name}` {_difference(one[name], after[key].get(name))}"
    return f"was {was!r} and is {now!r}"


def _by_id(items: Any) -> dict[Any, Mapping[str, Any]]:
    """Return the objects of a list by their ids; none when it is no list of objects with ids."""
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        return {}
    if not all(isinstance(one.get("id"), str | int) for one in items):
        return {}
    return {one["id"]: one for one in items}
