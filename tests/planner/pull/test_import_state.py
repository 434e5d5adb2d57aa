"""Declarations of what a hub has: which of several that fit, and what is left out."""

from typing import Any

from auger_reconcile.planner.build import build_plan
from auger_reconcile.planner.pull.import_state import ImportedState, import_state
from auger_reconcile.resources._spec import Spec
from tests.planner.observed import observe

FILES = [
    {"id": 1, "name": "d.csv", "content": "x"},
    {"id": 2, "name": "d-1.csv", "content": "y"},
    {"id": 3, "name": "far.csv", "url": "https://data.test/far.csv"},
]
WORLD: dict[str, Any] = {
    "project": {"status": "running", "workers_count": 4, "min_workers_count": 2},
    "files": FILES,
    "experiments": [
        {"id": "E1", "name": "exp", "file": 1},
        {"id": "E2", "name": "exp-1", "file": 2},
        {"id": "E3", "name": "idle", "file": 3},
    ],
    "runs": [
        {"id": "R1", "of": "E1", "score": 0.8},
        {"id": "R2", "of": "E2", "score": 0.9, "settings": {"max_n_trials": 7, "exclude": ["id"]}},
        {"id": "R3", "of": "E2", "status": "error"},
    ],
    "pipelines": [
        {"trial": "T2", "run": "R2", "score": 0.9},
        {"trial": "T8", "run": "R2", "score": 0.7},
        {"trial": "T9", "score": 0.5, "name": "hot"},
        {"trial": "T7", "score": 0.5, "status": "packaged_with_error"},
    ],
}


def imported(**options: Any) -> ImportedState:
    return import_state(observe(WORLD), "shop", **options)


def specs(found: ImportedState) -> dict[str, Spec]:
    return {str(at): one.spec for at, one in found.state.resources.items()}


def test_the_newest_revisions_are_declared_under_their_own_names() -> None:
    assert list(specs(imported())) == [
        "project.shop",
        "dataset.d-1.csv",
        "dataset.far.csv",
        "experiment.exp-1",
        "model.model-T2",
        "model.model-T8",
        "model.hot",
    ]


def test_everything_is_declared_when_it_is_asked_for() -> None:
    assert {"dataset.d.csv", "experiment.exp"} <= specs(imported(everything=True)).keys()


def test_the_settings_are_those_of_the_newest_good_run() -> None:
    spec: Any = specs(imported())["experiment.exp-1"]
    assert (spec.dataset, spec.max_n_trials, spec.exclude) == ("d-1.csv", 7, ("id",))


def test_the_best_trial_is_declared_as_the_best_and_another_by_its_id() -> None:
    found: Any = specs(imported())
    assert (found["model.model-T2"].trial, found["model.model-T2"].experiment) == ("best", "exp-1")
    assert (found["model.model-T8"].trial, found["model.model-T8"].experiment) == ("T8", "exp-1")
    assert (found["model.hot"].trial, found["model.hot"].experiment) == ("T9", None)


def test_the_size_of_the_cluster_is_declared() -> None:
    spec: Any = specs(imported())["project.shop"]
    assert (spec.cluster.min_nodes, spec.cluster.max_nodes) == (2, 4)


def test_data_of_a_url_has_it_as_its_source_unless_that_is_not_allowed() -> None:
    found: Any = specs(imported())
    assert found["dataset.far.csv"].source == "https://data.test/far.csv"
    strict: Any = specs(imported(is_allowed=lambda spec: not getattr(spec, "source", None)))
    assert strict["dataset.far.csv"].source is None


def test_what_cannot_be_declared_is_told() -> None:
    assert imported().left_out == (
        "dataset.d.csv: an older revision",
        "experiment.exp: an older revision",
        "experiment.idle: cannot be declared as it is",
        "model.T7: cannot be declared as it is",
    )


def test_the_plan_is_empty() -> None:
    assert build_plan(imported().state, observe(WORLD)).is_empty
    assert build_plan(imported(everything=True).state, observe(WORLD)).is_empty


def test_two_models_that_would_have_one_name_are_never_mixed_up() -> None:
    pipelines = [{"trial": "T6"}, {"trial": "T5", "name": "model-T6"}]
    observed = observe({"project": {"status": "running"}, "pipelines": pipelines})
    found = import_state(observed, "shop")
    trials = [found.objects[at].trial_id for at in found.state.resources if at.kind == "model"]
    assert trials == ["T6", "T5"]
    assert build_plan(found.state, observed).is_empty


def of(world: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Adopt a world, and check what always holds: the plan is empty."""
    observed = observe(world)
    found = import_state(observed, "shop", **options)
    plan = build_plan(found.state, observed)
    assert (plan.actions, plan.diagnostics) == ((), ())
    return specs(found)


def test_revisions_of_what_is_gone_are_names_of_their_own() -> None:
    files = [{"id": n, "name": f"e-{n}.csv", "content": "x"} for n in (1, 2)]
    found = of({"project": {}, "files": files})
    assert list(found) == ["project.shop", "dataset.e-1.csv", "dataset.e-2.csv"]


def test_an_older_revision_is_declared_where_something_newer_needs_it() -> None:
    world = {"project": {}, "files": FILES[:2], "experiments": WORLD["experiments"][:1]}
    found = of({**world, "runs": [{"id": "R1", "of": "E1", "score": 0.8}]})
    assert list(found) == [
        "project.shop",
        "dataset.d-1.csv",
        "dataset.d.csv",
        "experiment.exp",
    ]


def test_what_has_no_name_comes_first_in_the_order_of_the_ids() -> None:
    pipelines = [{"trial": "T5", "name": "A"}, {"trial": "T8"}, {"trial": "T2"}]
    found = of({"project": {"status": "running"}, "pipelines": pipelines})
    assert list(found) == ["project.shop", "model.model-T2", "model.model-T8", "model.A"]


def test_a_cluster_that_others_would_start_is_in_order_itself() -> None:
    idle = {**WORLD, "project": {**WORLD["project"], "status": "undeployed"}}
    found = of({**idle, "pipelines": [{"trial": "T8", "run": "R2", "score": 0.7}]})
    assert found["project.shop"] == specs(imported())["project.shop"]
    assert found["model.model-T8"].trial == "T8"


def test_a_project_is_declared_under_the_name_by_which_it_was_asked_for() -> None:
    found = import_state(observe({"project": {"name": "Shop"}}), "shop")
    assert [str(at) for at in found.state.resources] == ["project.shop"]


def test_a_cluster_of_a_size_that_cannot_be_kept_is_declared_without_it() -> None:
    found: Any = of({"project": {"status": "deploying", "workers_count": 3}})
    assert found["project.shop"].name == "shop"
