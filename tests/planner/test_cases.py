"""Desired + observed -> plan, as data: every file of `cases` holds cases of one topic.

A case says everything that its plan does, one line an action, in the order of the plan:

    verb address [as name] [replacement]: reason [<- addresses and verbs it waits for]

`waits` is given where the order matters to the case; targets and excludes are addresses.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from laws.declared import addresses, declare

from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.plan import Action, Plan

from .observed import observe

CASES = Path(__file__).with_name("cases")
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is built in


def read_cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        for case in yaml.load(path.read_text(encoding="utf-8"), LOADER):
            yield pytest.param(case, id=f"{path.stem}: {case['case']}")


ALL = list(read_cases())


def having(name: str) -> list[Any]:
    return [case for case in ALL if name in case.values[0]]


def build(case: dict[str, Any]) -> Plan:
    told = dict(case.get("options", {}))
    for name in ("targets", "excludes", "repeats"):
        told[name] = addresses(told.get(name, ()))
    desired = declare({"name": "shop", **(case.get("desired") or {})})
    protected = [at._replace(project="shop") for at in addresses(case.get("protected", ()))]
    spared = frozenset(("shop", kind) for kind in case.get("spared", ()))
    forgotten = [at._replace(project="shop") for at in addresses(case.get("forgotten", ()))]
    desired = replace(
        desired,
        protected=frozenset(protected),
        keeps_lock="lock" in case,
        spared=spared,
        forgotten=frozenset(forgotten),
    )
    return build_plan(desired, observe(case.get("observed") or {}), PlanOptions(**told))


@pytest.mark.parametrize("case", ALL)
def test_plan_is(case: dict[str, Any]) -> None:
    plan = build(case)
    assert [describe(action) for action in plan.actions] == (case.get("plan") or [])
    said = [f"{item.address}: {item.summary}" for item in plan.diagnostics]
    assert said == (case.get("says") or [])
    refused = [f"{item.address or item.label}: {item.code}" for item in plan.refusals]
    assert refused == (case.get("refused") or [])


@pytest.mark.parametrize("case", having("lock"))
def test_an_apply_protects_and_releases(case: dict[str, Any]) -> None:
    change = build(case).protection
    told = {"protects": change.protects, "releases": change.releases}
    assert {what: [str(at) for at in all_of] for what, all_of in told.items() if all_of} == (
        case["lock"]
    )


@pytest.mark.parametrize("case", having("waits"))
def test_order_is(case: dict[str, Any]) -> None:
    short = {action.id: shorten(action) for action in build(case).actions}
    waits = {short[a.id]: [short[i] for i in a.depends_on] for a in build(case).actions}
    assert {name: waits[name] for name in case["waits"]} == case["waits"]


@pytest.mark.parametrize("case", having("changes"))
def test_changes_are(case: dict[str, Any]) -> None:
    changes = [change for action in build(case).actions for change in action.changes]
    assert [f"{c.path}: {c.before} -> {c.after}" for c in changes] == case["changes"]


@pytest.mark.parametrize("case", having("details"))
def test_details_are(case: dict[str, Any]) -> None:
    details = {shorten(action): action.detail for action in build(case).actions}
    assert {name: details[name] for name in case["details"]} == case["details"]


@pytest.mark.parametrize("case", having("loss"))
def test_loss_is(case: dict[str, Any]) -> None:
    losses = {shorten(action): action.loss.value for action in build(case).actions}
    assert {name: losses[name] for name in case["loss"]} == case["loss"]


def shorten(action: Action) -> str:
    named = f" {action.object.id}" if action.verb.value == "delete" else ""
    return f"{action.verb.value} {action.address}{named}"


def describe(action: Action) -> str:
    other = f" as {action.name}" if action.name != action.address.name else ""
    kind = f" {action.replacement.value}" if action.replacement else ""
    return f"{shorten(action)}{other}{kind}: {action.reason}"
