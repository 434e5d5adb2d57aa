"""Render a run and its explained trial: for a terminal, as Markdown, as a page of its own.

All three show the same sections; the page draws the curves as well, and needs no network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape

import click

from auger_reconcile.api.runs.report import Report
from auger_reconcile.api.runs.sections import Section, draw, is_right, sections_of, title_of
from auger_reconcile.cli.views.harmless import plain, without_secrets
from auger_reconcile.cli.views.plan.plan_html import POLICY, STYLE
from auger_reconcile.cli.views.table import Column, member, render_table


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
td.n { text-align: right; font-variant-numeric: tabular-nums; }
"""


def render_report_json(report: Report) -> str:
    """Return the JSON document."""
    return json.dumps(without_secrets(report.to_json()), indent=2, ensure_ascii=False) + "\n"


def _section_html(section: Section) -> str:
    lines = "".join(f"<p>{escape(plain(line))}</p>" for line in section.lines)
    drawings = "".join(map(draw, section.drawings))
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
