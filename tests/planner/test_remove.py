"""What goes with a single delete is said, and goes first."""

from laws.declared import declare

from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.one_resource import plan_delete
from auger_reconcile.resources._base import Loss

from .observed import observe
from .test_cases import describe

OBSERVED = observe(
    {
        "project": {"status": "running"},
        "files": [{"id": 11, "name": "d.csv", "content": "x"}],
        "experiments": [{"id": "E1", "name": "exp", "file": 11}],
        "runs": [{"id": "R1", "of": "E1", "score": 0.9}],
        "pipelines": [{"trial": "T1", "run": "R1", "score": 0.9}],
    }
)


def test_the_models_of_a_deleted_experiment_are_said() -> None:
    [found] = OBSERVED.of("shop", "experiment")
    plan = plan_delete(OBSERVED, "shop", "experiment", found)
    assert [describe(action) for action in plan.actions] == [
        "delete model.T1 T1: goes with experiment.exp",
        "delete experiment.exp E1: asked for",
    ]
    assert plan.actions[0].loss is Loss.TRAFFIC
    assert plan.actions[1].depends_on == (plan.actions[0].id,)


def test_everything_in_a_deleted_project_is_said() -> None:
    [found] = OBSERVED.of("shop", "project")
    plan = plan_delete(OBSERVED, "shop", "project", found)
    assert [describe(action) for action in plan.actions] == [
        "delete dataset.d.csv 11: goes with project.shop",
        "delete model.T1 T1: goes with project.shop",
        "delete experiment.exp E1: goes with project.shop",
        "delete project.shop 1: asked for",
    ]


def test_a_prune_leaves_the_revisions_of_everything_declared() -> None:
    names = ("d.csv", "e.csv")
    files = [
        {"id": 10 * number + age, "name": f"{name[0]}-{age}.csv" if age else name, "content": age}
        for number, name in enumerate(names, 1)
        for age in (0, 1)
    ]
    for row in files:
        row["content"] = f"content {row['content']}"
    other = {"id": 99, "name": "other.csv", "content": "x"}
    declared = {name: {"content": "content 1"} for name in names}
    plan = build_plan(
        declare({"name": "shop", "datasets": declared}),
        observe({"project": {}, "files": [*files, other]}),
        PlanOptions(prune=True),
    )
    assert [describe(action) for action in plan.actions if action.verb.value == "delete"] == [
        "delete dataset.other.csv 99: not declared"
    ]
