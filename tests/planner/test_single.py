from typing import Any

from laws.declared import addresses

from auger_reconcile.planner.plan import Plan
from auger_reconcile.planner.single import empty_plan, plan_delete, plan_stop, with_selection
from auger_reconcile.resources._base import Loss
from auger_reconcile.state import ObservedState

from .observed import observe
from .test_cases import describe, shorten

OBSERVED = observe(
    {
        "project": {"status": "running"},
        "files": [{"id": 11, "name": "d.csv", "content": "x"}],
        "experiments": [{"id": "E1", "name": "exp", "file": 11}],
        "runs": [{"id": "R1", "of": "E1", "score": 0.9, "status": "started"}],
        "pipelines": [{"trial": "T1", "run": "R1", "score": 0.9}],
    }
)
[PROJECT], [EXPERIMENT] = OBSERVED.of("shop", "project"), OBSERVED.of("shop", "experiment")
[DATASET], [MODEL] = OBSERVED.of("shop", "dataset"), OBSERVED.of("shop", "model")


def delete(kind: str, found: Any, observed: ObservedState = OBSERVED) -> list[str]:
    return [describe(action) for action in plan_delete(observed, "shop", kind, found).actions]


def test_one_object_is_deleted_and_nothing_else() -> None:
    assert delete("dataset", DATASET) == ["delete dataset.d.csv 11: asked for"]
    assert delete("model", MODEL) == ["delete model.T1 T1: asked for"]


def test_the_models_of_a_deleted_experiment_are_said() -> None:
    plan = plan_delete(OBSERVED, "shop", "experiment", EXPERIMENT)
    assert [describe(action) for action in plan.actions] == [
        "delete model.T1 T1: goes with experiment.exp",
        "delete experiment.exp E1: asked for",
    ]
    assert plan.actions[0].loss is Loss.TRAFFIC
    assert plan.actions[1].depends_on == (plan.actions[0].id,)


def test_everything_in_a_deleted_project_is_said() -> None:
    assert delete("project", PROJECT) == [
        "delete dataset.d.csv 11: goes with project.shop",
        "delete model.T1 T1: goes with project.shop",
        "delete experiment.exp E1: goes with project.shop",
        "delete project.shop 1: asked for",
    ]


def test_one_object_is_stopped_and_nothing_else() -> None:
    [action] = plan_stop(OBSERVED, "shop", "project", PROJECT).actions
    assert (shorten(action), action.loss) == ("stop project.shop", Loss.COMPUTE)


def select(name: str | None, settings: dict[str, Any], plan: Plan | None = None) -> Plan:
    [address] = addresses(["shop/project.shop"])
    return with_selection(plan or empty_plan(OBSERVED), address, name, settings)


def test_a_select_tells_what_it_writes_and_clears() -> None:
    [action] = select("shop", {"name": "old", "dataset": "d.csv"}).actions
    told = [(change.path, change.before, change.after) for change in action.changes]
    assert told == [("name", "old", "shop"), ("dataset", "d.csv", None)]
    assert action.reason == "stored in auger.yaml"


def test_a_select_comes_after_what_it_is_about() -> None:
    plan = select("shop", {}, plan_stop(OBSERVED, "shop", "project", PROJECT))
    assert plan.actions[1].depends_on == (plan.actions[0].id,)


def test_a_name_that_is_selected_already_changes_nothing() -> None:
    assert select("shop", {"name": "shop", "dataset": "d.csv"}).is_empty


def test_a_selection_can_be_cleared() -> None:
    [action] = select(None, {"name": "shop", "experiment": {"name": "exp"}}).actions
    assert [change.path for change in action.changes] == ["name", "experiment/name"]
    assert action.reason == "cleared in auger.yaml"


def test_clearing_what_is_not_selected_changes_nothing() -> None:
    assert select(None, {"experiment": "exp"}).is_empty
