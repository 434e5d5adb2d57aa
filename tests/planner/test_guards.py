"""The limits of the guards, to the object."""

from types import SimpleNamespace
from typing import Any

import pytest

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import Diagnostic, Severity
from auger_reconcile.planner.guards import check_guards
from auger_reconcile.planner.plan import Action
from auger_reconcile.resources._base import Verb
from auger_reconcile.state import DesiredState


def refusals(**told: Any) -> list[str]:
    return [item.code for item in forbidden(**told)]


def told(**told: Any) -> Diagnostic:
    (item,) = forbidden(**told)
    return item


def forbidden(*, gone: int, there: int, max_deletes: int | None = None) -> list[Diagnostic]:
    """Return what forbids to delete so many data sets of so many."""
    actions = [
        Action(
            id=f"delete:{number}",
            address=Address("churn", "dataset", f"{number}.csv"),
            verb=Verb.DELETE,
            name=f"{number}.csv",
            reason="declared absent",
            object=SimpleNamespace(id=number),
        )
        for number in range(gone)
    ]
    counts = {("churn", "dataset"): there}
    return list(check_guards(DesiredState({}), actions, counts, max_deletes))


@pytest.mark.parametrize(("gone", "there"), [(9, 9), (3, 10), (6, 20)])
def test_few_objects_or_a_small_share_may_go(gone: int, there: int):
    assert refusals(gone=gone, there=there) == []


@pytest.mark.parametrize(("gone", "there"), [(4, 10), (10, 10), (7, 20)])
def test_from_ten_objects_a_large_share_may_not_go(gone: int, there: int):
    assert refusals(gone=gone, there=there) == ["too-many-deletes"]


def test_the_refusals_are_told_with_what_helps() -> None:
    assert told(gone=4, there=10) == Diagnostic(
        Severity.ERROR,
        "too-many-deletes",
        "the plan deletes more than 30% of what a project has",
        label="4 of 10 data sets of `churn`",
        hint="`--max-deletes 4` allows it",
    )
    assert told(gone=4, there=10, max_deletes=3) == Diagnostic(
        Severity.ERROR,
        "too-many-deletes",
        "the plan deletes more than was allowed",
        label="4 deletes, `--max-deletes 3`",
    )


def test_as_many_as_were_allowed_may_go_and_no_more():
    assert refusals(gone=10, there=10, max_deletes=10) == []
    assert refusals(gone=11, there=11, max_deletes=10) == ["too-many-deletes"]
