"""Render an explanation as text and JSON: a verdict, then the chain that leads to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from auger_reconcile.cli.views.harmless import plain, without_secrets
from auger_reconcile.cli.views.plan.gates import gate_lines, gate_table
from auger_reconcile.cli.views.plan.plan_text import change_lines
from auger_reconcile.cli.views.words import PAST
from auger_reconcile.planner.explain import Explanation, Link, to_document
from auger_reconcile.planner.plan import Action

NAME_WIDTH = 18  # columns of the names of facts


def render_explanation(explanation: Explanation, *, color: bool) -> str:
    """Return the verdict, and a paragraph for each link of the chain."""
    blocks = ["\n".join(_verdict(explanation, color=color))]
    blocks += ["\n".join(_link(link, color=color)) for link in explanation.links]
    return "\n\n".join(blocks) + "\n"


def explanation_to_json(explanation: Explanation) -> dict[str, Any]:
    """Return the JSON document, without the secrets that a URL may carry."""
    document: dict[str, Any] = without_secrets(to_document(explanation))
    return document


def _verdict(explanation: Explanation, *, color: bool) -> Iterator[str]:
    last, cause = explanation.last, explanation.cause
    address = plain(str(last.address))
    if last.actions:
        told = " and ".join(dict.fromkeys(_will_be(action) for action in last.actions))
        yield _bold(f"{address} will be {told}.", color=color)
    elif last.problems:
        yield _bold(f"{address} stays as it is: {plain(last.problems[0].summary)}.", color=color)
    else:
        yield _bold(f"{address} is as declared: there is nothing to do.", color=color)
    if cause:
        yield f"It begins with {plain(str(cause.address))}: {plain(cause.actions[0].reason)}."


def _will_be(action: Action) -> str:
    if action.replacement:
        return "replaced"
    named = f" as {plain(action.name)}" if action.name != action.address.name else ""
    return PAST[action.verb] + (named if action.verb.value == "create" else "")


def _link(link: Link, *, color: bool) -> Iterator[str]:
    yield _bold(plain(str(link.address)), color=color)
    if link.span:
        place = f"{link.span.path}:{link.span.line}:{link.span.column}"
        yield f"  {'declared at':{NAME_WIDTH}}{plain(place)}  {plain(link.span.text.strip())}"
    for name, text in link.facts.items():
        yield f"  {name:{NAME_WIDTH}}{plain(text)}"
    for action in link.actions:
        yield f"  {'-> ' + action.verb.value:{NAME_WIDTH}}{plain(action.reason)}"
        yield from change_lines(action, " " * (NAME_WIDTH + 2))
    for item in link.problems:
        yield f"  {'-> ' + item.severity.value:{NAME_WIDTH}}{plain(item.summary)}"
    if link.gate:
        table = gate_table(link.address, link.gate)
        yield f"  {'gate':{NAME_WIDTH}}{table.text}"
        yield from gate_lines(table, " " * 4)
    if not (link.actions or link.problems):
        yield "  -> nothing to do"


def _bold(text: str, *, color: bool) -> str:
    return click.style(text, bold=True) if color else text
