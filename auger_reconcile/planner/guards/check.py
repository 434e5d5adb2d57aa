"""Check a plan against its guards: too many deletes, time budgets, what `removed` keeps.

Guards change nothing. What protects has a module of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import Diagnostic, Severity, nearest
from auger_reconcile.planner.decide import ResourceStatus
from auger_reconcile.planner.estimate import Estimate, add_up
from auger_reconcile.planner.guards.protection import check_protection
from auger_reconcile.planner.index import Index
from auger_reconcile.planner.plan import Action
from auger_reconcile.planner.remove import find_forgotten
from auger_reconcile.resources._base import Finding, Verb, Wanted
from auger_reconcile.resources._referring import referred_specs
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources._spec import Spec
from auger_reconcile.resources.files.source import describe_size
from auger_reconcile.state import Declared, DesiredState, Storage

MAX_DELETED_SHARE = 0.30
SHARE_APPLIES_FROM = 10  # below this many objects a share says little


def check_guards(
    desired: DesiredState,
    actions: Sequence[Action],
    counts: Mapping[tuple[str, str], int],
    max_deletes: int | None,
) -> Iterator[Diagnostic]:
    """Yield a diagnostic for every rule that the actions break.

    Args:
        desired: tells what is protected.
        actions: of the whole plan.
        counts: (project, kind) to the number of objects there.
        max_deletes: the number that the user allows; None leaves it to the share.
    """
    yield from check_protection(desired, actions)
    yield from _check_kept(desired, actions)
    yield from _check_budgets(desired, actions)
    if actions:
        yield from _check_branches(desired)
    deletes = [action for action in actions if action.verb is Verb.DELETE]
    if max_deletes is None:
        yield from _check_share(deletes, counts)
    elif len(deletes) > max_deletes:
        yield _refusal(
            "too-many-deletes",
            "the plan deletes more than was allowed",
            f"{len(deletes)} deletes, `--max-deletes {max_deletes}`",
        )


def check_storage(
    desired: DesiredState, actions: Sequence[Action], storage: Storage | None
) -> Iterator[Diagnostic]:
    """Yield a warning when the uploads of a plan are more than the organization may store."""
    if storage is None:
        return
    made = [one.address for one in actions if one.verb is Verb.CREATE]
    specs = [
        (kind_of(at.kind), desired.resources[at].spec) for at in made if at in desired.resources
    ]
    size = sum(kind.uploads(spec) for kind, spec in specs)
    if size and storage.used + size > storage.most:
        used, most = describe_size(storage.used), describe_size(storage.most)
        yield Diagnostic(
            Severity.WARNING,
            "storage-quota",
            "what the plan uploads is more than the organization may store",
            label=f"{describe_size(size)} to upload, {used} of {most} are used",
            hint="the hub refuses what does not fit: delete data sets, models or exports that are "
            "not needed, or let an operator of the hub raise the limit",
        )


def _check_kept(desired: DesiredState, actions: Sequence[Action]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for every delete of what `removed` leaves on the hub.

    A prune leaves it out; but it may go with something else, which is deleted. With its project
    everything goes.
    """
    if not desired.forgotten:
        return
    deletes = [action for action in actions if action.verb is Verb.DELETE]
    gone = {action.address.project for action in deletes if kind_of(action.address.kind).is_home}
    for action in deletes:
        at = find_forgotten(desired.forgotten, action.address, action.object)
        if at is None or at.project in gone:
            continue
        yield Diagnostic(
            Severity.ERROR,
            "removed-deleted",
            "the plan would delete what `removed` leaves on the hub",
            span=desired.forgotten_at.get(at),
            label=f"{action.name} {action.reason}",
            hint="`removed` can list that as well, or no longer this",
            address=str(at),
        )


def check_forgotten(desired: DesiredState, objects: Index) -> Iterator[Diagnostic]:
    """Yield a warning for everything that `removed` lists and the hub does not have.

    It may have been deleted since: the entry may stay then. A misspelt one leaves nothing alone.
    """
    if not desired.forgotten:
        return
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for at in desired.resources:
        names[at.project, at.kind].add(at.name)
    for at in sorted(desired.forgotten):
        if objects.bears(at):
            continue
        there = objects.objects(at.project, at.kind)
        known = {*names[at.project, at.kind], *(found.name for found in there if found.name)}
        near = nearest(at.name, known)
        yield Diagnostic(
            Severity.WARNING,
            "unknown-removed",
            "`removed` lists what the hub does not have",
            span=desired.forgotten_at.get(at),
            label=f"`{at}`",
            hint=f"there is `{at.kind}.{near}`" if near else "an entry that was deleted may go",
            address=str(at),
        )


