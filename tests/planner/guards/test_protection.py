"""What is protected, where a case of `cases/protection.yaml` cannot say it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from laws.declared import declare

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import SourceSpan
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.plan import Plan
from auger_reconcile.planner.saved.document import declaration_of, options_of, plan_of, to_saved
from auger_reconcile.planner.saved.stale import still_fitting
from auger_reconcile.state import UNCHANGED, DesiredState, ProtectionChange
from tests.planner.observed import observe, placed

KEPT, FREE = (Address("shop", "dataset", f"{name}.csv") for name in ("kept", "free"))
FILE = {
    "name": "shop",
    "datasets": {
        "kept.csv": {"content": "x", "lifecycle": {"prevent_destroy": True}},
        "free.csv": {"content": "y"},
    },
}
HUB: dict[str, Any] = {
    "project": {},
    "files": [
        {"id": 11, "name": "kept.csv", "content": "x"},
        {"id": 12, "name": "free.csv", "content": "y"},
    ],
}


def desired(*protected: Address, **told: Any) -> DesiredState:
    return replace(declare(FILE), protected=frozenset(protected), keeps_lock=True, **told)


def plan(state: DesiredState) -> Plan:
    return build_plan(state, observe(HUB))


def test_a_plan_that_only_protects_is_not_empty() -> None:
    assert not plan(desired()).actions
    assert not plan(desired()).is_empty
    assert plan(desired(KEPT)).is_empty


def test_a_state_that_no_files_declare_protects_nothing() -> None:
    assert plan(replace(desired(FREE), keeps_lock=False)).protection == UNCHANGED


def test_what_another_environment_lists_is_not_released_here() -> None:
    elsewhere = desired(KEPT, FREE, locked_elsewhere=frozenset({KEPT, FREE}))
    assert plan(elsewhere).protection == ProtectionChange((KEPT,))


def test_a_plan_is_printed_with_what_it_protects_and_releases() -> None:
    told = plan(desired(FREE))
    sentences = "Protected: shop/dataset.kept.csv.\nNo longer protected: shop/dataset.free.csv."
    assert sentences in str(told)
    assert "No longer protected: shop/dataset.free.csv." in told._repr_html_()


def test_its_document_tells_it_there_and_back() -> None:
    state = desired(FREE)
    saved = json.loads(json.dumps(to_saved(plan(state), state, PlanOptions())))
    assert saved["protection"] == {
        "protects": ["shop/dataset.kept.csv"],
        "releases": ["shop/dataset.free.csv"],
    }
    assert plan_of(saved).protection == ProtectionChange((KEPT,), (FREE,))


def carry_over(before: DesiredState, *protected: Address) -> Plan:
    """Save a plan, and ask for the plan that carries it out beside another lock file."""
    saved = json.loads(json.dumps(to_saved(plan(before), before, PlanOptions())))
    later = replace(declaration_of(saved), protected=frozenset(protected))
    now = build_plan(later, observe(HUB), options_of(saved))
    return still_fitting(saved, now, observe(HUB))


def test_a_saved_plan_protects_and_releases_what_it_told() -> None:
    assert carry_over(desired(FREE), FREE).protection == ProtectionChange((KEPT,), (FREE,))


def test_a_saved_plan_releases_nothing_that_was_protected_since() -> None:
    assert carry_over(desired(), FREE).protection == ProtectionChange((KEPT,))


def test_a_saved_plan_of_an_older_version_changes_no_protection() -> None:
    state = desired(FREE)
    saved = to_saved(plan(state), state, PlanOptions())
    older = {name: value for name, value in saved.items() if name != "protection"}
    assert still_fitting(older, plan(state), observe(HUB)).protection == UNCHANGED
    assert plan_of(older).protection == UNCHANGED


def test_the_refusal_of_a_renamed_one_shows_where_that_is_declared() -> None:
    renamed = {**FILE, "datasets": {"new.csv": {**FILE["datasets"]["kept.csv"]}}}  # type: ignore[index]
    renamed["datasets"]["new.csv"]["formerly"] = ["kept.csv"]
    both = {**HUB, "files": [*HUB["files"], {"id": 13, "name": "new.csv", "content": "x"}]}
    state = placed(declare(renamed))
    (told, *_) = build_plan(state, observe(both), PlanOptions(prune=True)).refusals
    assert (told.code, told.label) == ("prevent-destroy", "kept.csv")
    assert told.span == SourceSpan("auger.yaml", 4, 5)
    assert str(told.hint).startswith("`prevent_destroy` of `dataset.new.csv`, which was it,")
