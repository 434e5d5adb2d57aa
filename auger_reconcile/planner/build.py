"""Build a plan from desired and observed state. Pure: no I/O, no clock, no randomness.

Read `decide` for the five-verb rule, `order` for what comes before what, `guards` for what is
refused. Here it is put together, in time linear in the number of resources.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError
from typing import Any, NamedTuple

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import Diagnostic, Severity, sort_diagnostics
from auger_reconcile.planner.decide import ResourceStatus, decide_actions, start_action, stop_action
from auger_reconcile.planner.diff import diff_settings
from auger_reconcile.planner.guards.check import (
    check_content,
    check_forgotten,
    check_guards,
    check_storage,
)
from auger_reconcile.planner.guards.protection import (
    change_protection,
    check_lock,
    check_undeclared,
)
from auger_reconcile.planner.index import Index
from auger_reconcile.planner.order import order_actions
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.planner.remove import (
    delete_old_revisions,
    delete_undeclared_objects,
    delete_what_hangs_on,
    find_forgotten,
    holder_references,
    unique_deletes,
)
from auger_reconcile.planner.targets import References, Scope, cover, resolve_scope
from auger_reconcile.resources._base import Assessment, Kind, Scene, Verb, Wanted
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources._spec import Spec
from auger_reconcile.resources.names.revisions import DeclaredNames
from auger_reconcile.resources.search.account import Notice
from auger_reconcile.state import UNCHANGED, DesiredState, ObservedState


class PlanOptions(NamedTuple):
    """What the user asked of the plan.

    Attributes:
        destroy: everything declared is to be absent.
        prune: delete what the declared projects have and the files do not name.
        targets: only these and what they need; empty means all.
        excludes: not these, nor what needs them.
        repeats: start or make these again although they satisfy.
        max_deletes: the number of deletes that the user allows.
    """

    destroy: bool = False
    prune: bool = False
    targets: tuple[Address, ...] = ()
    excludes: tuple[Address, ...] = ()
    repeats: tuple[Address, ...] = ()
    max_deletes: int | None = None

    @property
    def scope(self) -> Scope:
        """The part of the files that is planned."""
        return Scope(self.targets, self.excludes)


class _World(NamedTuple):
    """All that a plan is made of, at hand for what looks beyond single resources."""

    desired: DesiredState
    references: References
    statuses: Mapping[Address, ResourceStatus]
    objects: Index


def build_plan(
    desired: DesiredState, observed: ObservedState, options: PlanOptions | None = None
) -> Plan:
    """Return the actions that bring the hub from the observed to the desired state.

    The result depends on the arguments alone, down to the order of its bytes.
    """
    options = options or PlanOptions()
    references = refer(desired)
    index = Index(observed)
    statuses = _assess(desired, references, index, options)
    chosen = resolve_scope(statuses, references, options.scope)
    actions = [action for one in chosen.values() for action in decide_actions(one)]
    actions += _implied_by(actions, chosen, references)
    actions += _last_runs(actions, chosen, references)
    actions += _removals(actions, chosen, _World(desired, references, statuses, index), options)
    actions = list(unique_deletes(actions, statuses))
    actions += delete_what_hangs_on(actions, index)
    ordered = order_actions(actions, {**holder_references(actions, index, statuses), **references})
    counts = {key: len(found) for key, found in observed.objects.items()}
    guarded = check_guards(desired, ordered, counts, options.max_deletes)
    content = list(check_content(statuses, chosen))
    wrong = [item for item in content if item.severity is Severity.ERROR]
    odd = [item for item in content if item.severity is Severity.WARNING]
    is_removing = options.prune or options.destroy  # which is refused, where it hits them
    return Plan(
        hub=observed.hub,
        organization=observed.organization,
        organization_id=observed.organization_id,
        hub_id=observed.hub_id,
        config_digest=desired.digest,
        actions=ordered,
        bindings={address: one.assessment.object for address, one in statuses.items()},
        references=references,
        diagnostics=sort_diagnostics(
            [
                *_diagnose(chosen.values()),
                *odd,
                *check_forgotten(desired, index),
                *(() if is_removing else check_undeclared(desired, index, options.scope)),
                *check_storage(desired, ordered, observed.storage),
            ]
        ),
        refusals=sort_diagnostics(
            [*_faults(chosen.values()), *wrong, *guarded, *check_lock(desired, index)]
        ),
        coverage=cover(statuses, chosen),
        gates={
            at: one.assessment.gate
            for at, one in chosen.items()
            if one.assessment.gate and not _is_gone(one)
        },
        notices={at: told for at, one in chosen.items() if (told := _known_notices(one))},
        protection=UNCHANGED if options.destroy else change_protection(desired, chosen, index),
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


def assess(desired: DesiredState, index: Index) -> dict[Address, ResourceStatus]:
    """Assess every declared resource; return them in file order."""
    return _assess(desired, refer(desired), index, PlanOptions())


def _assess(
    desired: DesiredState, references: References, index: Index, options: PlanOptions
) -> dict[Address, ResourceStatus]:
    """Assess every declared resource after all that it refers to; return them in file order."""
    names, repeats = _declared_names(desired), options.repeats
    statuses: dict[Address, ResourceStatus] = {}
    for address in _needed_first(references):
        declared = desired.resources[address]
        kind = kind_of(address.kind)
        known: dict[str, Assessment] = {}
        homes: list[ResourceStatus] = []
        missing: Address | None = None
        for role, needed in references[address].items():
            if one := statuses.get(needed):
                known[role] = one.assessment
                if one.kind.is_home and _is_gone(one):
                    homes.append(one)
            else:
                missing = missing or needed
        wanted = Wanted.ABSENT if options.destroy or homes else kind.wanted(declared.spec)
        if missing:
            assessment = Assessment(address.name, refusal=f"`{missing}` is not declared")
        else:
            place = _Place(index, address, known, names[address.project, address.kind])
            again = bool(repeats) and any(address.matches(one) for one in repeats)
            assessment = _assess_one(declared.spec, kind, place, again=again)
        why = "declared absent"
        if options.destroy:
            why = "destroy was asked for"
        elif homes:
            why = f"goes with {homes[0].declared.address}"
        statuses[address] = ResourceStatus(declared, kind, wanted, assessment, why)
    return {address: statuses[address] for address in desired.resources}


class _Place(NamedTuple):
    """Where one resource is assessed: all of its scene but the objects."""

    objects: Index
    address: Address
    refs: Mapping[str, Assessment]
    names: DeclaredNames


def _assess_one(declared: Spec, kind: Kind[Any, Any], place: _Place, *, again: bool) -> Assessment:
    """Assess a resource under its name; where the hub has none, under one that it had before."""
    first: Assessment | None = None
    for name in (declared.name, *declared.formerly):
        spec = declared if first is None else declared.model_copy(update={"name": name})
        objects = place.objects.find(place.address.project, kind, kind.lookup(spec, place.refs))
        scene = Scene(objects, place.refs, place.names, diff_settings, place.objects.present)
        assessment = kind.assess(spec, scene)
        if again:
            assessment = kind.renew(spec, assessment, scene)
        if assessment.revisions:
            return assessment
        first = first or assessment
    assert first is not None
    return first


def _needed_first(references: References) -> Iterator[Address]:
    """Yield every address after all that it refers to, otherwise in the order of the files.

    Files name what is needed first, so that one pass does for most of them.
    """
    left: list[Address] = list(references)
    passed: set[Address] = set()
    while left:
        later: list[Address] = []
        for address in left:
            needed = references[address].values()
            if passed.issuperset(needed) or all(at in passed for at in needed if at in references):
                passed.add(address)
                yield address
            else:
                later.append(address)
        if len(later) == len(left):
            raise CycleError("resources that need each other", later)
        left = later


def _declared_names(desired: DesiredState) -> dict[tuple[str, str], DeclaredNames]:
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for address in desired.resources:
        names[address.project, address.kind].append(address.name)
    return {place: DeclaredNames(found) for place, found in names.items()}


def _is_gone(status: ResourceStatus) -> bool:
    return status.wanted is Wanted.ABSENT


def _known_notices(status: ResourceStatus) -> tuple[Notice, ...]:
    """Return what the hub has told of an object; what is made or started anew will have its own."""
    found = status.assessment.object
    if found is None or status.assessment.start or _is_gone(status):
        return ()
    return status.kind.notices(found)


def _implied_by(
    actions: Sequence[Action], statuses: Mapping[Address, ResourceStatus], references: References
) -> Iterator[Action]:
    """Yield the starts that the actions imply, and the stops that make them undone afterwards."""
    started = {action.address for action in actions if action.verb is Verb.START}
    stopped = {action.address for action in actions if action.verb is Verb.STOP}
    for action in actions:
        roles = kind_of(action.address.kind).needs_active.get(action.verb, ())
        for needed in (references[action.address][role] for role in roles):
            status = statuses[needed]
            if status.assessment.unready is not None and needed not in started:
                started.add(needed)
                yield start_action(status, f"required by {action.address}")
                if status.wanted is Wanted.STOPPED and needed not in stopped:
                    yield stop_action(status, "declared stopped")


def _removals(
    actions: Sequence[Action],
    chosen: Mapping[Address, ResourceStatus],
    world: _World,
    options: PlanOptions,
) -> list[Action]:
    """Return the deletes that no declared resource asks for."""
    gone = [at.project for at, one in chosen.items() if one.kind.is_home and _is_gone(one)]
    pruned = world.desired.projects if options.prune else ()
    extra = [
        action
        for action in delete_undeclared_objects(
            world.objects,
            world.statuses,
            pruned=pruned,
            gone=gone,
            spared=world.desired.spared,
        )
        if action.address.project in gone
        or (
            options.scope.covers_undeclared(action.address)
            and not find_forgotten(world.desired.forgotten, action.address, action.object)
        )
    ]
    if options.prune:
        history = world.desired.revision_history
        needed_first = {at: chosen[at] for at in _needed_first(world.references) if at in chosen}
        extra += delete_old_revisions(needed_first, [*actions, *extra], world.objects, history)
    return extra


def _last_runs(
    actions: Sequence[Action], chosen: Mapping[Address, ResourceStatus], references: References
) -> Iterator[Action]:
    """Yield the starts that wait for what is under way, where its home is about to stop."""
    touched = {(action.address, action.verb) for action in actions}
    for address, one in chosen.items():
        under_way = one.wanted is Wanted.STARTED and one.assessment.pending
        if not under_way or (address, Verb.START) in touched:
            continue
        for home in references[address].values():
            if chosen[home].kind.is_home and (home, Verb.STOP) in touched:
                yield start_action(one, f"has to end before {home} stops")


def _faults(chosen: Iterable[ResourceStatus]) -> Iterator[Diagnostic]:
    """Yield what cannot work and is known before anything is done."""
    for one in chosen:
        if one.assessment.fault and not _is_gone(one):
            yield _diagnostic(Severity.ERROR, "preflight", one.assessment.fault, one)


def _diagnose(chosen: Iterable[ResourceStatus]) -> Iterator[Diagnostic]:
    """Yield what is wrong or unknown about single resources."""
    for one in chosen:
        if one.assessment.refusal and not _is_gone(one):
            told = _diagnostic(Severity.ERROR, "refused", one.assessment.refusal, one)
            place = one.declared.spans.get(one.assessment.refusal_at)
            yield told._replace(span=place or told.span)
        if one.assessment.caution and not _is_gone(one):
            code = one.assessment.caution_code
            yield _diagnostic(Severity.WARNING, code, one.assessment.caution, one)
        if (one.assessment.create or one.assessment.start) and not _is_gone(one):
            for change in one.assessment.schema_changes:
                yield _diagnostic(Severity.WARNING, "schema-change", change, one)


def _diagnostic(severity: Severity, code: str, text: str, one: ResourceStatus) -> Diagnostic:
    span, address = one.declared.spans.get(""), str(one.declared.address)
    return Diagnostic(severity, code, text, span=span, address=address)
