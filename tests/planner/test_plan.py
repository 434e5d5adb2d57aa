import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pytest
from laws.declared import declare

from auger_reconcile.errors import StalePlan
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.plan import summary
from auger_reconcile.planner.saved.document import (
    declaration_of,
    options_of,
    plan_of,
    seal_of,
    to_document,
    to_saved,
)
from auger_reconcile.planner.saved.stale import still_fitting
from auger_reconcile.resources._base import Loss
from auger_reconcile.resources.gates.monitor import Monitor
from auger_reconcile.resources.search.account import Expected
from auger_reconcile.state import ObservedState

from .observed import observe
from .test_build import DOCUMENT, OBSERVED

DESIRED = declare(DOCUMENT)


def saved(observed: ObservedState, options: PlanOptions | None = None) -> dict[str, object]:
    options = options or PlanOptions()
    return to_saved(build_plan(DESIRED, observed, options), DESIRED, options)


@dataclass(frozen=True)
class Found:
    """An object as a kind of another package may have it: of the values that a kind may use."""

    expected: Expected
    sizes: Mapping[int, tuple[int, ...]]
    score: float
    watched: Monitor
    labels: frozenset[str]
    ways: Sequence[Loss]
    day: date


def test_what_is_remembered_of_an_object_is_plain_whatever_its_kind_is_made_of() -> None:
    found = Found(
        Expected(0.9, 0.8, 0.7, 0.95),
        {1: (3, 4)},
        math.nan,
        Monitor(segments=("b", "a")),
        frozenset("ba"),
        [Loss.NONE],
        date(2026, 11, 30),
    )
    told = summary(found)
    assert told == json.loads(json.dumps(told, allow_nan=False))
    assert told["expected"] == {"best": 0.9, "score": 0.8, "low": 0.7, "high": 0.95}
    assert (told["sizes"], told["labels"]) == ({"1": [3, 4]}, ["a", "b"])
    assert (told["score"], told["day"]) == ("nan", "2026-11-30")
    assert (told["watched"]["segments"], told["ways"]) == (["a", "b"], [Loss.NONE.value])


def test_a_summary_counts_all_five_verbs() -> None:
    plan = build_plan(DESIRED, observe(OBSERVED))
    assert list(plan.summary) == ["create", "start", "stop", "delete", "select"]
    assert sum(plan.summary.values()) == len(plan.actions)
    assert not plan.is_empty


def test_a_fingerprint_changes_with_its_object_and_with_nothing_else() -> None:
    [stop, again] = (build_plan(DESIRED, observe(OBSERVED)).actions[-1] for _ in range(2))
    other = replace(stop, object=replace(stop.object, status="deploying"))
    assert stop.fingerprint == again.fingerprint != other.fingerprint
    assert replace(stop, object=None).fingerprint is None


def test_a_plan_can_be_saved_and_shown() -> None:
    plan = build_plan(DESIRED, observe(OBSERVED))
    shown = to_document(plan_of(to_document(plan)))["actions"]
    told = ("id", "address", "action", "name", "reason", "depends_on", "changes", "loss")
    for one, other in zip(shown, to_document(plan)["actions"], strict=True):
        assert {name: one[name] for name in told} == {name: other[name] for name in told}


def test_a_saved_plan_knows_what_it_was_made_of() -> None:
    options = PlanOptions(prune=True, targets=(next(iter(DESIRED.resources)),))
    document = saved(observe(OBSERVED), options)
    assert declaration_of(document).resources == DESIRED.resources
    assert options_of(document) == options
    assert seal_of(document) == document["seal"]
    assert seal_of({**document, "hub": "other"}) != document["seal"]


def test_a_saved_plan_that_fits_is_the_plan() -> None:
    plan = build_plan(DESIRED, observe(OBSERVED))
    assert still_fitting(saved(observe(OBSERVED)), plan, observe(OBSERVED)).actions == plan.actions


def test_changes_to_anything_else_do_not_matter() -> None:
    other = {**OBSERVED, "files": [*OBSERVED["files"], {"id": 99, "name": "z.csv"}]}
    now = observe(other)
    assert still_fitting(saved(observe(OBSERVED)), build_plan(DESIRED, now), now).actions


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"project": {"status": "deploying", "workers_count": 2}}, "`status` was 'running'"),
        ({"pipelines": []}, "is gone"),
        ({"files": [{"id": 8, "name": "d1-7.csv", "content": "q"}]}, "has changed|is gone"),
    ],
)
def test_a_saved_plan_is_stale_when_its_objects_have_moved(
    told: dict[str, object], words: str
) -> None:
    now = observe({**OBSERVED, **told})
    with pytest.raises(StalePlan, match=words):
        still_fitting(saved(observe(OBSERVED)), build_plan(DESIRED, now), now)


def test_a_saved_plan_is_stale_when_it_is_done() -> None:
    document, now = saved(observe({})), observe({"project": {"status": "running"}})
    with pytest.raises(StalePlan, match="is not needed any more"):
        still_fitting(document, build_plan(DESIRED, now), now)


def test_a_saved_plan_is_stale_when_what_it_needs_has_moved() -> None:
    document = declare({"name": "shop", "datasets": {"d.csv": {"content": "x"}}})
    running, idle = observe({"project": {"status": "running"}}), observe({"project": {}})
    kept = to_saved(build_plan(document, running), document, PlanOptions())
    with pytest.raises(
        StalePlan, match=r"project\.shop: `status` was .running. and is .undeployed."
    ):
        still_fitting(kept, build_plan(document, idle), idle)
