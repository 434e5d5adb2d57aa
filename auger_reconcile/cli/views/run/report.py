"""Render a run and its explained trial: for a terminal, as Markdown, as a page of its own.

All three show the same sections; the page draws the curves as well, and needs no network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape

import click

from auger_reconcile.api.runs.report import Report
from auger_reconcile.cli.views.harmless import plain, without_secrets
from auger_reconcile.cli.views.plan.plan_html import POLICY, STYLE
from auger_reconcile.cli.views.run.report_sections import (
    Drawing,
    Point,
    Section,
    is_right,
    number,
    sections_of,
    title_of,
)
from auger_reconcile.cli.views.table import Column, member, render_table

WIDTH, HEIGHT, EDGE = 320, 220, 36


def render_report_text(report: Report) -> Iterator[str]:
    """Yield the lines for a terminal."""
    yield click.style(plain(title_of(report)), bold=True)
    for section in sections_of(report):
        if not (section.lines or section.rows):
            continue
        yield ""
        yield click.style(section.title, bold=True)
        yield from (plain(line) for line in section.lines)
        columns = [
            Column(heading, member(str(place)), is_number=is_right(section, place))
            for place, heading in enumerate(section.headings)
        ]
        rows = [{str(n): cell for n, cell in enumerate(row)} for row in section.rows]
        yield from render_table(columns, rows)


def render_report_markdown(report: Report) -> Iterator[str]:
    """Yield the lines of a model card."""
    yield f"# {_cell(title_of(report))}"
    for section in sections_of(report):
        if not (section.lines or section.rows):
            continue
        yield from ("", f"## {section.title}", "")
        for line in section.lines:
            yield f"- {_cell(line)}"
        if section.rows:
            yield ""
            yield f"| {' | '.join(map(_cell, section.headings))} |"
            yield f"|{' --- |' * len(section.headings)}"
            yield from (f"| {' | '.join(map(_cell, row))} |" for row in section.rows)


def _cell(text: str) -> str:
    safe = plain(text).replace("\\", "\\\\")
    for sign in "|<>*_`[]":
        safe = safe.replace(sign, f"\\{sign}")
    return safe


def render_report_html(report: Report) -> str:
    """Return a page of its own."""
    title = escape(plain(title_of(report)))
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>\n<style>{STYLE}{MORE_STYLE}</style>\n</head>\n<body>\n<main>",
        f"<h1>{title}</h1>",
        *(_section_html(section) for section in sections_of(report)),
        "</main>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


MORE_STYLE = """
.drawings { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr));
  gap: 1rem; margin: 1rem 0; }
figure { margin: 0; } figcaption { font-size: .9rem; } svg { width: 100%; height: auto; }
svg polyline { fill: none; stroke: currentColor; stroke-width: 2; }
svg rect { fill: none; stroke: var(--line); } svg circle { fill: currentColor; opacity: .5; }
svg text { fill: var(--calm); font-size: 11px; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
"""


def render_report_json(report: Report) -> str:
    """Return the JSON document."""
    return json.dumps(without_secrets(report.to_json()), indent=2, ensure_ascii=False) + "\n"


def _section_html(section: Section) -> str:
    lines = "".join(f"<p>{escape(plain(line))}</p>" for line in section.lines)
    drawings = "".join(map(_drawing_html, section.drawings))
    drawn = f'<div class="drawings">{drawings}</div>' if drawings else ""
    return (
        f"<section><h2>{escape(section.title)}</h2>{lines}{_table_html(section)}{drawn}</section>"
    )


def _table_html(section: Section) -> str:
    if not section.rows:
        return ""
    head = "".join(f'<th scope="col">{escape(plain(text))}</th>' for text in section.headings)
    numbers = [is_right(section, place) for place in range(len(section.headings))]
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=n' if is_number else ''}>{escape(plain(cell))}</td>"
            for cell, is_number in zip(row, numbers, strict=True)
        )
        + "</tr>"
        for row in section.rows
    )
    label = escape(section.title)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="wide" tabindex="0" role="group" aria-label="{label}">{table}</div>'


def _drawing_html(drawing: Drawing) -> str:
    if not drawing.points:
        return ""
    every = [*drawing.points, *drawing.dots]
    left, right = _range([float(one[0]) for one in every])
    low, high = _range([float(one[1]) for one in every])

    def place(one: Point) -> tuple[float, float]:
        return (
            EDGE + (WIDTH - 2 * EDGE) * (float(one[0]) - left) / (right - left),
            HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (float(one[1]) - low) / (high - low),
        )

    line = [place(one) for one in drawing.points] if drawing.is_line else []
    dots = [place(one) for one in (drawing.dots if drawing.is_line else drawing.points)]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
    shape = f'<polyline points="{corners}"/>' if line else ""
    shape += "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in dots)
    first, last = drawing.ends or (number(left), number(right))
    bottom = HEIGHT - EDGE
    title = escape(plain(drawing.title))
    return (
        f'<figure><figcaption>{title}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{title}"><rect x="{EDGE}" y="{EDGE}" width="{WIDTH - 2 * EDGE}" '
        f'height="{HEIGHT - 2 * EDGE}"/>{shape}'
        f'<text x="{EDGE}" y="{bottom + 14}">{escape(plain(first))}</text>'
        f'<text x="{WIDTH - EDGE}" y="{bottom + 14}" text-anchor="end">{escape(plain(last))}</text>'
        f'<text x="{WIDTH / 2}" y="{bottom + 28}" text-anchor="middle">'
        f"{escape(plain(drawing.x))}</text>"
        f'<text x="{EDGE}" y="{EDGE - 6}">{number(high)} {escape(plain(drawing.y))}</text>'
        f'<text x="{EDGE - 4}" y="{bottom}" text-anchor="end">{number(low)}</text></svg></figure>'
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 1, high + 1)
