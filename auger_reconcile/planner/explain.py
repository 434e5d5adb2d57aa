"""Explain a plan: the chain from a line of the file to the hub. Pure.

Everything was decided by `build_plan`; here it is only told, one link for each resource that the
explained one needs, its own link last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import Diagnostic, SourceSpan
from auger_reconcile.planner.build import assess, build_plan
from auger_reconcile.planner.index import Index
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import Verb
from auger_reconcile.resources.gates.gate import Decision
from auger_reconcile.state import DesiredState, ObservedState

FORMAT_VERSION = "1.0"


@dataclass(frozen=True)
class Link:
    """One resource of the chain.

    Attributes:
        span: where it is declared; None when the place is not known.
        facts: of the declaration and of the object it stands for, by name.
        actions: what the plan does to it.
        problems: what is wrong with it or unknown.
        gate: what its gate says, where it has one.
    """

    address: Address
    span: SourceSpan | None
    facts: Mapping[str, str]
    actions: tuple[Action, ...]
    problems: tuple[Diagnostic, ...] = ()
    gate: Decision | None = None


@dataclass(frozen=True)
class Explanation:
    """The chain of one resource, what is needed first."""

    address: Address
    links: tuple[Link, ...]

    @property
    def last(self) -> Link:
        """The link of the explained resource itself."""
        return self.links[-1]

    @property
    def cause(self) -> Link | None:
        """The first link that changes by itself; None when it is the last, or nothing changes.

        A cluster that is only started for the work of others is no cause.
        """
        for link in self.links[:-1]:
            if self.last.actions and any(not _is_for_others(action) for action in link.actions):
                return link
        return None


def explain(desired: DesiredState, observed: ObservedState, address: Address) -> Explanation:
    """Return why a declared resource would be created, started or replaced, or why not."""
    plan = build_plan(desired, observed)
    statuses = assess(desired, Index(observed))
    links = []
    for at in _chain(plan, address):
        declared, one = desired.resources[at], statuses[at]
        found = one.assessment.object or next(iter(reversed(one.assessment.revisions)), None)
        links.append(
            Link(
                at,
                declared.spans.get(""),
                one.kind.facts(declared.spec, found),
                tuple(action for action in plan.actions if action.address == at),
                tuple(item for item in plan.diagnostics if item.address == str(at)),
                plan.gates.get(at),
            )
        )
    return Explanation(address, tuple(links))


def _chain(plan: Plan, address: Address) -> list[Address]:
    """Return what a resource needs, directly or not, each before what needs it; itself last."""
    needed = [address]
    for at in needed:  # grows on the way
        needed += plan.references.get(at, {}).values()
    graph = {at: roles.values() for at, roles in plan.references.items() if at in needed}
    return [at for at in TopologicalSorter(graph).static_order() if at in plan.references]


def _is_for_others(action: Action) -> bool:
    return action.verb is Verb.START and action.reason.startswith("required by")


def to_document(explanation: Explanation) -> dict[str, Any]:
    """Return the JSON form."""
    cause = explanation.cause
    return {
        "format_version": FORMAT_VERSION,
        "address": str(explanation.address),
        "project": explanation.address.project,
        "cause": str(cause.address) if cause else None,
        "chain": [_to_document(link) for link in explanation.links],
    }


def _to_document(link: Link) -> dict[str, Any]:
    span = link.span
    return {
        "address": str(link.address),
        "place": span and {"file": span.path, "line": span.line, "column": span.column},
        "facts": dict(link.facts),
        "actions": [
            {
                "action": action.verb.value,
                "name": action.name,
                "reason": action.reason,
                "changes": [change._asdict() for change in action.changes],
            }
            for action in link.actions
        ],
        "gate": link.gate.to_json() if link.gate else None,
        "diagnostics": [item.to_json() for item in link.problems],
    }
