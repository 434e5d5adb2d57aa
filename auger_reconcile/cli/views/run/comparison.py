"""Render two runs side by side: for a terminal, and as a page of its own."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import zip_longest
from typing import Any

import click

from auger_reconcile.api.runs.comparison import ComparedRun, Comparison, Difference
from auger_reconcile.api.runs.sections import number
from auger_reconcile.cli.views.harmless import plain, without_secrets
from auger_reconcile.cli.views.plan.plan_html import POLICY, STYLE
from auger_reconcile.cli.views.run.report import MORE_STYLE
from auger_reconcile.cli.views.table import GAP, Column, member, render_table
from auger_reconcile.cli.views.words import NOTHING, count_of

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 260, 60, 30
NARROWEST = 12  # columns of a cell
Rows = list[tuple[str, str, str]]


def render_comparison_text(found: Comparison, width: int | None = None) -> Iterator[str]:
    """Yield the lines for a terminal of a width; settings that are the same are counted."""
    yield from _wrap(_title(found), width)
    if found.warning:
        yield from (click.style(line, fg="yellow") for line in _wrap(found.warning, width))
    for title, rows, rest in _tables(found):
        yield ""
        yield click.style(title, bold=True)
        columns = [
            Column("", member("0")),
            Column(found.left.board.run_id, member("1")),
            Column(found.right.board.run_id, member("2")),
        ]
        yield from render_table(columns, _lines(rows, width))
        if rest:
            yield rest


def _lines(rows: Rows, width: int | None) -> Iterator[dict[str, str]]:
    """Yield the rows as lines of cells that fit: a long one goes on in the next line."""
    names = max((len(plain(row[0])) for row in rows), default=0)
    each = None if width is None else max(NARROWEST, (width - names - 2 * len(GAP)) // 2)
    for name, *cells in rows:
        wrapped = [_wrap(cell, each) for cell in cells]
        for number_, (left, right) in enumerate(zip_longest(*wrapped, fillvalue="")):
            yield {"0": "" if number_ else plain(name), "1": left, "2": right}


def _wrap(text: str, width: int | None) -> list[str]:
    safe = plain(text)
    return [safe] if width is None else textwrap.wrap(safe, width) or [""]


def render_comparison_json(found: Comparison) -> str:
    """Return the JSON document."""
    return json.dumps(without_secrets(found.to_json()), indent=2, ensure_ascii=False) + "\n"


def render_comparison_html(found: Comparison) -> str:
    """Return a page of its own."""
    title = escape(plain(_title(found)))
    warning = f"<p><strong>{escape(plain(found.warning))}</strong></p>" if found.warning else ""
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>\n<style>{STYLE}{MORE_STYLE}{_STYLE}</style>\n</head>\n<body>",
        f"<main>\n<h1>{title}</h1>{warning}",
        _curves_html(found),
        *(_table_html(found, *one) for one in _tables(found)),
        "</main>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


_STYLE = """
svg polyline.right { stroke-dasharray: 6 4; } figure.curves { max-width: 44rem; }
"""


def _title(found: Comparison) -> str:
    return f"Runs {found.left.board.run_id} and {found.right.board.run_id}"


def _tables(found: Comparison) -> Iterator[tuple[str, Rows, str]]:
    """Yield title, rows and what was left out of each table."""
    yield "Result", _results(found), ""
    yield "Data", [_row(one) for one in found.data], ""
    different = [one for one in found.settings if not one.is_same]
    same = len(found.settings) - len(different)
    rest = f"{count_of(same, 'setting')} {'is' if same == 1 else 'are'} the same."
    rest = rest if different else "All settings are the same."
    yield "Settings", [_row(one) for one in different], rest if found.settings else ""
    environment = [one for one in found.environment if not one.is_same]
    rest = "" if environment or not found.environment else "Both were made with the same."
    if found.environment:
        yield "Made with", [_row(one) for one in environment], rest
    yield "Best of each algorithm", [_scores(one) for one in found.algorithms], ""


def _results(found: Comparison) -> Rows:
    pairs = (_result_of(found.left), _result_of(found.right))
    return [(name, pairs[0][name], pairs[1][name]) for name in pairs[0]]


def _result_of(run: ComparedRun) -> dict[str, str]:
    best, account = run.best, run.board.account
    return {
        "Experiment": run.experiment or NOTHING,
        "Status": run.board.status,
        "Metric": str(best["score_name"]) if best else NOTHING,
        "Best score": _four(best["score"]) if best else NOTHING,
        "Expect on new rows": account.expected.outlook.removeprefix("expect ")
        if account.expected
        else NOTHING,
        "Best trial": f"{best['algorithm']} ({best['id']})" if best else NOTHING,
        "Trials on the board": str(len(run.board.trials)),
        "Trials failed": str(account.failed),
        "Seconds to the best": f"{run.curve[-1][0]:.1f}" if run.curve else NOTHING,
        "Notices": "; ".join(one.text for one in account.notices) or NOTHING,
    }


def _row(one: Difference) -> tuple[str, str, str]:
    return one.name, _shown(one.left), _shown(one.right)


def _scores(one: Difference) -> tuple[str, str, str]:
    return one.name, _four(one.left), _four(one.right)


def _four(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.4f}"


def _shown(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping | Sequence | bool):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _table_html(found: Comparison, title: str, rows: Rows, rest: str) -> str:
    names = (found.left.board.run_id, found.right.board.run_id)
    head = "".join(f'<th scope="col">{escape(plain(text))}</th>' for text in ("", *names))
    body = "".join(
        f'<tr><th scope="row">{escape(plain(name))}</th>'
        f"<td>{escape(plain(left))}</td><td>{escape(plain(right))}</td></tr>"
        for name, left, right in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else ""
    label = escape(title)
    told = f"<p>{escape(rest)}</p>" if rest else ""
    wide = f'<div class="wide" tabindex="0" role="group" aria-label="{label}">{table}</div>'
    return f"<section><h2>{label}</h2>{wide if rows else ''}{told}</section>"


def _curves_html(found: Comparison) -> str:
    """Return both curves in one drawing; the dashed one is that of the second run."""
    runs = [run for run in (found.left, found.right) if run.curve]
    if not runs:
        return ""
    every = [point for run in runs for point in run.curve]
    last = max(point[0] for point in every) or 1.0
    low, high = min(p[1] for p in every), max(p[1] for p in every)
    high = high if high > low else low + 1
    bottom = HEIGHT - BOTTOM

    def place(seconds: float, score: float) -> str:
        x = LEFT + (WIDTH - LEFT - 10) * seconds / last
        y = bottom - (bottom - 20) * (score - low) / (high - low)
        return f"{x:.1f},{y:.1f}"

    lines = []
    for name, run in (("left", found.left), ("right", found.right)):
        corners: list[str] = []
        before: float | None = None
        for seconds, score in run.curve:
            corners += [place(seconds, before)] if before is not None else []
            corners.append(place(seconds, score))
            before = score
        if before is not None:
            corners.append(place(last, before))
        lines.append(f'<polyline class="{name}" points="{" ".join(corners)}"/>')
    words = (
        f"Best score so far over seconds: {found.left.board.run_id} as a line, "
        f"{found.right.board.run_id} dashed"
    )
    return (
        f'<section><h2>Score over time</h2><figure class="curves"><svg viewBox="0 0 {WIDTH} '
        f'{HEIGHT}" role="img" aria-label="{escape(plain(words))}">{"".join(lines)}'
        f'<text x="{LEFT - 6}" y="24" text-anchor="end">{number(high)}</text>'
        f'<text x="{LEFT - 6}" y="{bottom}" text-anchor="end">{number(low)}</text>'
        f'<text x="{LEFT}" y="{bottom + 20}">0 s</text>'
        f'<text x="{WIDTH - 10}" y="{bottom + 20}" text-anchor="end">{number(last)} s</text></svg>'
        f"<figcaption>{escape(plain(words))}.</figcaption></figure></section>"
    )
