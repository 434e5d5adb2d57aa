"""Render rules over plans, and what came of their cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.words import count_of

if TYPE_CHECKING:
    from auger_reconcile.policy.cases import Tried
    from auger_reconcile.policy.rule import Rule


def render_cases(tried: Sequence[Tried], rules: Sequence[Rule], *, color: bool) -> str:
    """Return a line a case, how those differ that are not as expected, and the counts."""
    lines = [line for one in tried for line in _case(one, color=color)]
    failed = sum(1 for one in tried if not one.is_good)
    counts = f"{count_of(len(rules), 'policy' if len(rules) == 1 else 'policie')}"
    told = f"{count_of(len(tried), 'case')} of {counts}, {failed} failed."
    untried = {rule.name for rule in rules} - {name for one in tried for name in one.case.expected}
    if untried:
        names = ", ".join(plain(name) for name in sorted(untried))
        told += f" No case expects: {names}."
    return "\n".join([*lines, told]) + "\n"


def _case(one: Tried, *, color: bool) -> Iterator[str]:
    word, foreground = ("ok", "green") if one.is_good else ("FAILED", "red")
    shown = click.style(f"{word:6}", fg=foreground) if color else f"{word:6}"
    place = "" if one.is_good else f"  ({plain(one.case.place)})"
    yield f"{shown}  {plain(one.case.name)}{place}"
    for difference in () if one.is_good else one.differences():
        yield f"{'':8}{plain(difference)}"


def tried_to_json(one: Tried) -> dict[str, Any]:
    """Return what came of a case."""
    return {
        "name": one.case.name,
        "place": one.case.place,
        "ok": one.is_good,
        "expected": {name: effect.value for name, effect in one.case.expected.items()},
        "found": {name: effect.value for name, effect in one.found.items()},
        "differences": list(one.differences()),
    }


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """Return a rule as a row."""
    place = f"{rule.span.path}:{rule.span.line}" if rule.span else ""
    return {"name": rule.name, "effect": rule.effect.value, "place": place}
