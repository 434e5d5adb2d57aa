"""Run `auger graph`: print the plan as a graph in DOT or Mermaid. Only reads."""

from __future__ import annotations

from typing import Any

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import plan_options
from auger_reconcile.cli.run import READING, read_files


@command(example="auger graph --format mermaid")
@plan_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["dot", "mermaid"]),
    default="dot",
    show_default=True,
    help="The language: Graphviz's (`| dot -Tsvg`), or that of Markdown in pull requests.",
)
def graph(invocation: Invocation, *, form: str, **given: Any) -> ExitCode:
    """Draw the plan: every resource with what happens to it, and what needs what."""
    from auger_reconcile.cli.views.plan.graph import graph_to_json, render_dot, render_mermaid
    from auger_reconcile.cli.views.words import uncovered

    with invocation.workspace() as workspace:
        options = read_files(invocation, workspace, **given)
        with invocation.busy_with(READING):
            plan = workspace.plan(options, compares=False)
    for line in uncovered(plan.coverage):
        invocation.note(f"{line}\n")
    if invocation.as_json:
        invocation.show_json(graph_to_json(plan))
    else:
        invocation.show(render_dot(plan) if form == "dot" else render_mermaid(plan))
    return ExitCode.DONE
