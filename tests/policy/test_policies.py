"""Rules over plans: read from folders, judged, and tried with cases."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from auger_reconcile.address import Address
from auger_reconcile.api.plans.policies import find_folders, try_cases
from auger_reconcile.applier.apply import refusals_of
from auger_reconcile.errors import ConfigError
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.policy.judge import gather_facts, judge
from auger_reconcile.policy.read import read_rules
from auger_reconcile.resources._base import Verb
from auger_reconcile.state import DesiredState

EXAMPLES = Path(__file__).parents[2] / "examples" / "policies"
FRIDAY = datetime(2026, 11, 27, 12, tzinfo=timezone.utc)
RULE = "policies: {{x: {{effect: {0}, each: {1}, when: {2}, message: no}}}}\n"


def make_plan() -> Plan:
    actions = (
        Action("1", Address("churn", "dataset", "old.csv"), Verb.DELETE, "old.csv", "pruned"),
        Action("2", Address("churn", "dataset", "new.csv"), Verb.CREATE, "new.csv", "not there"),
    )
    return Plan("http://hub", "acme", 1, "digest", actions)


def judged(folder: Path, *, approved: tuple[str, ...] = ()) -> Plan:
    plan = make_plan()
    scene = gather_facts(plan, DesiredState({}), env="prod", now=FRIDAY)
    return judge(plan, read_rules([folder]), scene, approved=approved)


def write(folder: Path, text: str, name: str = "rules.yaml") -> Path:
    (folder / name).write_text(text)
    return folder


def test_what_a_rule_denies_refuses_the_plan_at_the_address_it_is_about(tmp_path: Path) -> None:
    write(tmp_path, RULE.format("deny", "action", """'action.action == "delete"'"""))
    plan = judged(tmp_path)
    (refusal,) = plan.refusals
    assert refusal.address == "dataset.old.csv"
    assert refusal.label == "dataset.old.csv: no"
    assert refusal.span is not None
    assert refusal.span.line == 1
    assert plan.actions == make_plan().actions


def test_what_a_rule_warns_of_is_told_and_done(tmp_path: Path) -> None:
    write(tmp_path, RULE.format("warn", "plan", """'now.getDayOfWeek("UTC") == 5'"""))
    plan = judged(tmp_path)
    assert [item.label for item in plan.diagnostics] == ["no"]
    assert refusals_of(plan) == ()


def test_a_required_approval_holds_the_plan_until_it_is_given_by_name(tmp_path: Path) -> None:
    write(tmp_path, RULE.format("require_approval", "plan", """'env == "prod"'"""))
    plan = judged(tmp_path)
    assert (plan.refusals, plan.unapproved) == ((), ("x",))
    assert [item.hint for item in refusals_of(plan)] == ["auger apply --approve x"]
    assert refusals_of(judged(tmp_path, approved=("x",))) == ()


def test_a_rule_that_cannot_be_evaluated_denies(tmp_path: Path) -> None:
    write(tmp_path, RULE.format("warn", "plan", "plan.nothing.here == 1"))
    (refusal,) = judged(tmp_path).refusals
    assert refusal.label is not None
    assert "cannot be evaluated" in refusal.label


def test_an_expression_that_is_neither_true_nor_false_denies(tmp_path: Path) -> None:
    write(tmp_path, RULE.format("warn", "plan", "1 + 1"))
    assert "neither true nor false" in str(judged(tmp_path).refusals[0].label)


def test_rules_in_python_take_what_they_name_and_say_what_they_object_to(tmp_path: Path) -> None:
    code = "def deny_it(plan, env):\n    yield plan['actions'][0]['address'], env\n"
    (refusal,) = judged(write(tmp_path, code, "rules.py")).refusals
    assert (refusal.address, refusal.label) == ("dataset.old.csv", "dataset.old.csv: prod")
    code = "def require_approval_it():\n    return 'look'\ndef deny_nothing():\n    pass\n"
    assert judged(write(tmp_path, code, "rules.py")).unapproved == ("it",)


def test_a_rule_in_python_that_raises_denies_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, "def warn_it(plan):\n    return plan['nothing']\n", "rules.py")
    (refusal,) = judged(tmp_path).refusals
    assert "KeyError: 'nothing' (line 2)" in str(refusal.label)


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("r.yaml", RULE.format("deny", "plan", "'a =='"), "bad-expression"),
        ("r.yaml", RULE.format("forbid", "plan", "'true'"), "wrong-value"),
        ("r.yaml", "policies: {x: {effect: deny, wen: a}}\n", "unknown-field"),
        ("r.yaml", "policies: {x: 1}\n", "wrong-type"),
        ("r.yaml", "rules: {}\n", "wrong-type"),
        ("r.py", "def deny_x(:\n", "broken-policy"),
        ("r.py", "1 / 0\n", "broken-policy"),
        ("r.py", "def deny_x(planned):\n    pass\n", "broken-policy"),
    ],
)
def test_what_is_no_rule_is_told_at_its_place(
    tmp_path: Path, name: str, text: str, code: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read_rules([write(tmp_path, text, name)])
    found = caught.value.diagnostics
    assert code in [item.code for item in found]
    assert all(item.span and item.span.path.endswith(name) for item in found)


def test_two_rules_of_one_name_are_told(tmp_path: Path) -> None:
    write(tmp_path, RULE.format("deny", "plan", "'true'"), "a.yaml")
    write(tmp_path, RULE.format("warn", "plan", "'true'"), "b.yaml")
    with pytest.raises(ConfigError, match="two policies of one name"):
        read_rules([tmp_path])


def test_rules_are_looked_for_up_to_the_repositorys_own_folder(tmp_path: Path) -> None:
    inner = tmp_path / "repository" / "churn"
    inner.mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "repository", inner, tmp_path / "named"):
        (folder / "policies").mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    named = tmp_path / "named" / "policies"
    found = find_folders([inner], {"AUGER_POLICIES": str(named)})
    expected = [inner / "policies", tmp_path / "repository" / "policies", named]
    assert list(found) == [path.resolve() for path in expected]
    (tmp_path / "repository" / ".git").rmdir()
    assert list(find_folders([inner], {})) == [(inner / "policies").resolve()]


def test_the_shipped_examples_pass_their_own_cases() -> None:
    rules, tried = try_cases(EXAMPLES, {})
    assert [line for one in tried for line in one.differences()] == []
    expected = {name for one in tried for name in one.case.expected}
    assert expected == {rule.name for rule in rules}, "each example has a case"


def test_a_case_that_is_not_as_expected_says_how(tmp_path: Path) -> None:
    write(tmp_path, RULE.format("deny", "plan", "'true'"))
    (tmp_path / "cases").mkdir()
    case = "cases: [{case: c, plan: {actions: []}, expect: {x: warn}}]\n"
    write(tmp_path / "cases", case, "c.yaml")
    _, (tried,) = try_cases(tmp_path, {}, is_exact=True)
    assert not tried.is_good
    assert list(tried.differences()) == ["`x` says deny, expected warn"]


@pytest.mark.parametrize("name", ["require_approval_large_run", "large_run", "large-runs"])
def test_a_case_that_names_no_policy_is_told_the_nearest(tmp_path: Path, name: str) -> None:
    write(tmp_path, "def require_approval_large_run(plan):\n    return False\n", "r.py")
    (tmp_path / "cases").mkdir()
    case = f"cases: [{{case: c, plan: {{}}, expect: {{{name}: deny}}}}]\n"
    write(tmp_path / "cases", case, "c.yaml")
    with pytest.raises(ConfigError) as caught:
        try_cases(tmp_path, {}, is_exact=True)
    assert [one.hint for one in caught.value.diagnostics] == ["the nearest name is `large-run`"]


def test_what_a_rule_takes_and_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_rules([write(tmp_path, "def deny_x(foo):\n    pass\n", "r.py")])
    assert "there is no `foo`" in str(caught.value.diagnostics[0].hint)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("cases: 1\n", "wrong-type"),
        ("cases: [1]\n", "wrong-type"),
        ("cases: [{case: c, plan: gone.json}]\n", "unreadable"),
        ("cases: [{case: c, plan: {}, expect: {y: deny}}]\n", "unknown-policy"),
    ],
)
def test_what_is_no_case_is_told(tmp_path: Path, text: str, code: str) -> None:
    write(tmp_path, RULE.format("deny", "plan", "'true'"))
    (tmp_path / "cases").mkdir()
    write(tmp_path / "cases", text, "c.yaml")
    with pytest.raises(ConfigError) as caught:
        try_cases(tmp_path, {}, is_exact=True)
    assert code in [item.code for item in caught.value.diagnostics]
