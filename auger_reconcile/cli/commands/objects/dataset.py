"""Run `auger dataset`: list, show, check, select, create, delete and download data sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from auger_reconcile.cli.command import group
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import plan_option, select_option, yes_option
from auger_reconcile.cli.run import open_context, run_one_resource


@group(example="auger dataset list")
def dataset() -> None:
    """List, show, check, select, create, delete and download data sets.

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


@dataset.command(example="auger dataset show churn.csv")
@click.argument("name", required=False)
def show(invocation: Invocation, *, name: str | None) -> None:
    """Show how the hub reads a data set: its columns, their types, and what is odd."""
    from auger_reconcile.api.dataset import DataSet

    with open_context(invocation) as context:
        found = DataSet(context, dataset_name=name).properties()
        target = context.name_of("target")
    statistics = found.get("statistics") or {}
    about = {"name": found.get("name"), "status": found.get("status")}
    if not invocation.as_json:
        invocation.show(f"{found.get('name')}, {found.get('status')}")
    _show_statistics(invocation, statistics, about, target)


@dataset.command(example="auger dataset check files/churn.csv")
@click.argument("source", required=False)
def check(invocation: Invocation, *, source: str | None) -> None:
    """Read a local file as the hub would, and say what it finds; needs no hub.

    SOURCE is by default the one in auger.yaml, read as that says of its columns.
    """
    from auger_reconcile.api.dataset import DataSet

    with open_context(invocation) as context, invocation.busy_with("Reading"):
        look = DataSet(context).check(source)
        target = context.name_of("target")
    _show_statistics(invocation, look.statistics, {"source": look.source}, target)


def _show_statistics(
    invocation: Invocation,
    statistics: Mapping[str, Any],
    about: Mapping[str, Any],
    target: str | None,
) -> None:
    """Show schema and notices of a data set; in JSON beside what the data set is."""
    from auger_reconcile.cli.views.schema import notice_lines, schema_lines

    notices = statistics.get("notices") or []
    if invocation.as_json:
        sizes = {"rows": statistics.get("count"), "columns": statistics.get("columns_count")}
        schema = statistics.get("schema")
        invocation.show_json({**about, **sizes, "schema": schema, "notices": notices})
        return
    for line in schema_lines(statistics, target):
        invocation.show(line)
    for line in notice_lines(notices):
        invocation.tell(line)


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
