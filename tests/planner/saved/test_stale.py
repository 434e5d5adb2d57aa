"""A saved plan and a hub that has moved since: refused for what it touches, not for the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from laws.declared import declare

from auger_reconcile.errors import StalePlan
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.plan import Plan
from auger_reconcile.planner.saved.document import declaration_of, options_of, plan_of, to_saved
from auger_reconcile.planner.saved.stale import _difference, still_fitting
from tests.planner.observed import observe

FOREIGN = {"id": 7, "name": "d.csv", "content": "y"}
Change = Callable[[dict[str, Any]], Any]
SIZE = {"worker_type_id": 1, "workers_count": 2, "min_workers_count": 1}
FILE = {
    "name": "shop",
    "cluster": {"type": "standard", "min_nodes": 1, "max_nodes": 4},
    "datasets": {"d.csv": {"content": "x"}, "old.csv": {"content": "y", "state": "absent"}},
    "experiments": {
        "exp": {"dataset": "d.csv", "max_n_trials": 20},
        "gone": {"dataset": "d.csv", "state": "absent"},
    },
    "models": {"prod": {"experiment": "exp", "monitor": {"segments": ["a", "b"]}}},
}
HUB: dict[str, Any] = {
    "project": {"status": "running", **SIZE},
    "files": [
        {"id": 11, "name": "d.csv", "content": "x"},
        {"id": 12, "name": "old.csv", "content": "y"},
        {"id": 13, "name": "other.csv", "content": "z"},
    ],
    "experiments": [
        {"id": "E1", "name": "exp", "file": 11},
        {"id": "E2", "name": "gone", "file": 11},
        {"id": "E3", "name": "other", "file": 13},
    ],
    "runs": [
        {"id": "R1", "of": "E1", "score": 0.9, "settings": {"max_n_trials": 5}},
        {"id": "R3", "of": "E3", "score": 0.5},
    ],
    "pipelines": [
        {"trial": "T1", "run": "R1", "score": 0.9, "monitor": {"drift": {"alert": 0.25}}},
        {"trial": "T3", "run": "R3", "score": 0.5, "name": "by hand"},
    ],
}


def carry_over(change: Change) -> Plan:
    """Save a plan, let the hub change, and ask for the plan that carries the saved one out."""
    desired, options = declare(FILE), PlanOptions()
    plan = build_plan(desired, observe(HUB), options)
    document = json.loads(json.dumps(to_saved(plan, desired, options)))
    later = deepcopy(HUB)
    change(later)
    observed = observe(later)
    now = build_plan(declaration_of(document), observed, options_of(document))
    return still_fitting(document, now, observed)


def test_it_is_carried_out_while_nothing_has_moved() -> None:
    planned = build_plan(declare(FILE), observe(HUB))

    assert carry_over(lambda hub: None).actions == planned.actions


TOUCHED: dict[str, tuple[Change, str]] = {
    "the project is stopped": (lambda h: h["project"].update(status="undeployed"), "project"),
    "the cluster is resized": (lambda h: h["project"].update(workers_count=3), "project"),
    "the project is gone": (lambda h: h.pop("project"), "project"),
    "the data set is gone": (lambda h: h["files"].pop(0), "dataset"),
    "the data set has failed": (
        lambda h: h["files"][0].update(status="processed_with_error"),
        "dataset",
    ),
    "what is to go is gone": (lambda h: h["files"].pop(1), "dataset"),
    "what is to go is renamed": (lambda h: h["files"][1].update(name="old-7.csv"), "dataset"),
    "what is to go fails": (
        lambda h: h["files"][1].update(status="processed_with_error"),
        "dataset",
    ),
    "the experiment is gone": (lambda h: h["experiments"].pop(0), "experiment"),
    "the experiment has other data": (lambda h: h["experiments"][0].update(file=13), "experiment"),
    "the experiment to go is gone": (lambda h: h["experiments"].pop(1), "experiment"),
    "the experiment to go has a run": (
        lambda h: h["runs"].append({"id": "R9", "of": "E2", "status": "started"}),
        "experiment",
    ),
    "the wanted run was made": (
        lambda h: h["runs"].append(
            {"id": "R2", "of": "E1", "score": 0.8, "settings": {"max_n_trials": 20}}
        ),
        "experiment",
    ),
    "another run was made": (
        lambda h: h["runs"].append({"id": "R2", "of": "E1", "status": "started"}),
        "experiment",
    ),
    "a run was interrupted": (lambda h: h["runs"][0].update(status="interrupted"), "experiment"),
    "the model is gone": (lambda h: h["pipelines"].pop(0), "model"),
    "the model is watched otherwise": (
        lambda h: h["pipelines"][0].update(monitor={"drift": {"alert": 0.5}}),
        "model",
    ),
    "the model has failed": (
        lambda h: h["pipelines"][0].update(status="deployed_with_error"),
        "model",
    ),
}


@pytest.mark.parametrize(("change", "kind"), TOUCHED.values(), ids=TOUCHED.keys())
def test_it_is_refused_when_an_object_that_it_touches_has_moved(change: Change, kind: str) -> None:
    with pytest.raises(StalePlan, match=rf"{kind}\.|has to come before"):
        carry_over(change)


OTHER: dict[str, Change] = {
    "another data set is gone": lambda h: h["files"].pop(2),
    "a data set is new": lambda h: h["files"].append({"id": 99, "name": "n.csv", "content": "n"}),
    "another experiment is gone": lambda h: h["experiments"].pop(2),
    "an experiment is new": lambda h: h["experiments"].append(
        {"id": "E9", "name": "new", "file": 13}
    ),
    "another run goes on": lambda h: h["runs"][1].update(status="started"),
    "an alert is open about the model": lambda h: h["pipelines"][0].update(
        alerts=[{"id": 1, "kind": "drift", "text": "it drifts", "opened_at": "2026-01-01"}]
    ),
    "another model is gone": lambda h: h["pipelines"].pop(1),
    "a model is deployed by hand": lambda h: h["pipelines"].append(
        {"trial": "T9", "run": "R3", "score": 0.4, "name": "by hand"}
    ),
}


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER.keys())
def test_it_is_carried_out_when_something_else_has_moved(change: Change) -> None:
    planned = build_plan(declare(FILE), observe(HUB))

    kept = carry_over(change)

    assert [action.id for action in kept.actions] == [action.id for action in planned.actions]


def test_the_refusal_names_object_and_field() -> None:
    with pytest.raises(StalePlan, match=r"project\.shop: `cluster` was .*2.* and is .*3"):
        carry_over(lambda hub: hub["project"].update(workers_count=3))


def test_the_refusal_names_what_is_gone() -> None:
    with pytest.raises(StalePlan, match=r"^dataset\.old\.csv: `old\.csv` is gone$"):
        carry_over(lambda hub: hub["files"].pop(1))


@pytest.mark.parametrize("odd", [["x"], {}, None])
def test_what_has_changed_is_told_whatever_stands_for_an_id(odd: Any) -> None:
    was, now = [{"id": odd, "status": "error"}], [{"id": "R1", "status": "completed"}]
    assert _difference(was, now) == f"was {was!r} and is {now!r}"


def test_what_has_no_name_is_told_by_its_id() -> None:
    desired = declare({"name": "shop", "models": {"prod": {"trial": "T1", "state": "absent"}}})
    kept = to_saved(build_plan(desired, observe(HUB)), desired, PlanOptions())
    later = observe({**HUB, "pipelines": []})
    with pytest.raises(StalePlan, match=r"^model\.prod: `T1` is gone$"):
        still_fitting(kept, build_plan(desired, later), later)


def test_the_refusal_names_what_of_an_action_has_changed() -> None:
    desired = declare({"name": "shop", "datasets": {"d.csv": {"content": "x"}}})
    before, later = observe({"project": {}}), observe({"project": {}, "files": [FOREIGN]})
    kept = to_saved(build_plan(desired, before), desired, PlanOptions())
    with pytest.raises(StalePlan, match=r"^dataset\.d\.csv: `name` of the create has changed$"):
        still_fitting(kept, build_plan(desired, later), later)


def test_only_what_was_planned_is_carried_out() -> None:
    desired = declare(FILE)
    kept = to_saved(build_plan(desired, observe(HUB)), desired, PlanOptions())
    two = {**kept, "actions": kept["actions"][:2]}
    plan = still_fitting(two, build_plan(desired, observe(HUB)), observe(HUB))
    assert [action.id for action in plan.actions] == [item["id"] for item in two["actions"]]


def test_a_plan_that_leaves_out_what_has_to_come_before_is_refused() -> None:
    desired, options, observed = declare(FILE), PlanOptions(), observe({})
    plan = build_plan(desired, observed, options)
    document = json.loads(json.dumps(to_saved(plan, desired, options)))
    document["actions"] = [a for a in document["actions"] if a["kind"] != "project"]

    with pytest.raises(StalePlan, match=r"project\.shop: it has to come before"):
        still_fitting(document, plan, observed)


def test_a_saved_plan_shows_what_was_wrong_with_it() -> None:
    desired = declare({**FILE, "models": {"prod": {"experiment": "exp", "trial": "T1"}}})
    gated = declare({**FILE, "models": {"prod": {"experiment": "nowhere"}}})
    for declared in (desired, gated):
        plan = build_plan(declared, observe(HUB))
        document = json.loads(json.dumps(to_saved(plan, declared, PlanOptions())))
        shown = plan_of(document).diagnostics
        assert [item.to_json() for item in shown] == [i.to_json() for i in plan.diagnostics]


RUN = {"id": "R1", "status": "completed", "settings": {"folds": 5}}


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("running", "stopped", "was 'running' and is 'stopped'"),
        ([RUN], [RUN, {"id": "R2"}], "has a new one, R2"),
        ([RUN, {"id": "R2"}], [{"id": "R2"}], "has lost R1"),
        (
            [RUN],
            [{**RUN, "status": "interrupted"}],
            "has R1, whose `status` was 'completed' and is 'interrupted'",
        ),
        (
            [RUN],
            [{**RUN, "settings": {"folds": 3}}],
            "has R1, whose `settings` was {'folds': 5} and is {'folds': 3}",
        ),
        ([{"id": "R2"}, RUN], [RUN, {"id": "R2"}], None),
        ([], [RUN], None),
        ([RUN], [], None),
        ([1, 2], [2], "was [1, 2] and is [2]"),
        ([RUN], [1], None),
        ([RUN], None, None),
    ],
)
def test_what_has_moved_is_told_in_words(was: Any, now: Any, told: str | None) -> None:
    assert _difference(was, now) == (told or f"was {was!r} and is {now!r}")
