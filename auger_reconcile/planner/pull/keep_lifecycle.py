"""Keep of a declaration what no hub knows, in one that is imported: `lifecycle` and `moved`. Pure.

A hub has neither, so that a file that is written anew would protect nothing any more, and call what
was renamed by its name of before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.planner.build import assess, build_plan
from auger_reconcile.planner.index import Index
from auger_reconcile.planner.pull.import_state import ImportedState
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources._spec import Spec, Trait, has_trait
from auger_reconcile.state import Declared, DesiredState, ObservedState


def keep_lifecycle(
    imported: ImportedState, desired: DesiredState, observed: ObservedState, project: str
) -> ImportedState:
    """Return an imported state with what a declaration says of the same objects.

    Args:
        imported: what the project has.
        desired: what the files say.
        observed: the hub, of which both are.
        project: the one that is imported.
    """
    mine = {at: one for at, one in desired.resources.items() if at.project == project}
    stands: dict[tuple[str, object], Declared] = {
        (at.kind, found.id): one.declared
        for at, one in assess(DesiredState(mine), Index(observed)).items()
        for found in one.assessment.revisions
    }
    kept = {
        at: stands[at.kind, found.id]
        for at, found in imported.objects.items()
        if (at.kind, found.id) in stands
    }
    renamed = {
        at: one.address
        for at, one in kept.items()
        if one.spec.formerly and one.address not in imported.state.resources
    }
    if len(set(renamed.values())) < len(renamed):
        renamed = {}  # several revisions of one
    result = _declared(imported, kept, renamed)
    if renamed and build_plan(result.state, observed).actions:
        return _declared(imported, kept, {})  # under the names that the hub has
    return result


def _declared(
    imported: ImportedState, kept: Mapping[Address, Declared], names: Mapping[Address, Address]
) -> ImportedState:
    """Return an imported state with what was declared, some of it under other names."""
    resources = {}
    for at, one in imported.state.resources.items():
        spec = _referring(one.spec, at, names)
        if at in kept:
            spec = _with_lifecycle(spec, kept[at].spec, at, imported.state.resources, names)
        resources[names.get(at, at)] = Declared(names.get(at, at), spec)
    objects = {names.get(at, at): found for at, found in imported.objects.items()}
    state = replace(imported.state, resources=resources)
    return replace(imported, state=state, objects=objects)


def _referring(spec: Spec, at: Address, names: Mapping[Address, Address]) -> Spec:
    """Return a declaration that refers to others by the names that they are declared under."""
    roles = kind_of(at.kind).references(spec).items()
    places = {role: Address(at.project, kind, name or "") for role, (kind, name) in roles}
    renamed = {role: names[place].name for role, place in places.items() if place in names}
    return spec.model_copy(update=renamed) if renamed else spec


def _with_lifecycle(
    spec: Spec,
    told: Spec,
    at: Address,
    resources: Mapping[Address, Declared],
    names: Mapping[Address, Address],
) -> Spec:
    """Return an imported declaration with what another one says of the same object.

    Of one that is known by another name than its object, the data it was made of tells which
    revision it is.
    """
    taken = resources.keys() - names.keys()
    former = tuple(one for one in told.formerly if at._replace(name=one) not in taken)
    update: dict[str, Any] = {"lifecycle": told.lifecycle}
    if names.get(at, at).name == told.name:
        update["formerly"] = former
    if at in names:
        computed = (Trait.CONTENT, Trait.COMPUTED)
        update["name"] = names[at].name
        update |= {
            name: value
            for name, value in vars(told).items()
            if name != "formerly" and any(has_trait(type(told), name, one) for one in computed)
        }
    return spec.model_copy(update=update)
