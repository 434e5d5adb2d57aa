"""What an imported state keeps of a declaration: lifecycle, names, moves."""

from __future__ import annotations

from typing import Any

from laws.declared import declare

from auger_reconcile.address import Address
from auger_reconcile.planner.build import build_plan
from auger_reconcile.planner.pull.import_state import ImportedState, import_state
from auger_reconcile.planner.pull.keep_lifecycle import keep_lifecycle
from tests.planner.observed import observe

KEPT = {"prevent_destroy": True}
HUB: dict[str, Any] = {
    "project": {"status": "running"},
    "files": [
        {"id": 11, "name": "old.csv", "content": "x"},
        {"id": 12, "name": "old-1.csv", "content": "y"},
        {"id": 13, "name": "other.csv", "content": "z"},
    ],
    "experiments": [{"id": "E1", "name": "exp", "file": 12}],
    "runs": [{"id": "R1", "of": "E1"}],
}
FILE: dict[str, Any] = {
    "name": "shop",
    "datasets": {
        "new.csv": {"content": "y", "formerly": ["old.csv"], "lifecycle": KEPT},
        "gone.csv": {"lifecycle": KEPT},
    },
}


def kept(document: dict[str, Any], hub: dict[str, Any] = HUB) -> ImportedState:
    observed = observe(hub)
    imported = import_state(observed, "shop")
    return keep_lifecycle(imported, declare(document), observed, "shop")


def test_what_was_renamed_has_its_name_and_its_protection_and_nothing_is_to_be_done() -> None:
    result = kept(FILE)
    at = Address("shop", "dataset", "new.csv")
    spec = result.state.resources[at].spec
    assert (spec.name, spec.formerly) == ("new.csv", ("old.csv",))
    assert vars(spec)["source"] == "y.csv"  # of the revisions it is the one of this content
    assert spec.lifecycle.prevent_destroy
    assert result.objects[at].id == 12
    experiment = result.state.resources[Address("shop", "experiment", "exp")].spec
    assert vars(experiment)["dataset"] == "new.csv"
    assert not build_plan(result.state, observe(HUB)).actions


def test_what_nothing_declares_is_as_it_was_imported() -> None:
    at = Address("shop", "dataset", "other.csv")
    observed = observe(HUB)
    assert kept(FILE).state.resources[at] == import_state(observed, "shop").state.resources[at]


def test_a_file_of_another_project_says_nothing() -> None:
    observed = observe(HUB)
    assert kept({**FILE, "name": "bank"}) == import_state(observed, "shop")


def test_a_name_of_before_that_is_declared_itself_is_no_move() -> None:
    files = [{"id": 11, "name": "old.csv", "content": "x"}, {**HUB["files"][1], "name": "new.csv"}]
    spec = (
        kept(FILE, {**HUB, "files": files})
        .state.resources[Address("shop", "dataset", "new.csv")]
        .spec
    )
    assert spec.lifecycle.prevent_destroy
    assert spec.formerly == ()


def test_where_a_name_of_before_means_another_revision_the_name_on_the_hub_is_kept() -> None:
    unread = {**FILE, "datasets": {"new.csv": {"formerly": ["old.csv"], "lifecycle": KEPT}}}
    result = kept(unread)
    spec = result.state.resources[Address("shop", "dataset", "old-1.csv")].spec
    assert (spec.name, spec.formerly) == ("old-1.csv", ())
    assert spec.lifecycle.prevent_destroy
    assert not build_plan(result.state, observe(HUB)).actions


def test_of_several_revisions_each_keeps_its_name_and_the_protection() -> None:
    observed = observe(HUB)
    imported = import_state(observed, "shop", everything=True)
    state = keep_lifecycle(imported, declare(FILE), observed, "shop").state
    told = {at.name: one.spec.lifecycle.prevent_destroy for at, one in state.resources.items()}
    assert told["old.csv"]
    assert told["old-1.csv"]
    assert not build_plan(state, observed).actions