def check_content(
    statuses: Mapping[Address, ResourceStatus], chosen: Mapping[Address, ResourceStatus]
) -> Iterator[Diagnostic]:
    """Yield what is wrong with declarations by what the hub knows of data, and no local file told.

    Whom declarations affect outside of the project is told in the plan alone, which people review.

    Args:
        statuses: of everything that is declared.
        chosen: of what is planned.
    """
    declared = {at: one.declared.spec for at, one in statuses.items()}
    informed = {
        at: told
        for at, one in statuses.items()
        if one.assessment.object is not None
        and (told := one.kind.informed(declared[at], one.assessment.object)) is not declared[at]
    }
    known = {**declared, **informed}
    for at, one in chosen.items():
        if one.wanted is Wanted.ABSENT:
            continue
        found = list(one.kind.check(known[at], _refs(at, known))) if informed else []
        told_before = set(one.kind.check(declared[at], _refs(at, declared))) if found else ()
        for finding in found:
            if finding not in told_before and not (finding.is_error and one.assessment.fault):
                yield _found(finding, one.declared)
        for finding in one.kind.affected(known[at], partial(_refs, at, known)):
            yield _found(finding, one.declared)


def _refs(at: Address, specs: Mapping[Address, Spec]) -> dict[str, Spec]:
    def find(kind: str, name: str) -> Spec | None:
        return specs.get(Address(at.project, kind, name))

    return referred_specs(at.kind, specs[at], find)


def _found(finding: Finding, declared: Declared) -> Diagnostic:
    path = ".".join(map(str, finding.path))
    return Diagnostic(
        Severity.ERROR if finding.is_error else Severity.WARNING,
        finding.code,
        finding.summary,
        span=declared.spans.get(path) or declared.spans.get(""),
        label=finding.label,
        hint=finding.hint,
        address=str(declared.address),
    )


def _check_budgets(desired: DesiredState, actions: Sequence[Action]) -> Iterator[Diagnostic]:
    estimates: dict[str, list[Estimate]] = defaultdict(list)
    for action in actions:
        if action.estimate:
            estimates[action.address.project].append(action.estimate)
    for address, declared in desired.resources.items():
        budget = vars(declared.spec).get("budget_minutes")
        if budget is None:
            continue
        runs = add_up(estimates[address.project])
        if runs is None or runs.expected <= budget * 60:
            continue
        unknown = f", {runs.unknown} unknown" if runs.unknown else ""
        yield Diagnostic(
            Severity.ERROR,
            "over-budget",
            "the runs of the plan take longer than the project may spend",
            span=declared.spans.get("budget_minutes") or declared.spans.get(""),
            label=f"{runs.expected / 60:.0f} min{unknown}, allowed are {budget}",
            hint="a run that nothing is known of counts with its `max_total_time`",
            address=str(address),
        )


def _check_branches(desired: DesiredState) -> Iterator[Diagnostic]:
    for branch in desired.branches:
        if branch.here != branch.wanted:
            here = f"`{branch.here}`" if branch.here else "on no branch that is known"
            yield Diagnostic(
                Severity.ERROR,
                "protected-branch",
                "the checkout is on another branch than the plan may be made from",
                span=branch.span,
                label=f"this is {here}, allowed is `{branch.wanted}`",
                hint="the change is merged first, or `protected_branch` is removed",
            )


def _check_share(
    deletes: Sequence[Action], counts: Mapping[tuple[str, str], int]
) -> Iterator[Diagnostic]:
    # A replaced object has a successor, so the project does not shrink by it.
    lost = [action for action in deletes if action.replacement is None]
    gone = Counter((action.address.project, action.address.kind) for action in lost)
    for (project, kind), number in sorted(gone.items()):
        total = counts[project, kind]
        if total >= SHARE_APPLIES_FROM and number > total * MAX_DELETED_SHARE:
            yield _refusal(
                "too-many-deletes",
                f"the plan deletes more than {MAX_DELETED_SHARE:.0%} of what a project has",
                f"{number} of {total} {kind_of(kind).plural} of `{project}`",
                f"`--max-deletes {len(deletes)}` allows it",
            )


def _refusal(code: str, summary: str, label: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, summary, label=label, hint=hint)
