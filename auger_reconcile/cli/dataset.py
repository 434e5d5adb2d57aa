"""Run `auger dataset`: list, select, create, delete and download data sets."""

from __future__ import annotations

import click

from auger_reconcile.cli.command import group
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import plan_option, select_option, yes_option
from auger_reconcile.cli.run import open_context, run_one_resource


@group(example="auger dataset list")
def dataset() -> None:
    """List, select, create, delete and download data sets.

    NAME is by default the one in auger.yaml.
    """


@dataset.command("list", example="auger dataset list")
def list_(invocation: Invocation) -> None:
    """List all data sets of the project."""
    from auger_reconcile.api.dataset import DataSet
    from auger_reconcile.cli.views.table import Column, member, moment

    columns = (
        Column("Name", member("name")),
        Column("Status", member("status")),
        Column("Rows", lambda row: (row.get("statistics") or {}).get("count"), is_number=True),
        Column(
            "Columns",
            lambda row: (row.get("statistics") or {}).get("columns_count"),
            is_number=True,
        ),
        Column("Id", member("id")),
        Column("Created", moment("created_at")),
    )
    with open_context(invocation) as context:
        data = DataSet(context)
        invocation.show_list(
            data.list(),
            columns,
            selected=data.selected_name(),
            empty="The project has no data set yet.",
        )


@dataset.command(example="auger dataset select churn.csv")
@click.argument("name")
@plan_option
def select(invocation: Invocation, *, name: str, show_only: bool) -> ExitCode:
    """Select an existing data set: store its name in auger.yaml."""
    from auger_reconcile.api.dataset import DataSet

    return run_one_resource(
        invocation,
        lambda c: DataSet(c, dataset_name=name).plan_select(),
        show_only=show_only,
        idle="It is selected already.",
    )


@dataset.command(example="auger dataset create files/churn.csv")
@click.argument("source", required=False)
@plan_option
@select_option
def create(
    invocation: Invocation, *, source: str | None, select: bool, show_only: bool
) -> ExitCode:
    """Create a data set from a local file or a URL, and select it.

    SOURCE is by default the one in auger.yaml; another one is stored there. An object of a store
    is s3://bucket/key and needs the extra `s3`.
    """
    from auger_reconcile.api.dataset import DataSet

    return run_one_resource(
        invocation,
        lambda c: DataSet(c).plan_create(source, select=select),
        show_only=show_only,
        idle="A data set with this content is there already, and selected.",
    )


@dataset.command(example="auger dataset delete churn.csv")
@click.argument("name", required=False)
@plan_option
@yes_option
@select_option
def delete(
    invocation: Invocation, *, name: str | None, select: bool, show_only: bool, yes: bool
) -> ExitCode:
    """Delete a data set, and clear its name from auger.yaml."""
    from auger_reconcile.api.dataset import DataSet

    return run_one_resource(
        invocation,
        lambda c: DataSet(c, dataset_name=name).plan_delete(select=select),
        show_only=show_only,
        idle="There is nothing to delete.",
        consent=yes,
    )


@dataset.command(example="auger dataset download churn.csv --to data")
@click.argument("name", required=False)
@click.option("--to", default=".", metavar="DIR", help="Folder to put the file into.")
def download(invocation: Invocation, *, name: str | None, to: str) -> None:
    """Download the file that a data set was made from."""
    from auger_reconcile.api.dataset import DataSet

    with open_context(invocation) as context, invocation.busy_with("Downloading"):
        path = DataSet(context, dataset_name=name).download(to)
    if invocation.as_json:
        invocation.show_json({"path": str(path)})
    else:
        invocation.show(str(path))
