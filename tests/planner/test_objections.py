"""What policies say of a plan, as data of the plan."""

from __future__ import annotations

from dataclasses import replace

from auger_reconcile.planner.plan import Effect, Objection, Plan

LOOK = Objection("look", Effect.REQUIRE_APPROVAL, "a live model goes", "model.production")
PLAN = Plan("http://hub", "acme", 1, "digest")


def test_a_required_approval_is_open_until_it_is_given() -> None:
    plan = replace(PLAN, objections=(LOOK, LOOK, Objection("w", Effect.WARN, "told")))
    assert plan.unapproved == ("look",)
    assert replace(PLAN, objections=(LOOK._replace(is_approved=True),)).unapproved == ()


def test_the_approval_of_one_plan_does_not_travel_with_its_document() -> None:
    told = LOOK._replace(is_approved=True).to_json()
    assert told["approved"] is True
    assert Objection.from_json(told) == LOOK
