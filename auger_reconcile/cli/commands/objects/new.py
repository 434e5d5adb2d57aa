"""Run `auger new`: make the folder of a new project."""

from __future__ import annotations

from pathlib import Path

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.path import quote_path

TYPES = click.Choice(["classification", "regression", "timeseries"])


@command(example="auger new churn --source churn.csv --target churned")
@click.argument("name")
@click.option("--source", default="", metavar="FILE|URL", help="The data to learn from.")
@click.option(
    "--model-type", type=TYPES, help="What is to be learned; by default what the data suggests."
)
@click.option(
    "--target",
    default="",
    metavar="COLUMN",
    help="The column to predict; by default one that the data suggests.",
)
def new(
    invocation: Invocation, *, name: str, source: str, model_type: str | None, target: str
) -> None:
    """Make a folder with a commented auger.yaml to begin with.

    A local SOURCE is looked at: the target, what is to be learned, the metric, the column of times
    and columns to leave out are proposed, each with its reason beside it in the file.
    """
    from auger_reconcile.api.files.scaffold import make_project

    with invocation.busy_with("Looking at the data"):
        made = make_project(
            Path(),
            name,
            source=source,
            model_type=model_type or "",
            target=target,
            hub=invocation.hub or "",
        )
    if invocation.as_json:
        invocation.show_json(made.to_json())
        return
    from auger_reconcile.cli.views.schema import notice_lines, proposal_lines

    for line in proposal_lines(made):
        invocation.show(line)
    invocation.show(f"Made {made.path}. What comes next:")
    invocation.show(f"cd {quote_path(made.path.parent)} && auger plan")
    for line in notice_lines(made.look.notices if made.look else ()):
        invocation.tell(line)
