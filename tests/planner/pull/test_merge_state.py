"""The declaration of what a hub has that is nearest to what a file says."""

from dataclasses import replace
from typing import Any

from laws.declared import declare

from auger_reconcile.planner.build import build_plan
from auger_reconcile.planner.pull.import_state import ImportedState
from auger_reconcile.planner.pull.merge_state import merge_state
from auger_reconcile.resources._spec import Spec
from tests.planner.observed import observe

from .test_import_state import WORLD

SETTINGS = {"max_n_trials": 7, "exclude": ["id"]}


def into(document: dict[str, Any], world: Any = None, **options: Any) -> ImportedState:
    """Adopt a world into a document, and check what always holds: the plan is empty."""
    observed = observe(world or WORLD)
    found = merge_state(declare({"name": "shop", **document}), observed, "shop", **options)
    plan = build_plan(found.state, observed)
    assert (plan.actions, plan.diagnostics) == ((), ())
    for address, one in found.state.resources.items():
        assert (one.address, one.spec.name) == (address, address.name)
    return found


def specs(found: ImportedState) -> dict[str, Any]:
    return {str(at): one.spec for at, one in found.state.resources.items()}


def test_what_is_in_order_stays_as_it_is() -> None:
    document = {
        "cluster": {"min_nodes": 2, "max_nodes": 4},
        "datasets": {"d.csv": {"content": "y"}},
        "experiments": {"exp": {"dataset": "d.csv", **SETTINGS}},
    }
    found, before = specs(into(document)), declare({"name": "shop", **document})
    kept = {str(at): one.spec for at, one in before.resources.items()}
    assert {at: found[at] for at in kept} == kept


def test_settings_that_differ_are_taken_over_and_no_others() -> None:
    found = specs(
        into(
            {
                "datasets": {"d.csv": {"content": "y"}},
                "experiments": {"exp": {"dataset": "d.csv", "max_n_trials": 1, "exclude": ["id"]}},
            }
        )
    )
    spec = found["experiment.exp"]
    assert (spec.dataset, spec.max_n_trials, spec.max_total_time) == ("d.csv", 7, 60)


def test_content_that_the_hub_does_not_have_gives_way_to_the_newest_revision() -> None:
    found = specs(
        into(
            {
                "datasets": {"d.csv": {"content": "local"}},
                "experiments": {"exp": {"dataset": "d.csv", **SETTINGS}},
            }
        )
    )
    assert "dataset.d.csv" not in found
    assert found["experiment.exp"].dataset == "d-1.csv"


def test_what_the_hub_does_not_have_goes_unless_it_is_to_be_absent() -> None:
    gone = {"ghost.csv": {"content": "q"}, "old.csv": {"content": "q", "state": "absent"}}
    found = specs(into({"datasets": gone}))
    assert "dataset.ghost.csv" not in found
    assert found["dataset.old.csv"].state == "absent"


def test_what_is_declared_absent_and_is_there_is_declared_present() -> None:
    found = specs(into({"datasets": {"far.csv": {"state": "absent"}}}))
    assert found["dataset.far.csv"].state == "present"


def test_what_is_declared_absent_and_is_there_under_the_name_of_another_is_declared_present() -> (
    None
):
    url = "https://data.test/1.csv"
    world = {
        "project": {},
        "files": [
            {"id": 1, "name": "d.csv", "url": url},
            {"id": 2, "name": "d-2.csv", "content": "x"},
        ],
        "experiments": [{"id": "E", "name": "exp", "file": 1}],
        "runs": [{"id": "R", "of": "E"}],
    }
    absent = {"d.csv": {"content": "x"}, "d-1.csv": {"source": url}}
    document = {"datasets": {name: {**one, "state": "absent"} for name, one in absent.items()}}
    found = into(document, world)
    told = {name: (one.state, one.source) for name, one in specs(found).items() if "data" in name}
    assert told == {
        "dataset.d.csv": ("present", "x.csv"),
        "dataset.d-1.csv": ("present", url),
    }
    assert specs(found)["experiment.exp"].dataset == "d-1.csv"
    assert found.left_out == ()


def test_protection_and_gates_of_what_stays_are_kept() -> None:
    document = {
        "datasets": {"d.csv": {"content": "y"}},
        "experiments": {
            "exp": {
                "dataset": "d.csv",
                **SETTINGS,
                "metric": "accuracy",
                "lifecycle": {"prevent_destroy": True},
            }
        },
        "models": {"prod": {"experiment": "exp", "min_score": 0.1}},
    }
    found = specs(into(document))
    assert found["experiment.exp"].lifecycle.prevent_destroy
    assert found["model.prod"].min_score == 0.1


