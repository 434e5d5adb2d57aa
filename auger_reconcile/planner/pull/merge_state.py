"""Merge observed state into a declaration, changing as little as makes its plan empty. Pure.

What is declared and in order stays as it is. What differs takes over the settings of the hub, as
few as suffice; what the hub does not have goes; what nothing declared stands for is added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import Severity
from auger_reconcile.planner.build import assess, build_plan
from auger_reconcile.planner.decide import ResourceStatus
from auger_reconcile.planner.index import Index
from auger_reconcile.planner.pull.import_state import ImportedState, choose_objects
from auger_reconcile.planner.remove import find_forgotten
from auger_reconcile.resources._base import Assessment, Kind, Wanted
from auger_reconcile.resources._registry import all_kinds
from auger_reconcile.resources._spec import Spec
from auger_reconcile.state import Declared, DesiredState, ObservedState


def merge_state(
    desired: DesiredState,
    observed: ObservedState,
    project: str,
    *,
    everything: bool = False,
    is_allowed: Callable[[Spec], bool] = lambda _: True,
) -> ImportedState:
    """Return the declaration of a project as it is, as near as can be to a declared one.

    Args:
        desired: what the files say.
        observed: the hub.
        project: the name under which it is declared and was observed.
        everything: declare older revisions too, of what nothing declared stands for.
        is_allowed: whether a declaration may be written at all: no secret, no odd name.
    """
    mine = {at: one for at, one in desired.resources.items() if at.project == project}
    statuses = assess(DesiredState(mine), Index(observed))
    chosen = choose_objects(observed, project, everything=everything)
    known = _Known(observed, project, statuses, chosen, is_allowed, desired.forgotten)
    resources: dict[Address, Declared] = {}
    objects: dict[Address, Any] = {}
    left_out: list[str] = []
    for kind in sorted(all_kinds().values(), key=lambda one: not one.is_home):
        stage = _Stage(kind, known, resources, objects)
        stage.run()
        left_out += stage.left_out
    order = [at for at in mine if at in resources]
    order += [at for at in resources if at not in mine]
    state = DesiredState({at: resources[at] for at in order})
    return ImportedState(state, objects, tuple(sorted(left_out)))


@dataclass(frozen=True)
class _Known:
    """What all stages look at."""

    observed: ObservedState
    project: str
    statuses: Mapping[Address, ResourceStatus]
    chosen: Mapping[str, Sequence[Any]]
    is_allowed: Callable[[Spec], bool]
    forgotten: frozenset[Address]


@dataclass
class _Candidate:
    """A resource with the declarations that are still to be tried.

    Attributes:
        specs: each with what it has to stand for; None leaves that open.
    """

    specs: list[tuple[Spec, Any]]


@dataclass
class _Stage:
    """One kind, after all kinds that it may refer to."""

    kind: Kind[Any, Any]
    known: _Known
    resources: dict[Address, Declared]
    objects: dict[Address, Any]
    left_out: list[str] = field(default_factory=list)
    _candidates: dict[Address, _Candidate] = field(default_factory=dict)
    _tried: set[Any] = field(default_factory=set)

    def run(self) -> None:
        """Declare what is there; add the result to the resources."""
        for address, one in self.known.statuses.items():
            if one.kind is self.kind:
                specs = [(one.declared.spec, None), *self._takeovers(one)]
                self._candidates[address] = _Candidate(specs)
        bound = self._settle()
        while new := list(self._undeclared(bound)):
            for found in new:
                self._tried.add(found.id)
                self._add(found)
            bound = self._settle()
        for address, candidate in self._candidates.items():
            self.resources[address] = Declared(address, candidate.specs[0][0])
            self.objects[address] = bound[address]

    def _settle(self) -> dict[Address, Any]:
        """Try the candidates until none is touched by a plan; return what each stands for."""
        while True:
            bound, wrong = self._find_wrong()
            if not wrong:
                return bound
            for address in wrong:
                candidate = self._candidates[address]
                candidate.specs.pop(0)
                if not candidate.specs:
                    del self._candidates[address]
                    self._note(address)

    def _note(self, address: Address) -> None:
        """Tell what is on the hub and cannot be said; what is gone is no loss."""
        one = self.known.statuses.get(address)
        if one is None:
            self.left_out.append(f"{address}: cannot be declared as it is")

    def _find_wrong(self) -> tuple[dict[Address, Any], list[Address]]:
        mine = {at: Declared(at, one.specs[0][0]) for at, one in self._candidates.items()}
        plan = build_plan(DesiredState({**self.resources, **mine}), self.known.observed)
        errors = {str(i.address) for i in plan.diagnostics if i.severity is Severity.ERROR}
        touched = {action.address for action in plan.actions}
        wrong = []
        for address, candidate in self._candidates.items():
            found, bound = candidate.specs[0][1], plan.bindings[address]
            is_other = found is not None and (bound is None or bound.id != found.id)
            is_lost = not self._refers_to_declared(candidate.specs[0][0])
            is_absent = self.kind.wanted(candidate.specs[0][0]) is Wanted.ABSENT
            is_there = is_absent and bound is not None  # under the name of another one
            if address in touched or str(address) in errors or is_other or is_lost or is_there:
                wrong.append(address)
        return {at: plan.bindings[at] for at in mine}, wrong  # ids are told apart by kind alone

    def _refers_to_declared(self, spec: Spec) -> bool:
        places = [place for place in self.kind.references(spec).values() if place[1]]
        return all(Address(self.known.project, *place) in self.resources for place in places)

    def _takeovers(self, one: ResourceStatus) -> Iterator[tuple[Spec, Any]]:
        """Yield the valid declarations of an object under a declared name, the nearest first."""
        for spec, found in self._mixtures(one):
            with suppress(ValueError):
                type(spec).model_validate(spec.model_dump())
                if not any(finding.is_error for finding in self.kind.check(spec, {})):
                    yield spec, found

    def _mixtures(self, one: ResourceStatus) -> Iterator[tuple[Spec, Any]]:
        spec, assessment = one.declared.spec, one.assessment
        found = _stood_for(one)
        if found is None:
            return
        offers = list(self._declarations(found))
        for offer in offers:
            yield _with_changes(spec, offer, assessment), found
        for offer in offers:
            yield _merged(spec, offer, offer.model_fields_set - {"name"}), found
        for offer in offers:
            kept = {"name": spec.name, "lifecycle": spec.lifecycle}
            state = {"state": vars(offer)["state"]}  # every kind has one
            told = offer.model_fields_set - {"name"}
            yield _merged(spec, offer, told).model_copy(update=state), found
            yield offer.model_copy(update=kept), found

    def _declarations(self, found: Any) -> Iterator[Spec]:
        """Yield what the kind offers, with references by the names under which things stand."""
        among = {name: list(objects) for name, objects in self.known.chosen.items()}
        for kind in all_kinds().values():  # what is declared may be referred to, old or new
            known = {one.id for one in among[kind.name]}
            declared = [o for at, o in self.objects.items() if at.kind == kind.name and o]
            among[kind.name] += [one for one in declared if one.id not in known]
        names = {
            (at.kind, self.objects[at].name): at.name
            for at in reversed(self.resources)
            if self.objects.get(at) is not None
        }
        for offer in self.kind.declarations(found, among):
            roles = self.kind.references(offer).items()
            places = {role: place for role, place in roles if place[1]}
            if all(place in names for place in places.values()):
                renamed = {role: names[place] for role, place in places.items()}
                yield offer.model_copy(update=renamed)

    def _undeclared(self, bound: Mapping[Address, Any]) -> Iterator[Any]:
        """Yield the objects that no declared resource stands for, nor has in its past.

        What belongs to the past of one is added all the same, where something else needs it.
        """
        owned: set[Any] = set()
        for address in self._candidates:
            if address in self.known.statuses:
                owned |= {o.id for o in self.known.statuses[address].assessment.revisions}
        owned -= self._needed() - {one.id for one in bound.values() if one is not None}
        for found in self.known.chosen[self.kind.name]:
            if found.id in owned | self._tried or not self.kind.is_at_home(found):
                continue
            place = Address(self.known.project, self.kind.name, found.name or "")
            if not find_forgotten(self.known.forgotten, place, found):
                yield found

    def _needed(self) -> set[Any]:
        """Return the ids of objects without which something else could not be declared."""
        keys = {key for kind, one in self._others() for key in kind.bound_to(one)}
        objects = self.known.observed.of(self.known.project, self.kind.name)
        return {one.id for one in objects if (self.kind.name, str(one.id)) in keys}

    def _others(self) -> Iterator[tuple[Kind[Any, Any], Any]]:
        """Yield what is to be declared: objects that stand for something, and those for nothing."""
        owned: dict[str, set[Any]] = defaultdict(set)
        for one in self.known.statuses.values():
            owned[one.kind.name] |= {found.id for found in one.assessment.revisions}
            if (found := _stood_for(one)) is not None:
                yield one.kind, found
        for kind in all_kinds().values():
            for found in self.known.chosen[kind.name]:
                if found.id not in owned[kind.name]:
                    yield kind, found

    def _add(self, found: Any) -> None:
        label = found.name or found.id
        offers = [one for one in self._declarations(found) if self.known.is_allowed(one)]
        if not offers:
            self.left_out.append(f"{self.kind.name}.{label}: cannot be declared as it is")
            return
        for offer in offers:
            address = Address(self.known.project, self.kind.name, offer.name)
            if address not in self._candidates:
                same = [(one, found) for one in offers if one.name == offer.name]
                self._candidates[address] = _Candidate(same)
                return
        self.left_out.append(f"{self.kind.name}.{label}: its name is taken")


def _stood_for(one: ResourceStatus) -> Any:
    """Return what a declared resource stands for: its object, its newest revision, or none."""
    assessment = one.assessment
    if assessment.object is not None:
        return assessment.object
    revisions = [found for found in assessment.revisions if found not in assessment.broken]
    return next(reversed(revisions), None)


def _merged(spec: Spec, offer: Spec, names: frozenset[str] | set[str]) -> Spec:
    """Return a declaration with some settings of another one."""
    return spec.model_copy(update={name: getattr(offer, name) for name in names})


def _with_changes(spec: Spec, offer: Spec, assessment: Assessment) -> Spec:
    """Return a declaration with the settings that differ, those within others alone."""
    paths = {change.path for change in assessment.changes}
    names = paths & set(type(spec).model_fields)
    update = {name: getattr(offer, name) for name in names}
    for name in type(spec).model_fields:
        mine, theirs = getattr(spec, name), getattr(offer, name)
        if isinstance(mine, BaseModel) and isinstance(theirs, BaseModel):
            inner = {path: getattr(theirs, path) for path in paths if hasattr(theirs, path)}
            update[name] = mine.model_copy(update=inner)
    return spec.model_copy(update=update)
