"""Which trial was live before, and the plan that brings it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from laws.declared import declare

from auger_reconcile.address import Address
from auger_reconcile.planner.build import assess
from auger_reconcile.planner.index import Index
from auger_reconcile.planner.plan import Plan
from auger_reconcile.planner.rollback import (
    Past,
    find_previous,
    live_objects,
    past_models,
    plan_rollback,
    with_trial,
)
from auger_reconcile.resources._base import Assessment, FieldChange, Verb
from auger_reconcile.state import UNCHANGED, DesiredState

from .observed import observe, placed
from .test_cases import describe

AT = Address("shop", "model", "prod")
FILE: dict[str, Any] = {
    "name": "shop",
    "datasets": {"d.csv": {"content": "x"}},
    "experiments": {"exp": {"dataset": "d.csv"}},
    "models": {"prod": {"experiment": "exp"}},
}
HUB: dict[str, Any] = {
    "project": {"status": "running"},
    "files": [{"id": 11, "name": "d.csv", "content": "x"}],
    "experiments": [{"id": "E1", "name": "exp", "file": 11}],
    "runs": [{"id": "R1", "of": "E1", "score": 0.8}, {"id": "R2", "of": "E1", "score": 0.9}],
    "pipelines": [{"trial": "T2", "run": "R2", "score": 0.9}],
}

RUNS_2_AND_3 = ((2, 0.9), (3, 0.95))


def pipeline(trial: str, *, run: str = "R1", score: float = 0.8, **told: Any) -> dict[str, Any]:
    """Return the hub's answer about a model that is not live any more."""
    known = {"id": trial, "score_value": score}
    ended = {"status": "undeployed", "updated_at": "2020-02-01", "experiment_session_id": run}
    return {"id": trial, "trial": known, **ended, **told}


def previous(
    *items: dict[str, Any], model: dict[str, Any] | None = None, hub: dict[str, Any] | None = None
) -> str | None:
    """Return the trial that is found among what the hub says of its pipelines."""
    desired = declare({**FILE, "models": {"prod": {"experiment": "exp", **(model or {})}}})
    statuses = assess(desired, Index(observe({**HUB, **(hub or {})})))
    experiment = statuses[AT._replace(kind="experiment", name="exp")].assessment
    found = find_previous(statuses[AT], experiment, past_models(items))
    return found.model.trial_id if found else None


def rolled_back(
    trial: str = "T1", *, declared: dict[str, Any] | None = None, hub: dict[str, Any] | None = None
) -> Plan:
    """Plan the rollback to a trial."""
    desired = declare({**FILE, **(declared or {})})
    observed = observe({**HUB, **(hub or {})})
    status = assess(desired, Index(observed))[AT]
    (past,) = past_models([pipeline(trial)])
    return plan_rollback(desired, observed, status, past)


def told(plan: Plan) -> list[str]:
    return [describe(action) for action in plan.actions]


def test_the_best_trial_of_an_older_run_was_live_before() -> None:
    assert previous(pipeline("T1")) == "T1"


def test_another_trial_of_an_older_run_was_deployed_by_hand() -> None:
    assert previous(pipeline("T1", score=0.7)) is None


def test_where_the_hub_keeps_names_they_tell() -> None:
    assert previous(pipeline("T1", name="other"), pipeline("T9", run="R9", name="prod")) == "T9"


def test_the_last_to_go_is_the_first_to_come_back() -> None:
    old, late = ({"name": "prod", "updated_at": f"2020-0{month}-01"} for month in (3, 4))
    assert previous(pipeline("T8", **late), pipeline("T9", **old)) == "T8"


def test_of_two_that_went_at_once_the_one_of_the_greater_id_comes_back() -> None:
    assert previous(pipeline("T9", name="prod"), pipeline("T8", name="prod")) == "T9"


def test_what_is_live_was_not_before() -> None:
    assert previous(pipeline("T2", name="prod")) is None


def test_the_best_trials_count_whatever_trial_is_declared_by_now() -> None:
    assert previous(pipeline("T1"), model={"trial": "T2"}) == "T1"


def test_nothing_was_live_before_the_first() -> None:
    assert previous() is None


def test_only_what_was_undeployed_was_live_before() -> None:
    items = [
        pipeline("T1", status="undeployed"),
        pipeline("T2", status="undeploying", updated_at=None, created_at="2020-01-01"),
        pipeline("T3", status="ready"),
        pipeline("T4", deleted=True),
        pipeline("T5", updated_at=None),
    ]
    assert [(one.model.trial_id, one.ended_at) for one in past_models(items)] == [
        ("T1", "2020-02-01"),
        ("T2", "2020-01-01"),
        ("T5", ""),
    ]


def test_live_is_all_that_a_model_stands_for_or_supersedes_each_once() -> None:
    status = assess(declare(FILE), Index(observe(HUB)))[AT]
    (model,) = observe(HUB).of("shop", "model")
    others = [replace(model, id=name) for name in ("A", "B", "C", "D")]
    assessment = Assessment(
        "prod",
        object=others[0],
        superseded=(others[1], others[0]),
        broken=(others[2],),
        revisions=(others[3], others[1]),
    )
    assert live_objects(status._replace(assessment=assessment)) == tuple(others)
    assert live_objects(status._replace(assessment=Assessment("prod"))) == ()


