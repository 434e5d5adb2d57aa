"""The JSON form of plans: member by member, there and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from laws.declared import addresses, content_hash, declare

from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.plan import Plan
from auger_reconcile.planner.saved.document import (
    declaration_of,
    options_of,
    plan_of,
    to_document,
    to_saved,
)
from auger_reconcile.planner.saved.saved_plan_schema import check_saved_plan
from tests.planner.observed import observe, placed
from tests.planner.test_build import ALL, DOCUMENT, OBSERVED

REFUSED = {
    "name": "shop",
    "datasets": {"d.csv": {"content": "x"}, "far.csv": {}},
    "models": {"prod": {"trial": "T1", "state": "absent", "lifecycle": {"prevent_destroy": True}}},
}
HUB: dict[str, Any] = {
    "project": {"status": "running"},
    "pipelines": [{"trial": "T1", "run": "R1", "score": 0.9}],
}


def plan(options: PlanOptions | None = None) -> Plan:
    """Plan what has a replacement, an estimate, changes and unknowns in it."""
    return build_plan(declare(DOCUMENT), observe(OBSERVED), options)


def told_again(made: Plan) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(to_document(made)))
    return document


def test_the_document_of_a_plan() -> None:
    made = build_plan(placed(declare(REFUSED)), observe(HUB))
    document = told_again(made)
    actions = document.pop("actions")
    assert [one["id"] for one in actions] == [
        "create:shop/dataset.d.csv",
        "delete:shop/model.prod:T1",
    ]
    assert document == {
        "format_version": "1.0",
        "hub": "https://hub.test",
        "organization": "acme",
        "config_digest": "d",
        "summary": {"create": 1, "start": 0, "stop": 0, "delete": 1, "select": 0},
        "not_looked_at": [],
        "not_compared": [],
        "estimate": None,
        "gates": [],
        "policies": [],
        "notices": [],
        "protection": {"protects": [], "releases": []},
        "diagnostics": [
            {
                "severity": "error",
                "code": "refused",
                "summary": "it is not on the hub, and no source to make it from is declared",
                "address": "dataset.far.csv",
                "place": {"file": "auger.yaml", "line": 5, "column": 5},
            },
            {
                "severity": "error",
                "code": "prevent-destroy",
                "summary": "the plan would delete a protected resource",
                "address": "model.prod",
                "label": "T1",
                "hint": "`lifecycle.prevent_destroy` has to be removed, and applied, before",
                "place": {"file": "auger.yaml", "line": 6, "column": 5},
            },
        ],
    }


def test_the_document_of_a_create() -> None:
    create, _ = told_again(build_plan(declare(REFUSED), observe(HUB)))["actions"]
    assert create == {
        "id": "create:shop/dataset.d.csv",
        "address": "dataset.d.csv",
        "project": "shop",
        "kind": "dataset",
        "name": "d.csv",
        "action": "create",
        "replacement": None,
        "detail": create["detail"],
        "reason": "does not exist",
        "depends_on": [],
        "before": None,
        "after": {
            "name": "d.csv",
            "source": "x.csv",
            "columns": {},
            "missing": [],
            "on_schema_change": "warn",
            "ignore_line_ends": False,
            "sha256": content_hash("x"),
            "size": 1,
            "state": "present",
            "lifecycle": create["after"]["lifecycle"],
        },
        "after_unknown": [],
        "changes": [],
        "loss": "none",
        "estimate": None,
        "observed_fingerprint": None,
    }


def test_the_document_of_a_delete() -> None:
    made = build_plan(declare(REFUSED), observe(HUB))
    _, delete = told_again(made)["actions"]
    assert delete["before"]["trial_id"] == "T1"
    assert delete["after"] is None
    assert delete["loss"] == "traffic"
    assert delete["observed_fingerprint"] == made.actions[1].fingerprint


def test_what_is_said_of_a_revision_is_its_own_name() -> None:
    create = next(one for one in told_again(plan())["actions"] if one["name"] == "d1-1.csv")
    assert (create["address"], create["after"]["name"]) == ("dataset.d1.csv", "d1-1.csv")


def test_a_replacement_is_told() -> None:
    told = {one["id"]: one["replacement"] for one in told_again(plan())["actions"]}
    assert told["create:shop/model.m1"] == "+/-"
    assert told["create:shop/dataset.d1.csv"] is None


def test_a_plan_is_read_back_as_far_as_it_can_be_shown() -> None:
    made = build_plan(placed(declare(DOCUMENT)), observe(OBSERVED), ALL)
    known = {"spec": None, "object": None, "replaces": (), "previous": None}
    assert plan_of(told_again(made)) == replace(
        made,
        organization_id=None,
        actions=tuple(replace(action, **known) for action in made.actions),
        bindings={},
        references={},
        diagnostics=(*made.diagnostics, *made.refusals),
        refusals=(),
    )


def test_what_was_wrong_is_read_back_with_its_place() -> None:
    made = build_plan(placed(declare(REFUSED)), observe(HUB))
    read = plan_of(told_again(made)).diagnostics
    assert read == (*made.diagnostics, *made.refusals)


def test_a_saved_plan_carries_all_that_it_was_made_of() -> None:
    protected = frozenset(address._replace(project="shop") for address in addresses(["model.m9"]))
    desired = replace(
        declare({**DOCUMENT, "revision_history": 2}),
        hub="local",
        credentials="keys",
        protected=protected,
        locked_elsewhere=protected,
        keeps_lock=True,
        spared=frozenset({("shop", "model"), ("shop", "dataset")}),
    )
    options = PlanOptions(
        prune=True,
        targets=addresses(["shop/model.m1"]),
        excludes=addresses(["shop/model.m2"]),
        repeats=addresses(["shop/model.m3"]),
        max_deletes=3,
    )
    saved = to_saved(build_plan(desired, observe(OBSERVED), options), desired, options)
    assert json.loads(json.dumps(saved)) == saved
    assert declaration_of(saved) == desired
    assert options_of(saved) == options


def test_a_saved_plan_knows_addresses_that_were_given_without_a_project() -> None:
    options = PlanOptions(targets=addresses(["model.m1"]), repeats=addresses(["model.m3"]))
    desired = declare(DOCUMENT)
    saved = to_saved(build_plan(desired, observe(OBSERVED), options), desired, options)
    assert saved["options"]["targets"] == ["model.m1"]
    assert options_of(saved) == options
    saved["options"]["targets"] = ["/model.m1"]  # as an older version wrote it
    assert options_of(saved) == options


def test_a_saved_plan_knows_that_it_was_refused() -> None:
    desired, calm = declare(REFUSED), declare(DOCUMENT)
    assert to_saved(build_plan(desired, observe(HUB)), desired, PlanOptions())["refused"] is True
    assert to_saved(plan(), calm, PlanOptions())["refused"] is False


def test_a_plan_that_was_of_an_older_version_protects_and_spares_nothing() -> None:
    desired = declare(DOCUMENT)
    saved = to_saved(plan(), desired, PlanOptions())
    del saved["declaration"]["protected"], saved["declaration"]["spared"]
    read = declaration_of(saved)
    assert read.protected == read.spared == frozenset()


def test_a_saved_plan_of_what_is_not_declared_needs_only_what_it_touches() -> None:
    desired, options = declare({"name": "shop"}), PlanOptions(prune=True)
    saved = to_saved(build_plan(desired, observe(OBSERVED), options), desired, options)
    assert saved["actions"]
    assert saved["needed"] == []


def test_a_saved_plan_knows_what_was_renamed_and_what_is_forgotten() -> None:
    desired = declare({"name": "shop", "datasets": {"new.csv": {"formerly": ["old.csv"]}}})
    desired = replace(desired, forgotten=frozenset(desired.resources))
    made = build_plan(desired, observe(HUB))
    saved = json.loads(json.dumps(to_saved(made, desired, PlanOptions())))
    check_saved_plan(saved)
    again = declaration_of(saved)
    assert again.forgotten == desired.forgotten
    assert [one.spec.formerly for one in again.resources.values()] == [(), ("old.csv",)]
    del saved["declaration"]["forgotten"]  # as one of an older version is
    assert declaration_of(saved).forgotten == frozenset()
