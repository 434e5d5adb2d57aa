"""A plan has what the hub told of what stays as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from laws.declared import addresses, declare

from auger_reconcile.address import Address
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.plan import Plan
from auger_reconcile.planner.saved.document import plan_of, to_document
from auger_reconcile.resources.search.account import Notice

from .observed import observe

DECLARED: dict[str, Any] = {
    "name": "shop",
    "datasets": {"d.csv": {"content": "x"}},
    "experiments": {"e": {"dataset": "d.csv"}},
}
DUPLICATES = {"code": "duplicate-rows", "column": None, "count": 2, "text": "Two are the same."}
RARE = {"code": "rare-class", "column": "y", "count": None, "text": "A class is rare."}
FILE = {"id": 5, "name": "d.csv", "content": "x", "statistics": {"notices": [DUPLICATES]}}
RUN = {"id": "R", "of": "E", "measured": {"notices": [DUPLICATES, RARE]}}
HUB: dict[str, Any] = {
    "project": {"status": "running"},
    "files": [FILE],
    "experiments": [{"id": "E", "name": "e", "file": 5}],
    "runs": [RUN],
}


def told(declared: dict[str, Any], hub: dict[str, Any], **options: Any) -> dict[str, list[str]]:
    made = build_plan(declare(declared), observe(hub), PlanOptions(**options))
    return {str(at): [one.code for one in notices] for at, notices in made.notices.items()}


def test_data_set_and_run_tell_what_is_known_of_them() -> None:
    assert told(DECLARED, HUB) == {
        "dataset.d.csv": ["duplicate-rows"],
        "experiment.e": ["duplicate-rows", "rare-class"],
    }


def test_a_run_that_is_to_start_has_told_nothing_yet() -> None:
    changed = {**DECLARED, "experiments": {"e": {"dataset": "d.csv", "max_n_trials": 77}}}
    assert told(changed, HUB) == {"dataset.d.csv": ["duplicate-rows"]}


def test_new_content_has_told_nothing_yet() -> None:
    assert told({**DECLARED, "datasets": {"d.csv": {"content": "other"}}}, HUB) == {}


def test_what_goes_needs_no_notice() -> None:
    assert told(DECLARED, HUB, destroy=True) == {}


def test_an_experiment_without_a_run_has_nothing_to_tell() -> None:
    created = {**DECLARED, "experiments": {"e": {"dataset": "d.csv", "state": "created"}}}
    assert told(created, {**HUB, "runs": []}) == {"dataset.d.csv": ["duplicate-rows"]}


def test_a_plan_of_one_thing_tells_of_that_alone() -> None:
    targets = addresses(["dataset.d.csv"])
    assert told(DECLARED, HUB, targets=targets) == {"dataset.d.csv": ["duplicate-rows"]}


@pytest.fixture
def made() -> Plan:
    return build_plan(declare(DECLARED), observe(HUB))


def test_the_document_names_where_each_belongs(made: Plan) -> None:
    of_data, *_ = to_document(made)["notices"]
    assert of_data == {"address": "dataset.d.csv", "project": "shop", **DUPLICATES}


def test_a_document_gives_them_back(made: Plan) -> None:
    again = plan_of(json.loads(json.dumps(to_document(made))))
    assert again.notices == made.notices
    at = Address("shop", "dataset", "d.csv")
    assert again.notices[at] == (Notice("duplicate-rows", "Two are the same.", None, 2),)