def test_a_reference_is_by_the_name_in_the_file() -> None:
    found = specs(into({"datasets": {"d.csv": {"content": "y"}}}))
    assert found["experiment.exp-1"].dataset == "d.csv"


def test_a_data_set_of_the_past_is_added_where_something_needs_it() -> None:
    found = specs(into({"datasets": {"d.csv": {"content": "x"}}}))
    assert found["experiment.exp-1"].dataset == "d-1.csv"


def test_what_may_not_be_written_is_left_out_and_told() -> None:
    def is_allowed(spec: Spec) -> bool:
        return spec.name != "far.csv"

    found = into({}, is_allowed=is_allowed)
    assert "dataset.far.csv: cannot be declared as it is" in found.left_out


def test_a_cluster_takes_over_one_size_and_both_where_they_would_cross() -> None:
    found: Any = specs(into({"cluster": {"min_nodes": 2, "max_nodes": 3}}))["project.shop"]
    assert (found.cluster.min_nodes, found.cluster.max_nodes) == (2, 4)
    crossed: Any = specs(into({"cluster": {"min_nodes": 9, "max_nodes": 9}}))["project.shop"]
    assert (crossed.cluster.min_nodes, crossed.cluster.max_nodes) == (2, 4)


def test_older_revisions_are_added_when_they_are_asked_for() -> None:
    assert "dataset.d.csv" not in specs(into({}))
    assert "dataset.d.csv" in specs(into({}, everything=True))


def test_objects_of_one_id_are_told_apart_by_their_kind() -> None:
    found = into({}, {"project": {"id": 7}, "files": [{"id": 7, "name": "d.csv", "content": "x"}]})
    assert list(specs(found)) == ["project.shop", "dataset.d.csv"]


def test_it_tells_what_each_declaration_stands_for() -> None:
    found = into({"datasets": {"d.csv": {"content": "y"}, "no.csv": {"state": "absent"}}})
    stood_for = {str(at): one and one.id for at, one in found.objects.items()}
    assert stood_for == {
        "project.shop": 1,
        "dataset.d.csv": 2,
        "dataset.no.csv": None,
        "dataset.far.csv": 3,
        "experiment.exp-1": "E2",
        "model.model-T2": "T2",
        "model.model-T8": "T8",
        "model.hot": "T9",
    }


def test_a_gate_that_holds_back_everything_goes() -> None:
    document = {
        "datasets": {"d.csv": {"content": "y"}},
        "experiments": {"exp": {"dataset": "d.csv", **SETTINGS}},
        "models": {"prod": {"experiment": "exp", "min_score": 0.99}},
    }
    world = {**WORLD, "pipelines": []}
    assert "model.prod" not in specs(into(document, world))


def test_what_refers_to_what_is_gone_goes_too() -> None:
    document = {
        "datasets": {"ghost.csv": {"content": "q"}},
        "experiments": {"gone": {"dataset": "ghost.csv", "state": "absent"}},
    }
    assert "experiment.gone" not in specs(into(document))


def test_a_gate_is_kept_by_what_was_to_be_absent_and_is_live() -> None:
    document = {
        "datasets": {"d.csv": {"content": "y"}},
        "experiments": {"exp": {"dataset": "d.csv", **SETTINGS}},
        "models": {"prod": {"experiment": "exp", "min_score": 0.1, "state": "absent"}},
    }
    found = specs(into(document))["model.prod"]
    assert (found.state, found.min_score) == ("deployed", 0.1)


def test_protection_is_kept_by_what_takes_over_everything() -> None:
    kept = {"prevent_destroy": True}
    document = {
        "datasets": {"ghost.csv": {"content": "q"}},
        "experiments": {"gone": {"dataset": "ghost.csv"}},
        "models": {"prod": {"experiment": "gone", "lifecycle": kept}},
    }
    world = {**WORLD, "pipelines": [{"trial": "T9", "score": 0.5, "name": "prod"}]}
    found = specs(into(document, world))["model.prod"]
    assert (found.trial, found.experiment) == ("T9", None)
    assert found.lifecycle.prevent_destroy


def test_what_is_declared_of_an_older_revision_takes_over_its_settings() -> None:
    document = {
        "datasets": {"d.csv": {"content": "x"}},
        "experiments": {"exp": {"dataset": "d.csv", "max_n_trials": 9}},
    }
    found = specs(into(document))
    assert (found["experiment.exp"].dataset, found["experiment.exp"].max_n_trials) == (
        "d.csv",
        1000,
    )


