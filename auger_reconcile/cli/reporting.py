"""Write the report of a run in the form that was asked for, on stdout or into a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.path import STANDARD, FilePath

if TYPE_CHECKING:
    from auger_reconcile.api.runs.report import Report

F = TypeVar("F", bound=Callable[..., Any])

out_option = click.option(
    "--out", type=FilePath(), metavar="FILE", help="File to write to, not stdout."
)


def report_options(function: F) -> F:
    """Add the options that say in which form a report is written, and where."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "html", "markdown", "json"]),
        default="text",
        help="`html` is one page that needs nothing else, `markdown` a model card.",
    )(out_option(function))


def write_report(invocation: Invocation, found: Report, form: str, out: Path | None) -> None:
    """Write a report."""
    from auger_reconcile.cli.views.run import report as views

    if invocation.as_json or form == "json":
        text = views.render_report_json(found)
    elif form == "html":
        text = views.render_report_html(found)
    else:
        is_card = form == "markdown"
        render = views.render_report_markdown if is_card else views.render_report_text
        text = "\n".join(render(found)) + "\n"
    write_out(invocation, text, out)


def write_out(invocation: Invocation, text: str, out: Path | None) -> None:
    """Write a text on stdout, or into a file and say so."""
    if out is None or out == STANDARD:
        invocation.show(text)
    else:
        out.write_text(click.unstyle(text), encoding="utf-8")
        invocation.note(f"Wrote {out}.")
