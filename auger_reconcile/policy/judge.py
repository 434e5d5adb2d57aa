"""Judge a plan by rules: the stage between planner and applier. Changes no action.

A rule that cannot be evaluated denies: what it would have said is not known.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from auger_reconcile.diagnostics import Diagnostic, Severity
from auger_reconcile.planner.plan import Effect, Objection, Plan, summary
from auger_reconcile.planner.saved.document import NOT_SHOWN, to_document
from auger_reconcile.policy.rule import Facts, Rule, RuleFailed
from auger_reconcile.resources._spec import Spec
from auger_reconcile.state import DesiredState

_LARGEST_COUNTED = 200_000_000  # bytes of a table whose rows are counted for a rule


def gather_facts(plan: Plan, desired: DesiredState, *, env: str | None, now: datetime) -> Facts:
    """Return what rules are shown of a plan."""
    return Facts(to_document(plan), list(_resources(plan, desired)), env or "", now)


def _resources(plan: Plan, desired: DesiredState) -> Iterator[Mapping[str, Any]]:
    for address, declared in desired.resources.items():
        found = plan.bindings.get(address)
        yield {
            "address": str(address),
            "project": address.project,
            "kind": address.kind,
            "name": address.name,
            "spec": declared.spec.model_dump(mode="json", exclude=NOT_SHOWN, exclude_none=True),
            "object": None if found is None else summary(found),
            **_table(declared.spec, found),
        }


def _table(spec: Spec, found: Any) -> Mapping[str, Any]:
    """Return columns and rows of what is data: of the file where it is here, else of the hub."""
    header, path = getattr(spec, "header", None), getattr(spec, "path", None)
    known = [name for name, _ in getattr(found, "columns", ())]
    rows = _count_rows(Path(path)) if path and header else None
    if rows is None:
        rows = (getattr(found, "statistics", None) or {}).get("count")
    return {"columns": list(header or known), "rows": rows}


def _count_rows(path: Path) -> int | None:
    """Return the rows below the header of a local CSV file; None when it is no such file."""
    try:
        if path.suffix.lower() != ".csv" or path.stat().st_size > _LARGEST_COUNTED:
            return None
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            return max(sum(1 for row in csv.reader(file) if row) - 1, 0)
    except (OSError, csv.Error):
        return None


def judge(
    plan: Plan, rules: Sequence[Rule], scene: Facts, *, approved: Collection[str] = ()
) -> Plan:
    """Return the plan with what the rules object to.

    Args:
        plan: is not changed but for what is said of it.
        rules: are all evaluated.
        scene: of the plan.
        approved: names of the rules whose approval was given.
    """
    objections = tuple(
        objection for rule in rules for objection in _objections(rule, scene, approved)
    )
    denied = [to_diagnostic(one) for one in objections if one.effect is Effect.DENY]
    others = [to_diagnostic(one) for one in objections if one.effect is not Effect.DENY]
    return replace(
        plan,
        objections=objections,
        refusals=(*plan.refusals, *denied),
        diagnostics=(*plan.diagnostics, *others),
    )


def _objections(rule: Rule, scene: Facts, approved: Collection[str]) -> Iterator[Objection]:
    try:
        for breach in rule.find(scene):
            yield Objection(
                rule.name,
                rule.effect,
                breach.message,
                breach.address or None,
                span=rule.span,
                hint=rule.hint,
                is_approved=rule.name in approved,
            )
    except RuleFailed as error:
        told = f"the policy cannot be evaluated: {error}"
        yield Objection(rule.name, Effect.DENY, told, span=rule.span)


def to_diagnostic(objection: Objection) -> Diagnostic:
    """Return an objection as plans show it."""
    name = objection.policy
    match objection.effect:
        case Effect.DENY:
            severity, told, hint = Severity.ERROR, f"policy `{name}` denies this", None
        case Effect.WARN:
            severity, told, hint = Severity.WARNING, f"policy `{name}`", None
        case Effect.REQUIRE_APPROVAL:
            severity, told = Severity.WARNING, f"policy `{name}` requires approval"
            hint = f"auger apply --approve {name}"
            if objection.is_approved:
                told, hint = f"policy `{name}` required approval, which was given", None
    hints = "\n".join(text for text in (objection.hint, hint) if text)
    label = objection.message
    address = objection.address
    if address and not label.startswith(address):
        label = f"{address}: {label}"
    return Diagnostic(
        severity, "policy", told, objection.span, label=label, hint=hints or None, address=address
    )
