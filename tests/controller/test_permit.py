"""What a controller may do alone, by plan, settings and time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from auger_reconcile.address import Address
from auger_reconcile.controller.permit import Decision, is_asked_by_files, permit
from auger_reconcile.controller.settings import Target
from auger_reconcile.diagnostics import Diagnostic, Severity
from auger_reconcile.planner.estimate import Estimate
from auger_reconcile.planner.plan import Action, Effect, Objection, Plan
from auger_reconcile.resources._base import Verb
from auger_reconcile.resources._deployment import ModelObject

NOON = datetime(2026, 11, 27, 12, tzinfo=timezone.utc)  # a Friday
START = Estimate(unknown=1, limit=3600.0)


def make_plan(*verbs: Verb, **more: Any) -> Plan:
    actions = tuple(
        Action(
            str(number),
            Address("p", "experiment", f"e{number}"),
            verb,
            f"e{number}",
            "because",
            estimate=START if verb is Verb.START else None,
        )
        for number, verb in enumerate(verbs)
    )
    return Plan("http://hub", "acme", 1, "d", actions, **more)


def decide(plan: Plan, *, drift: bool = False, approved: bool = False, **settings: Any) -> Any:
    target = Target(url="https://git/x.git", **settings)
    return permit(plan, target, NOON, is_drift=drift, is_approved=approved)


def test_what_is_allowed_is_applied() -> None:
    assert decide(make_plan(Verb.CREATE, Verb.START)).verdict is Decision.APPLY


def test_a_delete_is_asked_for_and_an_approval_lets_it_pass() -> None:
    found = decide(make_plan(Verb.CREATE, Verb.DELETE))
    assert found.verdict is Decision.ASK
    assert found.reasons == ("1 to delete, which is not among `allow`",)
    assert decide(make_plan(Verb.DELETE), approved=True).verdict is Decision.APPLY


@pytest.mark.parametrize(
    ("plan", "settings", "reason"),
    [
        (make_plan(Verb.DELETE), {"allow": ["delete"]}, "1 to delete, the limit is 0"),
        (make_plan(Verb.START), {"limits": {"minutes": 30}}, "up to 60 minutes, the limit is 30"),
    ],
)
def test_what_is_beyond_a_limit_is_asked_for(
    plan: Plan, settings: dict[str, Any], reason: str
) -> None:
    found = decide(plan, **settings)
    assert found.verdict is Decision.ASK
    assert reason in found.reasons[0]


@pytest.mark.parametrize(
    ("settings", "is_open"),
    [
        ({"windows": [{"days": ["fri"], "from": "08:00", "to": "18:00"}]}, True),
        ({"windows": [{"days": ["mon"]}]}, False),
        ({"windows": [{"from": "22:00", "to": "06:00"}]}, False),
        ({"windows": [{"from": "22:00", "to": "13:00", "days": ["thu"]}]}, True),
        ({"windows": [{"from": "13:00", "timezone": "Europe/Berlin"}]}, True),
        ({"pause_until": "2026-12-24T00:00:00Z"}, False),
        ({"pause_until": "2026-11-24T00:00:00Z"}, True),
    ],
)
def test_outside_of_its_windows_a_plan_waits(settings: dict[str, Any], is_open: bool) -> None:
    expected = Decision.APPLY if is_open else Decision.WAIT
    assert decide(make_plan(Verb.CREATE), **settings).verdict is expected
    approved = decide(make_plan(Verb.CREATE), approved=True, **settings)
    assert approved.verdict is expected, "an approval opens no window"


def test_drift_is_healed_where_that_is_wanted() -> None:
    assert decide(make_plan(Verb.CREATE), drift=True).verdict is Decision.ASK
    assert decide(make_plan(Verb.CREATE), drift=True, heal=True).verdict is Decision.APPLY


def test_a_refused_plan_is_refused_whoever_approves() -> None:
    refusal = Diagnostic(Severity.ERROR, "policy", "policy `x` denies this", label="no")
    plan = make_plan(Verb.CREATE, refusals=(refusal,))
    assert decide(plan, approved=True).verdict is Decision.REFUSE


def test_a_policy_that_requires_approval_is_asked_for() -> None:
    plan = make_plan(Verb.CREATE)
    plan = replace(plan, objections=(Objection("look", Effect.REQUIRE_APPROVAL, "look"),))
    assert decide(plan).reasons == ("policy `look` requires approval",)


def test_a_retraining_and_what_follows_from_it_is_no_drift() -> None:
    start, create, delete = make_plan(Verb.START, Verb.CREATE, Verb.DELETE).actions
    start = replace(start, reason="retrain: accuracy 0.6 below 0.8")
    create = replace(create, depends_on=(start.id,))
    plan = Plan(
        "http://hub", "acme", 1, "d", (start, create, replace(delete, depends_on=(create.id,)))
    )
    assert is_asked_by_files(plan)
    assert not is_asked_by_files(replace(plan, actions=(*plan.actions, delete)))
    assert not is_asked_by_files(make_plan(Verb.START))


def test_the_steps_of_a_rollout_are_no_drift() -> None:
    create, delete = make_plan(Verb.CREATE, Verb.DELETE).actions
    promote = replace(create, reason="promote: shadow for 1d is over: no actuals yet")
    taken = replace(delete, depends_on=(promote.id,))
    assert is_asked_by_files(Plan("http://hub", "acme", 1, "d", (promote, taken)))
    gone = ModelObject("T2", "T2", "prod", "ready", "R2", 0.9, None, verdict="0.71 below 0.8")
    abort = replace(delete, object=gone)
    assert is_asked_by_files(Plan("http://hub", "acme", 1, "d", (abort,)))
    plain = replace(delete, object=replace(gone, verdict=None))
    assert not is_asked_by_files(Plan("http://hub", "acme", 1, "d", (plain,)))
