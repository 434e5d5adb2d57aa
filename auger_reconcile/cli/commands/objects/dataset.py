"""Run `auger dataset`: list, show, check, select, create, delete and download data sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from auger_reconcile.cli.command import group
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.objects import Objects, add_commands
from auger_reconcile.cli.options import complete_by, plan_option, select_option
from auger_reconcile.cli.run import open_context, run_one_resource

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.api.dataset import DataSet
    from auger_reconcile.cli.views.table import Column


@group(example="auger dataset list")
def dataset() -> None:
    """List, show, check, select, create, delete and download data sets.

    NAME is by default the one in auger.yaml.
    """


def _open(context: Context, name: str | None) -> DataSet:
    from auger_reconcile.api.dataset import DataSet

    return DataSet(context, dataset_name=name)


def _columns() -> list[Column]:
    from auger_reconcile.cli.views.table import Column, member

    def counted(name: str) -> Callable[[Mapping[str, Any]], Any]:
        return lambda row: (row.get("statistics") or {}).get(name)

    return [
        Column("Status", member("status")),
        Column("Rows", counted("count"), is_number=True),
        Column("Columns", counted("columns_count"), is_number=True),
    ]


add_commands(
    dataset,
    Objects(
        "data set",
        _open,
        _columns,
        listed="data sets of the project",
        deleted="a data set",
        none_yet="The project has no data set yet.",
        example="churn.csv",
    ),
)


@dataset.command(example="auger dataset show churn.csv")
@click.argument("name", required=False, shell_complete=complete_by("dataset"))
def show(invocation: Invocation, *, name: str | None) -> None:
    """Show how the hub reads a data set: its columns, their types, and what is odd."""
    with open_context(invocation) as context:
        meant = _open(context, name)
        found = meant.properties()
        _tell_meaning(invocation, meant, "auger dataset show")
        target = context.name_of("target")
    statistics = found.get("statistics") or {}
    about = {"name": found.get("name"), "status": found.get("status")}
    if not invocation.as_json:
        invocation.show(f"{found.get('name')}, {found.get('status')}")
    _show_statistics(invocation, statistics, about, target)


def _tell_meaning(invocation: Invocation, found: DataSet, command: str) -> None:
    """Say where a name that was given is declared as well, for a later revision."""
    from auger_reconcile.cli.views.diagnostic import render_diagnostics

    told = found.tell_meaning(command)
    invocation.note(render_diagnostics(told, color=invocation.error_color))


@dataset.command(example="auger dataset check files/churn.csv")
@click.argument("source", required=False)
def check(invocation: Invocation, *, source: str | None) -> None:
    """Read a local file as the hub would, and say what it finds; needs no hub.

    SOURCE is by default the one in auger.yaml, read as that says of its columns.
    """
    with open_context(invocation) as context, invocation.busy_with("Reading"):
        look = _open(context, None).check(source)
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
    return run_one_resource(
        invocation,
        lambda c: _open(c, None).plan_create(source, select=select),
        show_only=show_only,
        idle="A data set with this content is there already, and selected.",
    )


@dataset.command(example="auger dataset download churn.csv --to data")
@click.argument("name", required=False, shell_complete=complete_by("dataset"))
@click.option("--to", default=".", metavar="DIR", help="Folder to put the file into.")
def download(invocation: Invocation, *, name: str | None, to: str) -> None:
    """Download the file that a data set was made from."""
    with open_context(invocation) as context, invocation.busy_with("Downloading"):
        meant = _open(context, name)
        path = meant.download(to)
        _tell_meaning(invocation, meant, "auger dataset download")
    if invocation.as_json:
        invocation.show_json({"path": str(path)})
    else:
        invocation.show(str(path))
