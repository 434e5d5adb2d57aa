"""Plans of one resource: deletes, stops and selections."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.planner.one_resource import (
    empty_plan,
    plan_delete,
    plan_one,
    with_selection,
)
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import Loss, Verb
from auger_reconcile.resources.files.project_file import DatasetObject
from auger_reconcile.resources.search.runs import ExperimentObject, Run
from auger_reconcile.state import ObservedState

OBSERVED = ObservedState("http://hub", "shop", 1, {})
DATA = DatasetObject(7, "a.csv", "processed", "s3://b/a.csv", None, (), None)
RUN = Run("r", "started", {}, 0.5, "2026-01-01")
EXPERIMENT = ExperimentObject("e", "a", 7, (RUN,))
AT = Address("shop", "dataset", "a.csv")


def changes(settings: dict[str, Any], kind: str, name: str | None) -> list[tuple[str, Any, Any]]:
    address = Address("shop", kind, name or "old")
    plan = with_selection(empty_plan(OBSERVED), address, name, MappingProxyType(settings))
    return [(c.path, c.before, c.after) for action in plan.actions for c in action.changes]


def test_a_delete_is_of_this_object_alone_and_says_what_it_costs() -> None:
    (action,) = plan_delete(OBSERVED, "shop", "dataset", DATA).actions
    assert (action.verb, action.address, action.object) == (Verb.DELETE, AT, DATA)
    assert (action.loss, action.reason) == (Loss.ARTIFACTS, "asked for")


def test_a_stop_is_of_this_object_alone_and_says_what_it_costs() -> None:
    (action,) = plan_one(OBSERVED, "shop", "experiment", EXPERIMENT, verb=Verb.STOP).actions
    assert (action.verb, str(action.address)) == (Verb.STOP, "experiment.a")
    assert (action.object, action.loss) == (EXPERIMENT, Loss.COMPUTE)


def test_a_stop_is_told_like_any_other_action() -> None:
    (action,) = plan_one(OBSERVED, "shop", "experiment", EXPERIMENT, verb=Verb.STOP).actions
    assert action.address == Address("shop", "experiment", "a")
    assert (action.id, action.name) == ("stop:shop/experiment.a", "a")
    assert action.reason == "asked for"


def test_plans_are_for_the_observed_hub() -> None:
    plan = plan_delete(OBSERVED, "shop", "dataset", DATA)
    assert (plan.hub, plan.organization, plan.organization_id) == ("http://hub", "shop", 1)
    assert plan.config_digest == ""  # no file has declared it


def test_a_new_project_clears_data_set_and_experiment() -> None:
    settings = {"name": "old", "dataset": "d", "experiment": {"name": "e"}}
    assert changes(settings, "project", "new") == [
        ("name", "old", "new"),
        ("dataset", "d", None),
        ("experiment/name", "e", None),
    ]


def test_a_new_data_set_clears_the_experiment_and_its_run() -> None:
    settings = {"dataset": "", "experiment": {"name": "e", "experiment_session_id": "r"}}
    assert changes(settings, "dataset", "new") == [
        ("dataset", "", "new"),
        ("experiment/name", "e", None),
        ("experiment/experiment_session_id", "r", None),
    ]


def test_an_experiment_is_selected_under_its_own_key() -> None:
    settings = {"experiment": {"name": "old", "experiment_session_id": "r"}}
    assert changes(settings, "experiment", "new") == [
        ("experiment/name", "old", "new"),
        ("experiment/experiment_session_id", "r", None),
    ]


def test_what_is_selected_already_is_not_selected_again() -> None:
    settings = {"dataset": "d", "experiment": {"name": "e", "experiment_session_id": "r"}}
    assert changes(settings, "dataset", "d") == []
    assert changes(settings, "experiment", "e") == []


def test_a_name_that_was_meant_already_clears_nothing() -> None:
    settings = {"source": "d", "experiment": {"name": "e"}}
    plan = with_selection(empty_plan(OBSERVED), AT, "d", settings, is_other=False)
    assert [(c.path, c.after) for action in plan.actions for c in action.changes] == [
        ("dataset", "d")
    ]


def test_what_is_stored_along_with_a_name_is_stored_though_the_name_is_there() -> None:
    settings = {"dataset": "d", "source": "old", "experiment": {"name": "e"}}
    also = {("source",): "new", ("experiment", "experiment_session_id"): None}
    plan = with_selection(empty_plan(OBSERVED), AT, "d", settings, also=also)
    (select,) = plan.actions
    assert [(c.path, c.before, c.after) for c in select.changes] == [("source", "old", "new")]


def test_a_number_that_is_a_name_is_compared_as_text() -> None:
    assert changes({"dataset": 2020}, "dataset", "2020") == []


def test_nothing_is_cleared_twice() -> None:
    assert changes({"dataset": None}, "dataset", None) == []
    assert changes({"experiment": "odd"}, "experiment", None) == []


def test_a_select_waits_for_the_actions_on_its_address_and_no_others() -> None:
    create = Action("create:x", AT, Verb.CREATE, "a.csv", "new")
    other = Action("start:y", Address("shop", "project", "shop"), Verb.START, "shop", "idle")
    plan = Plan("http://hub", "shop", 1, "", actions=(other, create), bindings={AT: DATA})
    *_, select = with_selection(plan, AT, "a.csv", {}).actions
    assert (select.verb, select.depends_on) == (Verb.SELECT, ("create:x",))
    assert (select.name, select.object) == ("a.csv", DATA)
    assert (select.id, select.address) == ("select:shop/dataset.a.csv", AT)
    assert select.reason == "stored in auger.yaml"


def test_a_cleared_name_is_told_as_cleared() -> None:
    plan = with_selection(empty_plan(OBSERVED), AT, None, {"dataset": "a.csv"})
    (select,) = plan.actions
    assert (select.name, select.reason) == ("", "cleared in auger.yaml")


def test_a_start_without_a_declaration_says_what_it_does() -> None:
    plan = plan_one(OBSERVED, "shop", "experiment", EXPERIMENT, verb=Verb.START, detail="once more")
    (action,) = plan.actions
    assert (action.id, action.verb) == ("start:shop/experiment.a", Verb.START)
    assert (action.detail, action.spec, action.loss) == ("once more", None, Loss.NONE)
