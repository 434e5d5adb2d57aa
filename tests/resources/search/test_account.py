from typing import Any

import pytest

from auger_reconcile.resources.search.account import (
    EMPTY,
    Account,
    Expected,
    Failure,
    Notice,
    account_from_wire,
    notices_from_wire,
)

EXPECTED = {"best": 0.97, "score": 0.95, "low": 0.9, "high": 0.98, "level": 0.95, "trials": 20}
NOTICE = {"code": "few-folds", "column": None, "count": 3, "text": "3 instead of 5 folds."}


def failed(uid: str, algorithm: str, error: str | None) -> dict[str, Any]:
    return {uid: {"algorithm_name": f"a.b.{algorithm}", "error": error}}


def run(status: str = "completed", **settings: Any) -> dict[str, Any]:
    return {"id": "r", "status": status, "model_settings": settings}


def test_a_run_tells_what_to_expect_its_notices_and_its_trials() -> None:
    told = run(expected=EXPECTED, notices=[NOTICE], total_evaluations=12, completed_evaluations=14)
    account = account_from_wire(told)
    assert account.expected == Expected(0.97, 0.95, 0.9, 0.98)
    assert account.notices == (Notice("few-folds", "3 instead of 5 folds.", None, 3),)
    assert (account.asked, account.done, account.failed) == (12, 14, 0)
    assert account.trials == "12 asked, 14 scored"


def test_failed_trials_are_grouped_by_their_reason_the_commonest_first() -> None:
    late = "stopped after 60 seconds, the limit of one trial"
    account = account_from_wire(
        run(
            error_trials=[failed("A", "Ridge", "ValueError: huge\nmore")],
            timeouts=[failed("B", "SVC", late), failed("C", "MLP", late)],
            timeouts_count=2,
            error_trials_count=4,
            total_evaluations=9,
            completed_evaluations=9,
        )
    )
    assert account.failures == (
        Failure(late, ("SVC", "MLP"), 2),
        Failure("ValueError: huge", ("Ridge",), 1),
    )
    assert account.trials == (
        f"9 asked, 3 scored, 2 failed: {late}, 1 failed: ValueError: huge, 3 more failed"
    )


def test_why_a_run_failed_is_told_of_a_failed_run_alone() -> None:
    why = {"errors": {"error": "no number"}}
    assert account_from_wire(run("error", **why)).error == "no number"
    assert account_from_wire({**run("error"), "error_message": "as told"}).error == "as told"
    assert account_from_wire({**run("started"), "message": "waits for room"}).error is None


@pytest.mark.parametrize(
    "settings",
    [
        None,
        {},
        {"expected": {"score": "high"}, "notices": "none", "timeouts": {"A": 1}},
        {"notices": [1, {"code": "x"}, {"text": ""}], "error_trials": [3], "expected": [1]},
    ],
)
def test_a_hub_that_tells_nothing_or_something_else_leaves_it_empty(settings: Any) -> None:
    assert (
        account_from_wire({"id": "r", "status": "completed", "model_settings": settings}) == EMPTY
    )


def test_notices_of_a_data_set_are_in_its_statistics() -> None:
    assert notices_from_wire({"notices": [NOTICE]})[0].to_json() == NOTICE
    assert notices_from_wire(None) == ()


def test_what_json_tells_is_read_back_as_it_was() -> None:
    account = Account(
        Expected(0.9, 0.8, 0.7, 0.85),
        (Notice("a", "b", "c", 2),),
        5,
        4,
        1,
        (Failure("late", ("SVC",), 1),),
        "odd",
    )
    assert Account.from_json(account.to_json()) == account