def test_what_the_hub_does_not_tell_of_a_cluster_stays_as_declared() -> None:
    world = {"project": {"status": "running", "workers_count": 4, "worker_type_id": 1}}
    document = {"cluster": {"max_nodes": 3, "stack_version": "experimental"}}
    found: Any = specs(into(document, world))["project.shop"]
    assert (found.cluster.max_nodes, found.cluster.stack_version) == (4, "experimental")


def test_a_change_that_is_ignored_stays_beside_one_that_is_taken_over() -> None:
    ignored = {"max_total_time": 7, "lifecycle": {"ignore_changes": ["max_total_time"]}}
    document = {
        "datasets": {"d.csv": {"content": "y"}},
        "experiments": {"exp": {"dataset": "d.csv", **SETTINGS, "max_n_trials": 1, **ignored}},
    }
    found = specs(into(document))["experiment.exp"]
    assert (found.max_n_trials, found.max_total_time) == (7, 7)


def test_a_change_that_is_ignored_goes_where_what_is_taken_over_would_not_fit_it() -> None:
    ignored = {"metric": "accuracy", "lifecycle": {"ignore_changes": ["metric"]}}
    document = {
        "datasets": {"d.csv": {"content": "y"}},
        "experiments": {"exp": {"dataset": "d.csv", **ignored}},
    }
    settings = {"model_type": "regression", "metric": "r2"}
    world = {**WORLD, "runs": [{"id": "R2", "of": "E2", "score": 0.9, "settings": settings}]}
    found = specs(into(document, world))["experiment.exp"]
    assert (found.model_type.value, found.metric) == ("regression", "r2")


def test_another_trial_is_taken_over_and_the_gate_stays() -> None:
    document = {
        "datasets": {"d.csv": {"content": "y"}},
        "experiments": {"exp": {"dataset": "d.csv", **SETTINGS}},
        "models": {"prod": {"experiment": "exp", "trial": "T0", "min_score": 0.1}},
    }
    world = {**WORLD, "pipelines": [{"trial": "T9", "score": 0.5, "name": "prod"}]}
    found = specs(into(document, world))["model.prod"]
    assert (found.trial, found.experiment, found.min_score) == ("T9", "exp", 0.1)


def test_a_size_that_would_not_fit_the_declared_one_is_taken_over_whole() -> None:
    world = {"project": {"status": "running", "workers_count": 4}}
    found: Any = specs(into({"cluster": {"min_nodes": 6, "max_nodes": 6}}, world))
    assert found["project.shop"].cluster.max_nodes == 4


def test_a_name_that_is_taken_is_told() -> None:
    document = {"models": {"model-T6": {"trial": "T5"}}}
    world = {"project": {"status": "running"}, "pipelines": [{"trial": "T5"}, {"trial": "T6"}]}
    assert into(document, world).left_out == ("model.T6: its name is taken",)


def test_what_the_file_says_and_the_hub_does_not_have_is_no_loss() -> None:
    assert into({"datasets": {"ghost.csv": {"content": "q"}}}, {"project": {}}).left_out == ()


def test_of_two_that_bear_one_name_neither_is_lost_without_a_word() -> None:
    files = [{"id": n, "name": "d.csv", "content": "x"} for n in (1, 2)]
    found = into({}, {"project": {}, "files": files})
    assert list(specs(found)) == ["project.shop"]
    assert found.left_out == (
        "dataset.d.csv: cannot be declared as it is",
        "dataset.d.csv: its name is taken",
    )


def test_the_past_of_what_is_declared_needs_nothing() -> None:
    document = {
        "datasets": {"d.csv": {"content": "y"}, "far.csv": {}},
        "experiments": {
            "exp": {"dataset": "d.csv", **SETTINGS},
            "idle": {"dataset": "far.csv", "state": "created"},
        },
    }
    assert into(document, everything=True).left_out == ("model.T7: cannot be declared as it is",)


def test_what_the_file_forgets_is_not_added_again() -> None:
    observed = observe(WORLD)
    desired = declare({"name": "shop"})
    everything = merge_state(desired, observed, "shop").state.resources
    forgotten = frozenset(at for at in everything if at.kind == "experiment")
    assert forgotten
    kept = merge_state(replace(desired, forgotten=forgotten), observed, "shop").state.resources
    assert set(kept) == set(everything) - forgotten - {
        at for at in everything if at.kind == "model"
    } | {at for at in kept if at.kind == "model"}


def test_what_was_renamed_keeps_its_present_name() -> None:
    document = {
        "datasets": {"d.csv": {"content": "y"}},
        "experiments": {"new": {"dataset": "d.csv", **SETTINGS, "formerly": ["exp"]}},
    }
    found = specs(into(document))
    assert found["experiment.new"].formerly == ("exp",)
    assert "experiment.exp" not in found
