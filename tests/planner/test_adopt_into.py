"""The declaration of what a hub has that is nearest to what a file says."""

from typing import Any

from laws.declared import declare

from auger_reconcile.planner.adopt import Adopted
from auger_reconcile.planner.adopt_into import adopt_into
from auger_reconcile.planner.build import build_plan
from auger_reconcile.resources._spec import Spec

from .observed import observe
from .test_adopt import WORLD

SETTINGS = {"max_n_trials": 7, "exclude": ["id"]}


def into(document: dict[str, Any], world: Any = None, **options: Any) -> Adopted:
    """Adopt a world into a document, and check what always holds: the plan is empty."""
    observed = observe(world or WORLD)
    found = adopt_into(declare({"name": "shop", **document}), observed, "shop", **options)
    plan = build_plan(found.state, observed)
    assert (plan.actions, plan.diagnostics) == ((), ())
    return found


def specs(found: Adopted) -> dict[str, Any]:
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
