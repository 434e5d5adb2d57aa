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
    "--model-type",
    type=TYPES,
    default="classification",
    show_default=True,
    help="What is to be learned.",
)
@click.option("--target", default="", metavar="COLUMN", help="The column to predict.")
def new(invocation: Invocation, *, name: str, source: str, model_type: str, target: str) -> None:
    """Make a folder with a commented auger.yaml to begin with."""
    from auger_reconcile.api.scaffold import make_project

    path = make_project(
        Path(),
        name,
        source=source,
        model_type=model_type,
        target=target,
        hub=invocation.hub or "",
    )
    if invocation.as_json:
        invocation.show_json({"path": str(path)})
    else:
        invocation.show(f"Made {path}. What comes next:")
        invocation.show(f"cd {quote_path(path.parent)} && auger plan")