def test_the_new_one_comes_before_the_old_one_goes() -> None:
    plan = rolled_back()
    create, delete = plan.actions
    assert told(plan) == [
        "create model.prod +/-: was live before T2",
        "delete model.prod T2 as T2 +/-: rolled back",
    ]
    assert delete.depends_on == (create.id,)
    assert [found.id for found in create.replaces] == ["T2"]
    assert create.spec.trial == "T1"


def test_nothing_goes_where_nothing_is_live() -> None:
    assert told(rolled_back(hub={"pipelines": []})) == ["create model.prod: was live before"]


def test_each_of_several_live_ones_goes_once() -> None:
    runs = [*HUB["runs"], {"id": "R3", "of": "E1", "score": 0.95}]
    live = [{"trial": f"T{n}", "run": f"R{n}", "score": score} for n, score in RUNS_2_AND_3]
    assert told(rolled_back(hub={"runs": runs, "pipelines": live})) == [
        "create model.prod +/-: was live before T3, T2",
        "delete model.prod T3 as T3 +/-: rolled back",
        "delete model.prod T2 as T2 +/-: rolled back",
    ]


def test_what_bears_the_name_is_superseded_as_by_any_create() -> None:
    live = [{"trial": f"T{n}", "run": "R2", "name": "prod"} for n in (2, 3)]
    assert told(rolled_back(hub={"pipelines": live})) == [
        "create model.prod +/-: was live before",
        "delete model.prod T2 +/-: superseded",
        "delete model.prod T3 +/-: superseded",
    ]


def test_what_failed_makes_way_and_what_is_live_goes_afterwards() -> None:
    failed = {"trial": "T1", "run": "R1", "status": "packaged_with_error", "score": 0.8}
    plan = rolled_back(hub={"pipelines": [failed, *HUB["pipelines"]]})
    assert told(plan) == [
        "delete model.prod T1 as T1 -/+: its deployment failed: status `packaged_with_error`",
        "create model.prod -/+: was live before T2",
        "delete model.prod T2 as T2 +/-: rolled back",
    ]
    assert [found.id for found in plan.actions[1].replaces] == ["T1", "T2"]


def test_a_cluster_that_it_needs_is_started_and_nothing_else_is_touched() -> None:
    plan = rolled_back(
        declared={"datasets": {"d.csv": {"content": "new"}}}, hub={"project": {"status": "idle"}}
    )
    assert told(plan) == [
        "start project.shop: required by model.prod",
        "create model.prod +/-: was live before T2",
        "delete model.prod T2 as T2 +/-: rolled back",
    ]


def test_no_gate_holds_back_what_has_been_live() -> None:
    gated = {"models": {"prod": {"experiment": "exp", "min_score": 0.99}}}
    plan = rolled_back(declared=gated)
    assert plan.diagnostics == ()
    assert plan.actions[0].spec.min_score is None


def test_what_is_protected_is_not_rolled_back() -> None:
    kept = {"models": {"prod": {"experiment": "exp", "lifecycle": {"prevent_destroy": True}}}}
    plan = rolled_back(declared=kept)
    assert [(item.code, item.address) for item in plan.refusals] == [
        ("prevent-destroy", "model.prod")
    ]


def test_other_projects_are_left_alone() -> None:
    desired = declare(FILE, {"name": "other"})
    observed = observe(HUB)
    (past,) = past_models([pipeline("T1")])
    plan = plan_rollback(desired, observed, assess(desired, Index(observed))[AT], past)
    assert {at.project for at in plan.bindings} == {"shop"}
    assert [action.verb for action in plan.actions] == [Verb.CREATE, Verb.DELETE]


def test_a_project_that_is_to_go_does_not_go_with_a_rollback() -> None:
    assert told(rolled_back(declared={"state": "absent"})) == []


def test_the_place_of_the_declaration_is_kept() -> None:
    kept = {"models": {"prod": {"experiment": "exp", "lifecycle": {"prevent_destroy": True}}}}
    desired: DesiredState = placed(declare({**FILE, **kept}))
    observed = observe(HUB)
    (past,) = past_models([pipeline("T1")])
    plan = plan_rollback(desired, observed, assess(desired, Index(observed))[AT], past)
    assert [item.span.line for item in plan.refusals if item.span] == [6]


def test_a_select_at_the_end_writes_the_trial_into_the_file() -> None:
    plan = rolled_back(hub={"project": {"status": "idle"}})
    *before, select = with_trial(plan, AT, "best", "T1").actions
    assert tuple(before) == plan.actions
    assert (select.id, select.address, select.verb) == ("select:shop/model.prod", AT, Verb.SELECT)
    assert select.name == "prod"
    assert select.reason == "so that the next apply does not move forward again"
    assert select.depends_on == tuple(action.id for action in plan.actions[1:])
    assert select.changes == (FieldChange("models/prod/trial", "best", "T1"),)


def test_a_model_that_ended_at_no_known_time_comes_last() -> None:
    (late,) = past_models([pipeline("T8", name="prod")])
    status = assess(declare(FILE), Index(observe(HUB)))[AT]
    early = Past(replace(late.model, id="T9", trial_id="T9"), "")
    assert find_previous(status, Assessment(""), [early, late]) == late


def test_a_rollback_protects_and_releases_nothing() -> None:
    desired = declare({**FILE, "lifecycle": {"prevent_destroy": True}})
    locked = replace(desired, keeps_lock=True, protected=frozenset({AT}))
    observed = observe(HUB)
    status = assess(locked, Index(observed))[AT]
    plan = plan_rollback(locked, observed, status, past_models([pipeline("T1")])[0])
    assert plan.protection == UNCHANGED
