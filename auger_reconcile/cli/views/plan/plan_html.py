"""Render a plan as one HTML page that needs nothing else: no network, no script.

Headings, captions and header cells tell a screen reader what the eye sees; colour tells nothing
that a word does not tell as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.plan.gates import HEADS, below_gate, gates_of
from auger_reconcile.cli.views.plan.plan_text import protection_lines
from auger_reconcile.cli.views.plan.review import (
    ReviewItem,
    duels_of,
    entries_of,
    losses_of,
    place_of,
    problems_of,
    time_of,
    title_of,
)
from auger_reconcile.cli.views.words import matches, uncovered
from auger_reconcile.planner.plan import Plan
from auger_reconcile.resources._base import Loss

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
:root { color-scheme: light dark; --line: #8884; --bad: #b42318; --calm: #57606a;
  --good: #1a7f37; --shade: #8881; }
@media (prefers-color-scheme: dark) {
  :root { --bad: #ff8a80; --calm: #9aa4af; --good: #6fdd8b; }
}
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto;
  padding: 0 1rem; background: Canvas; color: CanvasText; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
p.place { color: var(--calm); margin-top: 0; }
code { font: .92em ui-monospace, monospace; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } .wide:focus-visible { outline: 2px solid; outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .7rem .4rem 0;
  border-bottom: 1px solid var(--line); }
tbody th { font-weight: 600; min-width: 12rem; } tr.delete .verb { color: var(--bad); }
tr.create .verb { color: var(--good); } .cost { color: var(--bad); font-weight: 600; }
.alert { border-left: .3rem solid var(--bad); background: var(--shade);
  padding: .6rem 1rem; margin: 1rem 0; }
.alert h2 { margin: 0; } .verb { white-space: nowrap; }
summary { cursor: pointer; margin-top: 1.5rem; font-size: 1.1rem; font-weight: 600; }
@media print { body { max-width: none; } }
"""


def render_html(plan: Plan) -> str:
    """Return the plan as a page of its own."""
    title = f"Auger plan: {title_of(plan)}"
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
            f"<h1>{escape(title)}</h1>",
            *_about(plan),
            *_alert("What is lost", "losses", losses_of(plan)),
            *_problems(plan),
            *_duels(plan),
            *_gates(plan),
            *_entries(entries_of(plan)),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _about(plan: Plan) -> Iterator[str]:
    organization = _code(plain(plan.organization))
    yield f'<p class="place">Organization {organization} at {_code(place_of(plan))}.</p>'
    yield from (f"<p><strong>{escape(text)}</strong></p>" for text in protection_lines(plan))
    if below := below_gate(plan):
        yield from (f"<p><strong>{escape(text)}</strong></p>" for text in below)
    elif not plan.actions and not plan.refusals:
        yield f"<p>{escape(matches(plan.coverage, 'the files'))}</p>"
    if plan.actions:
        time = time_of(plan) or "there are none"
        yield f"<p><strong>Runs will take:</strong> {escape(time)}.</p>"
    if below or plan.actions:
        yield from (f"<p>{escape(text)}</p>" for text in uncovered(plan.coverage))


def _alert(title: str, name: str, texts: Iterable[str]) -> Iterator[str]:
    items = [f"<li>{escape(text)}</li>" for text in texts]
    if items:
        yield f'<section class="alert" aria-labelledby="{name}"><h2 id="{name}">{title}</h2>'
        yield f"<ul>{''.join(items)}</ul></section>"


def _problems(plan: Plan) -> Iterator[str]:
    title = "This plan cannot be applied" if plan.refusals else "Worth knowing"
    return _alert(title, "problems", (f"{kind}: {text}" for kind, text in problems_of(plan)))


def _duels(plan: Plan) -> Iterator[str]:
    rows = [
        f'<tr><th scope="row">{_code(duel.address)}</th><td>{escape(duel.champion)}</td>'
        f"<td>{escape(duel.challenger)}</td><td>{escape(duel.verdict)}</td></tr>"
        for duel in duels_of(plan)
    ]
    if rows:
        heads = ("Model", "Champion (live now)", "Challenger", "Who wins")
        yield from _table("duels", "Champion and challenger", heads, rows)


def _gates(plan: Plan) -> Iterator[str]:
    for number, table in enumerate(gates_of(plan)):
        rows = [
            f'<tr><th scope="row">{escape(first)}</th>'
            f"{''.join(f'<td>{escape(cell)}</td>' for cell in rest)}</tr>"
            for first, *rest in table.rows
        ]
        yield from _table(f"gate-{number}", f"Gate of {escape(table.address)}", HEADS, rows)
        more = f" {table.left_out:,} more are not shown." if table.left_out else ""
        yield f"<p>{escape(table.text)}.{more}</p>"


def _entries(entries: Sequence[ReviewItem]) -> Iterator[str]:
    if entries:
        heads = ("Resource", "Action", "What, and why", "If it is a mistake")
        yield from _table("actions", "What will happen", heads, map(_row, entries))
    changes = [
        f"<li>{_code(entry.address)} {escape(path)}: {escape(values)}</li>"
        for entry in entries
        for path, values in entry.changes
    ]
    if changes:
        yield f"<details><summary>Changed settings: {len(changes):,}</summary>"
        yield f"<ul>{''.join(changes)}</ul></details>"


def _row(entry: ReviewItem) -> str:
    told = "<br>".join(map(escape, entry.told))
    cost = f'<td class="cost">{entry.cost}</td>' if entry.loss is not Loss.NONE else "<td></td>"
    return (
        f'<tr class="{entry.verb.value}"><th scope="row">{_code(entry.address)}</th>'
        f'<td class="verb"><span aria-hidden="true">{escape(entry.symbols)} </span>{entry.verbs}'
        f"</td><td>{told}</td>{cost}</tr>"
    )


def _table(name: str, title: str, heads: Sequence[str], rows: Iterable[str]) -> Iterator[str]:
    yield f'<h2 id="{name}">{title}</h2>'
    yield f'<div class="wide" role="region" aria-labelledby="{name}" tabindex="0"><table>'
    cells = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    yield f"<thead><tr>{cells}</tr></thead>\n<tbody>"
    yield from rows
    yield "</tbody></table></div>"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
