"""Run `auger lineage`: show what a prediction or a model comes from. Only reads."""

from __future__ import annotations

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import complete_by
from auger_reconcile.cli.run import READING, open_context


@command(example="auger lineage production")
@click.argument("asked", metavar="PREDICTION|MODEL", shell_complete=complete_by("model"))
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "dot", "mermaid")),
    default="text",
    show_default=True,
    help="A tree, data, or a picture: Graphviz's (`| dot -Tsvg`), or that of Markdown.",
)
def lineage(invocation: Invocation, *, asked: str, form: str) -> None:
    """Show what a prediction or a model comes from.

    From the prediction to its model, trial, run, experiment and data with the hash of its content,
    and the applies that made them, with commit and user. MODEL is an id, or the name of a model in
    auger.yaml.
    """
    from auger_reconcile.api.model import Model
    from auger_reconcile.cli.views.lineage import lineage_to_dot, lineage_to_mermaid, render_tree

    with open_context(invocation) as context, invocation.busy_with(READING):
        found = Model(context).lineage(asked)
    match "json" if invocation.as_json else form:
        case "json":
            invocation.show_json(found.to_json())
        case "dot":
            invocation.show(lineage_to_dot(found))
        case "mermaid":
            invocation.show(lineage_to_mermaid(found))
        case _:
            invocation.show(render_tree(found))
