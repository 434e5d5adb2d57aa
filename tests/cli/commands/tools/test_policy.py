"""Policies as the commands obey them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.static_hub import StaticHub

RULES = """\
policies:
  nothing-in-prod:
    effect: {effect}
    when: plan.summary.create > 0
    message: nothing is made here
"""


@pytest.fixture
def declare(empty_hub: StaticHub, folder: Path) -> StaticHub:
    (folder / "auger.yaml").write_text("name: churn\n")
    (folder / "policies").mkdir()
    return empty_hub


def write_rule(folder: Path, effect: str) -> None:
    (folder / "policies" / "rules.yaml").write_text(RULES.format(effect=effect))


def changes(hub: StaticHub) -> list[str]:
    return [request for request in hub.asked if not request.startswith("GET")]


def test_a_denied_plan_is_shown_and_not_applied(
    declare: StaticHub, folder: Path, user: User
) -> None:
    write_rule(folder, "deny")
    assert user.run("plan").code == 1
    answer = user.run("apply", "--auto-approve")
    assert answer.code == 1
    assert "policy `nothing-in-prod` denies this" in answer.err
    assert "policies/rules.yaml:2" in answer.err
    assert changes(declare) == []
    answer = user.run("project", "create", "churn")
    assert answer.code == 1
    assert changes(declare) == []


def test_a_plan_that_needs_an_approval_is_applied_with_it_alone(
    declare: StaticHub, folder: Path, user: User
) -> None:
    write_rule(folder, "require_approval")
    assert user.run("plan").code == 0
    held = user.run("apply", "--auto-approve")
    assert held.code == 1
    assert "auger apply --approve nothing-in-prod" in held.err
    assert changes(declare) == []
    other = user.run("apply", "--auto-approve", "--approve", "nothing-in-prd")
    assert "there is `nothing-in-prod`" in other.err
    user.run("apply", "--auto-approve", "--approve", "nothing-in-prod")
    assert "POST projects" in changes(declare)


def test_a_saved_plan_keeps_what_policies_said_and_is_judged_again(
    declare: StaticHub, folder: Path, user: User
) -> None:
    write_rule(folder, "require_approval")
    user.run("plan", "--out", "plan.json")
    assert json.loads((folder / "plan.json").read_text())["policies"][0]["effect"] == (
        "require_approval"
    )
    assert user.run("apply", "plan.json").code == 1
    write_rule(folder, "deny")
    assert "denies this" in user.run("apply", "plan.json").err
    (folder / "policies" / "rules.yaml").unlink()
    assert user.run("apply", "plan.json").code == 1, "what it was saved with still counts"
    assert changes(declare) == []


def test_a_warning_is_told_in_the_plan_and_in_its_json(
    declare: StaticHub, folder: Path, user: User
) -> None:
    write_rule(folder, "warn")
    assert "nothing is made here" in user.run("plan").err
    told = json.loads(user.run("plan", "--json").out)["policies"]
    assert told[0]["policy"] == "nothing-in-prod"


def test_validate_reads_the_policies_too(declare: StaticHub, folder: Path, user: User) -> None:
    write_rule(folder, "forbid")
    answer = user.run("validate")
    assert answer.code == 1
    assert "policies/rules.yaml:3" in answer.err


def test_cases_are_tried_by_a_command(declare: StaticHub, folder: Path, user: User) -> None:
    write_rule(folder, "deny")
    (folder / "policies" / "cases").mkdir()
    case = folder / "policies" / "cases" / "c.yaml"
    case.write_text("cases: [{case: made, plan: {actions: []}, expect: {nothing-in-prod: deny}}]\n")
    failed = user.run("policy", "test")
    assert failed.code == 1
    assert "`nothing-in-prod` says nothing, expected deny" in failed.out
    case.write_text(
        "cases: [{case: made, plan: {actions: [{address: project.x}]}, "
        "expect: {nothing-in-prod: deny}}]\n"
    )
    assert user.run("policy", "test").code == 0
    assert json.loads(user.run("policy", "test", "--json").out)[0]["ok"] is True
    assert "nothing-in-prod" in user.run("policy", "list").out
