"""Exit codes of errors and of applies: the same cause has the same code."""

from __future__ import annotations

import pytest

from auger_reconcile.address import Address
from auger_reconcile.applier.result import ApplyResult, Outcome, Status
from auger_reconcile.cli.exit_code import ExitCode, exit_code_of, exit_code_of_apply
from auger_reconcile.errors import AugerError, HubError, NotAllowed, NotAuthenticated
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import Verb

ACTION = Action("s", Address("shop", "experiment", "e"), Verb.START, "e", "has no run")
PLAN = Plan("https://hub", "acme", 1, "digest", (ACTION,))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotAuthenticated("the token has ended"), ExitCode.NOT_AUTHENTICATED),
        (NotAllowed("this needs the role member", status=403), ExitCode.FAILED),
        (HubError("no room", status=507), ExitCode.FAILED),
    ],
)
def test_an_error_has_the_same_code_before_an_apply_and_within_it(
    error: AugerError, code: ExitCode
) -> None:
    result = ApplyResult(PLAN, (Outcome(ACTION, Status.FAILED, error=error),))
    assert exit_code_of(error) is exit_code_of_apply(result) is code


def test_a_complete_apply_is_done() -> None:
    result = ApplyResult(PLAN, (Outcome(ACTION, Status.APPLIED),))
    assert exit_code_of_apply(result) is ExitCode.DONE
