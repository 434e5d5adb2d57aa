"""How long the runs of a plan will take, and what a project may spend."""

from __future__ import annotations

from typing import Any

from laws.declared import declare

from auger_reconcile.planner.build import build_plan
from auger_reconcile.planner.estimate import Estimate, add_up
from auger_reconcile.planner.plan import Plan
from auger_reconcile.planner.saved.document import plan_of, to_document

from .observed import observe

TIMES = {"started_at": "2020-01-01T00:00:00Z", "completed_at": "2020-01-01T00:10:00Z"}
SOON = "2020-01-01T00:01:00Z"
LONGER = {**TIMES, "completed_at": "2020-01-01T00:14:00Z"}


def plan(runs: list[dict[str, Any]], trials: int = 10, **head: Any) -> Plan:
    """Plan an experiment whose data changed after it had these runs of ten trials."""
    document = {
        "name": "shop",
        "datasets": {"d.csv": {"content": "new"}},
        "experiments": {"e": {"dataset": "d.csv", "max_n_trials": trials}},
        **head,
    }
    ten = {"of": "E", "settings": {"max_n_trials": 10}}
    told = {
        "project": {"status": "running"},
        "files": [{"id": 1, "name": "d.csv", "content": "old"}],
        "experiments": [{"id": "E", "name": "e", "file": 1}],
        "runs": [{**ten, "id": f"R{n}", **run} for n, run in enumerate(runs)],
    }
    return build_plan(declare(document), observe(told))


def codes(made: Plan) -> list[str]:
    return [item.code for item in made.refusals]


def test_a_run_takes_as_long_as_those_before_it() -> None:
    assert plan([{"times": TIMES}, {"times": LONGER}]).estimate == Estimate(720, 600, 840, runs=2)


def test_of_three_runs_the_middle_one_is_expected() -> None:
    three = [{"times": LONGER}, {"times": TIMES}, {"times": {**TIMES, "completed_at": SOON}}]
    assert plan(three).estimate == Estimate(600, 60, 840, runs=3)
    assert plan([*three, {"times": TIMES}]).estimate == Estimate(600, 60, 840, runs=4)


def test_only_the_start_takes_time() -> None:
    told = {action.verb.value: action.estimate for action in plan([{"times": TIMES}]).actions}
    assert told == {"create": None, "start": Estimate(600, 600, 600, runs=1)}


def test_runs_that_took_no_time_take_none() -> None:
    nothing = Estimate(0.0, 0.0, 0.0, runs=1)
    assert add_up([nothing, None, nothing]) == Estimate(0.0, 0.0, 0.0, runs=2)


def test_a_run_like_no_other_is_unknown_within_its_limit() -> None:
    assert plan([{"times": TIMES}], trials=20).estimate == Estimate(unknown=1, limit=3600)


def test_an_interrupted_run_tells_nothing_of_the_time() -> None:
    stopped = {"times": TIMES, "status": "interrupted"}
    assert plan([stopped]).estimate == Estimate(unknown=1, limit=3600)


def test_a_plan_without_runs_takes_no_time_that_is_worth_a_word() -> None:
    assert plan([], experiments={}).estimate is None


def test_several_runs_add_up() -> None:
    more = {"e": {"dataset": "d.csv", "max_n_trials": 10}, "f": {"dataset": "d.csv"}}
    made = plan([{"times": TIMES}], experiments=more)
    assert made.estimate == Estimate(600, 600, 600, runs=1, unknown=1, limit=3600)


def test_the_document_carries_the_estimate_there_and_back() -> None:
    made = plan([{"times": TIMES}])
    document = to_document(made)
    assert document["estimate"]["seconds"] == 600
    assert plan_of(document).estimate == made.estimate
    unknown = plan([])
    assert plan_of(to_document(unknown)).estimate == unknown.estimate


def test_a_plan_within_the_budget_is_not_refused() -> None:
    assert codes(plan([{"times": TIMES}], budget_minutes=10)) == []


def test_a_plan_above_the_budget_is_refused() -> None:
    (refusal,) = plan([{"times": LONGER}], budget_minutes=10).refusals
    assert (refusal.code, refusal.label) == ("over-budget", "14 min, allowed are 10")


def test_an_unknown_run_counts_with_all_it_may_take() -> None:
    (refusal,) = plan([], budget_minutes=59).refusals
    assert refusal.label == "60 min, 1 unknown, allowed are 59"
    assert codes(plan([], budget_minutes=60)) == []
