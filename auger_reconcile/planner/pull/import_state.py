"""Import a project: observed state to the declaration whose plan is empty. Pure.

Each kind offers declarations for an object, the best first. What a plan would still do something
about is declared the next way, and left out when there is no other: so the plan ends empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.planner.build import build_plan
from auger_reconcile.resources._base import Kind
from auger_reconcile.resources._registry import all_kinds, kind_of
from auger_reconcile.resources._spec import Spec
from auger_reconcile.state import Declared, DesiredState, ObservedState


@dataclass(frozen=True)
class ImportedState:
    """What a project has, declared.

    Attributes:
        state: whose plan is empty.
        objects: what each declared resource stands for.
        left_out: kind and name of what is not declared, with the reason.
    """

    state: DesiredState
    objects: Mapping[Address, Any]
    left_out: tuple[str, ...]


@dataclass
class _Candidate:
    """An object with the declarations that are still to be tried."""

    kind: Kind[Any, Any]
    found: Any
    specs: list[Spec]

    @property
    def label(self) -> str:
        return f"{self.kind.name}.{self.found.name or self.found.id}"


def import_state(
    observed: ObservedState,
    project: str,
    *,
    everything: bool = False,
    is_allowed: Callable[[Spec], bool] = lambda _: True,
) -> ImportedState:
    """Return the declaration of a project as it is.

    Args:
        observed: the hub.
        project: the name under which it was observed.
        everything: declare older revisions too, which otherwise are declared only where something
            newer needs them.
        is_allowed: whether a declaration may be written at all: no secret, no odd name.
    """
    kinds = _homes_first()
    chosen = choose_objects(observed, project, everything=everything)
    left_out = [
        f"{kind.name}.{one.name}: an older revision"
        for kind in kinds
        for one in observed.of(project, kind.name)
        if one not in chosen[kind.name]
    ]
    candidates = [
        _Candidate(kind, one, [s for s in kind.declarations(one, chosen) if is_allowed(s)])
        for kind in kinds
        for one in chosen[kind.name]
        if kind.is_at_home(one)
    ]
    return _Import(observed, project, candidates, left_out).run()


def choose_objects(
    observed: ObservedState, project: str, *, everything: bool
) -> dict[str, list[Any]]:
    """Return the objects of a project to declare, by kind: the newest revisions, or all."""
    chosen: dict[str, list[Any]] = {}
    for kind in reversed(_homes_first()):  # what needs comes before what is needed
        found = sorted(observed.of(project, kind.name), key=_by_name)
        chosen[kind.name] = found if everything else _newest(kind, found, chosen)
    return chosen


def _homes_first() -> list[Kind[Any, Any]]:
    return sorted(all_kinds().values(), key=lambda kind: not kind.is_home)


def _newest(
    kind: Kind[Any, Any], objects: Sequence[Any], chosen: Mapping[str, Sequence[Any]]
) -> list[Any]:
    """Return the newest of each series, and what something chosen needs."""
    places = {id(one): kind.series(one) for one in objects}
    begun = {place[0] for place in places.values() if place and place[1] == 0}
    newest: dict[str, int] = {}
    for place in places.values():
        if place:
            newest[place[0]] = max(newest.get(place[0], 0), place[1])
    keys = {
        key
        for name, others in chosen.items()
        for one in others
        for key in kind_of(name).bound_to(one)
    }
    return [
        one
        for one in objects
        if (place := places[id(one)]) is None
        or place[0] not in begun
        or place[1] == newest[place[0]]
        or (kind.name, str(one.id)) in keys
    ]


def _by_name(found: Any) -> tuple[str, str]:
    """Order by name: a hub that lists otherwise, or made things otherwise, changes no file."""
    return found.name or "", str(found.id)


@dataclass
class _Import:
    """One import under way: candidates are tried until the plan is empty."""

    observed: ObservedState
    project: str
    candidates: list[_Candidate]
    left_out: list[str] = field(default_factory=list)

    def run(self) -> ImportedState:
        self._drop(one for one in self.candidates if not one.specs)
        while wrong := self._find_wrong():
            for one in wrong:
                one.specs.pop(0)
            self._drop(one for one in wrong if not one.specs)
        declared = self._declared()
        state = DesiredState({at: Declared(at, one.specs[0]) for at, one in declared.items()})
        objects = {at: one.found for at, one in declared.items()}
        return ImportedState(state, objects, tuple(sorted(self.left_out)))

    def _drop(self, candidates: Iterator[_Candidate]) -> None:
        for one in list(candidates):
            self.left_out.append(f"{one.label}: cannot be declared as it is")
            self.candidates.remove(one)

    def _declared(self) -> dict[Address, _Candidate]:
        """Return the candidates under their addresses; of two with one name, the first."""
        found: dict[Address, _Candidate] = {}
        for one in self.candidates:
            name = self.project if one.kind.is_home else one.specs[0].name
            found.setdefault(Address(self.project, one.kind.name, name), one)
        return found

    def _find_wrong(self) -> list[_Candidate]:
        """Return what a plan would change, of the first kind alone: the rest may follow from it."""
        declared = self._declared()
        hidden = [one for one in self.candidates if one not in declared.values()]
        if hidden:
            return hidden
        resources = {at: Declared(at, one.specs[0]) for at, one in declared.items()}
        plan = build_plan(DesiredState(resources), self.observed)
        touched = {action.address for action in plan.actions}
        for at, one in declared.items():  # what stands for another object, or none, is refused
            bound = plan.bindings[at]
            if bound is None or bound.id != one.found.id:
                touched.add(at)
        wrong = [one for at, one in declared.items() if at in touched]
        others = [one for one in wrong if not one.kind.is_home] or wrong
        return [one for one in others if one.kind is others[0].kind]
