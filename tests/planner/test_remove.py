"""What goes with a single delete is said, and goes first."""

from auger_reconcile.planner.single import plan_delete
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
