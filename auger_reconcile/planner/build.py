"""DesiredState + ObservedState -> Plan. Pure: no I/O, no clock, no environment, no chance.

Read `decide` for the five-verb rule, `order` for what comes before what, `guards` for what is
refused. Here it is put together, in time linear in the number of resources.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import Any, TypeAlias

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import Diagnostic, Severity, sort_diagnostics
from auger_reconcile.planner.decide import (
    Standing,
    decide_actions,
    delete_undeclared,
    start_action,
    stop_action,
)
from auger_reconcile.planner.diff import diff_settings
from auger_reconcile.planner.guards import check_guards
from auger_reconcile.planner.order import order_actions
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import Assessment, Kind, Scene, Verb, Wanted
from auger_reconcile.resources._registry import all_kinds, kind_of
from auger_reconcile.state import DesiredState, ObservedState


@dataclass(frozen=True)
class PlanOptions:
    """What the user asked of the plan.

    Attributes:
        destroy: everything declared is to be absent.
        prune: delete what the declared projects have and the files do not name.
        targets: only these and what they need; empty means all.
        excludes: not these, nor what needs them.
        repeats: start these again although they satisfy.
        max_deletes: the number of deletes that the user allows.
    """

    destroy: bool = False
    prune: bool = False
    targets: tuple[Address, ...] = ()
    excludes: tuple[Address, ...] = ()
    repeats: tuple[Address, ...] = ()
    max_deletes: int | None = None


References: TypeAlias = Mapping[Address, Mapping[str, Address]]


def build_plan(
    desired: DesiredState, observed: ObservedState, options: PlanOptions | None = None
) -> Plan:
    """Return the actions that bring the hub from the observed to the desired state.

    The result depends on the arguments alone, down to the order of its bytes.
    """
    options = options or PlanOptions()
    references = refer(desired)
    standings = _assess_all(desired, observed, references, options)
    chosen = _choose(standings, references, options)
    actions = [action for one in chosen.values() for action in decide_actions(one)]
    actions += _implied_by(actions, standings, references)
    extra = list(_undeclared(desired, observed, standings, options))
    ordered = order_actions([*actions, *extra], {**_homes(extra, standings), **references})
    counts = {key: len(found) for key, found in observed.objects.items()}
    return Plan(
        hub=observed.hub,
        organization=observed.organization,
        organization_id=observed.organization_id,
        config_digest=desired.digest,
        actions=ordered,
        bindings={address: one.assessment.object for address, one in standings.items()},
        references=references,
        diagnostics=sort_diagnostics(_diagnose(chosen.values())),
        refusals=sort_diagnostics(check_guards(desired, ordered, counts, options.max_deletes)),
    )


def refer(desired: DesiredState) -> References:
    """Return address to role to the address that is referred to."""
    return {
        address: {
            role: Address(address.project, kind, name or address.project)
            for role, (kind, name) in kind_of(address.kind).references(declared.spec).items()
        }
        for address, declared in desired.resources.items()
    }


def _assess_all(
    desired: DesiredState, observed: ObservedState, references: References, options: PlanOptions
) -> dict[Address, Standing]:
    """Assess every declared resource after all that it refers to; return them in file order."""
    graph = {address: references[address].values() for address in desired.resources}
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for address in desired.resources:
        names[address.project, address.kind].add(address.name)
    index = _Index(observed)
    standings: dict[Address, Standing] = {}
    for address in TopologicalSorter(graph).static_order():
        declared = desired.resources.get(address)
        if declared is None:
            continue  # an unknown reference; what refers to it says so
        kind = kind_of(address.kind)
        refs = {role: standings.get(at) for role, at in references[address].items()}
        known = {role: one.assessment for role, one in refs.items() if one is not None}
        home_gone = any(one and one.kind.is_home and _is_gone(one) for one in refs.values())
        wanted = Wanted.ABSENT if options.destroy or home_gone else kind.wanted(declared.spec)
        if len(known) < len(refs):
            missing = next(at for role, at in references[address].items() if role not in known)
            assessment = Assessment(address.name, refusal=f"`{missing}` is not declared")
        else:
            found = index.find(address, kind, kind.lookup(declared.spec, known))
            reserved = frozenset(names[address.project, address.kind] - {address.name})
            scene = Scene(found, known, reserved, diff_settings)
            assessment = kind.assess(declared.spec, scene)
            if any(address.matches(one) for one in options.repeats):
                again = assessment.start or "asked for again"
                assessment = replace(assessment, start=again, pending=True)
        standings[address] = Standing(declared, kind, wanted, assessment)
    return {address: standings[address] for address in desired.resources}


def _is_gone(standing: Standing) -> bool:
    return standing.wanted is Wanted.ABSENT


class _Index:
    """Finds objects by the keys of their kind, so that planning stays linear."""

    def __init__(self, observed: ObservedState) -> None:
        self._observed = observed
        self._by_key: dict[tuple[str, str], dict[str, list[Any]]] = {}

    def find(self, address: Address, kind: Kind[Any, Any], keys: Iterable[str]) -> list[Any]:
        """Return the objects under any of the keys, each once, in the order of the hub."""
        place = (address.project, address.kind)
        if place not in self._by_key:
            by_key: dict[str, list[Any]] = defaultdict(list)
            for number, found in enumerate(self._observed.of(*place)):
                for key in kind.index_keys(found):
                    by_key[key].append((number, found))
            self._by_key[place] = by_key
        hits = {n: found for key in keys for n, found in self._by_key[place].get(key, ())}
        return [hits[number] for number in sorted(hits)]


def _choose(
    standings: Mapping[Address, Standing], references: References, options: PlanOptions
) -> dict[Address, Standing]:
    """Return what is left: targets with what they need, less excludes with what needs them."""
    chosen = set(standings)
    if options.targets:
        chosen = {at for at in standings if any(at.matches(one) for one in options.targets)}
        for address in reversed(list(TopologicalSorter(_graph(references)).static_order())):
            if address in chosen:
                chosen |= set(references.get(address, {}).values()) & standings.keys()
    if options.excludes:
        for address in TopologicalSorter(_graph(references)).static_order():
            needs = set(references.get(address, {}).values()) & standings.keys()
            named = any(address.matches(one) for one in options.excludes)
            if named or not needs <= chosen:
                chosen.discard(address)
    return {address: one for address, one in standings.items() if address in chosen}


def _graph(references: References) -> dict[Address, Iterable[Address]]:
    return {address: roles.values() for address, roles in references.items()}


def _implied_by(
    actions: Sequence[Action], standings: Mapping[Address, Standing], references: References
) -> Iterator[Action]:
    """Yield the starts that the actions imply, and the stops that make them undone afterwards."""
    started = {action.address for action in actions if action.verb is Verb.START}
    stopped = {action.address for action in actions if action.verb is Verb.STOP}
    for action in actions:
        roles = kind_of(action.address.kind).needs_active.get(action.verb, ())
        for needed in (references[action.address][role] for role in roles):
            standing = standings[needed]
            if standing.assessment.unready is None or needed in started:
                continue
            started.add(needed)
            yield start_action(standing, f"required by {action.address}")
            if standing.wanted is Wanted.STOPPED and needed not in stopped:
                yield stop_action(standing, "declared stopped")


def _undeclared(
    desired: DesiredState,
    observed: ObservedState,
    standings: Mapping[Address, Standing],
    options: PlanOptions,
) -> Iterator[Action]:
    """Yield the deletes of what the files do not name: pruned, or gone with its home."""
    owned: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for address, one in standings.items():
        owned[address.project, address.kind] |= {item.id for item in one.assessment.revisions}
    gone = {at.project for at, one in standings.items() if one.kind.is_home and _is_gone(one)}
    for project in desired.projects:
        if not (options.prune or project in gone):
            continue
        reason = f"goes with project.{project}" if project in gone else "not declared"
        for kind in (kind for kind in all_kinds().values() if not kind.is_home):
            for found in observed.of(project, kind.name):
                if found.id not in owned[project, kind.name]:
                    yield delete_undeclared(project, kind, found, reason)


def _homes(extra: Sequence[Action], standings: Mapping[Address, Standing]) -> References:
    """Return the references of undeclared objects: to their home, which they go before."""
    homes = {at.project: at for at, one in standings.items() if one.kind.is_home}
    return {action.address: {"home": homes[action.address.project]} for action in extra}


def _diagnose(chosen: Iterable[Standing]) -> Iterator[Diagnostic]:
    """Yield what is wrong or unknown about single resources."""
    for one in chosen:
        if _is_gone(one):
            continue
        texts = (
            (Severity.ERROR, one.assessment.refusal),
            (Severity.WARNING, one.assessment.caution),
        )
        for severity, text in texts:
            if text:
                yield Diagnostic(
                    severity,
                    "refused" if severity is Severity.ERROR else "unknown-content",
                    text,
                    span=one.declared.spans.get(""),
                    address=str(one.declared.address),
                )
