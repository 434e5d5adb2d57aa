"""Plan one resource for an imperative command. Pure, as all of the planner.

A create, start or stop of one resource is `build_plan` with a target; here is what has no place in
a declaration: to delete one object by its very name, and to select.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.planner.decide import delete_undeclared
from auger_reconcile.planner.index import Index
from auger_reconcile.planner.order import order_actions
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.planner.remove import (
    delete_undeclared_objects,
    delete_what_hangs_on,
    holder_references,
)
from auger_reconcile.resources._base import FieldChange, Verb
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.state import ObservedState


def empty_plan(observed: ObservedState) -> Plan:
    """Return a plan that does nothing, for the observed hub."""
    return Plan(
        observed.hub,
        observed.organization,
        observed.organization_id,
        config_digest="",
        hub_id=observed.hub_id,
    )


def plan_delete(observed: ObservedState, project: str, kind: str, found: Any) -> Plan:
    """Return the plan that deletes one object, and says what goes with it."""
    index = Index(observed)
    actions = [delete_undeclared(project, kind_of(kind), found, "asked for")]
    if kind_of(kind).is_home:
        actions += delete_undeclared_objects(index, {}, pruned=(), gone=[project])
    actions += delete_what_hangs_on(actions, index)
    ordered = order_actions(actions, holder_references(actions, index, {}))
    return replace(empty_plan(observed), actions=ordered)


def plan_one(  # noqa: PLR0913 - keyword-only beyond what is meant
    observed: ObservedState, project: str, kind: str, found: Any, *, verb: Verb, detail: str = ""
) -> Plan:
    """Return the plan that starts or stops one object as it stands, and nothing else.

    Args:
        observed: the hub.
        project: the object's.
        kind: the object's.
        found: the object.
        verb: START or STOP.
        detail: what that does, in words.
    """
    address = Address(project, kind, found.name)
    action = Action(
        id=f"{verb.value}:{address.qualified}",
        address=address,
        verb=verb,
        name=found.name,
        reason="asked for",
        detail=detail,
        object=found,
        loss=kind_of(kind).loss(verb, found),
    )
    return replace(empty_plan(observed), actions=(action,))


def with_selection(  # noqa: PLR0913 - keyword-only beyond what is selected
    plan: Plan,
    address: Address,
    name: str | None,
    settings: Mapping[str, Any],
    *,
    is_other: bool = True,
    also: Mapping[tuple[str, ...], str | None] = MappingProxyType({}),
) -> Plan:
    """Return the plan with a select at its end that stores a name in auger.yaml.

    Args:
        plan: whose actions on the address come first.
        address: what is selected.
        name: to store; None clears the selection.
        settings: of auger.yaml as it is; a select that would change nothing is left out.
        is_other: whether the file meant another resource so far, so that what belongs to that one
            is cleared; it stays where the name is there already.
        also: what is stored along with it.
    """
    edits = dict(kind_of(address.kind).selection(name))
    first = next(iter(edits))
    if not is_other or (_value_at(settings, first) or None) == name:
        edits = {first: name}
    changes = tuple(
        FieldChange("/".join(path), _value_at(settings, path), value)
        for path, value in {**edits, **also}.items()
        if (_value_at(settings, path) or None) != value
    )
    if not changes:
        return plan
    select = Action(
        id=f"select:{address.qualified}",
        address=address,
        verb=Verb.SELECT,
        name=name or "",
        reason="stored in auger.yaml" if name else "cleared in auger.yaml",
        depends_on=tuple(action.id for action in plan.actions if action.address == address),
        object=plan.bindings.get(address),
        changes=changes,
    )
    return replace(plan, actions=(*plan.actions, select))


def _value_at(settings: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = settings
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return None if value is None else str(value)
