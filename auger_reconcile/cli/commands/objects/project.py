"""Run `auger project`: manage the projects of the organization and their clusters."""

from __future__ import annotations

import click

from auger_reconcile.cli.command import group
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import plan_option, select_option, yes_option
from auger_reconcile.cli.run import open_context, run_one_resource

name_argument = click.argument("name", required=False)


@group(example="auger project list")
def project() -> None:
    """List, select, create, delete, start and stop projects.

    NAME is by default the one in auger.yaml.
    """


@project.command("list", example="auger project list")
def list_(invocation: Invocation) -> None:
    """List all projects of the organization."""
    from auger_reconcile.api.project import Project
    from auger_reconcile.cli.views.table import Column, member, moment

    columns = (
        Column("Name", member("name")),
        Column("Status", member("status")),
        Column("Id", member("id")),
        Column("Created", moment("created_at")),
    )
    with open_context(invocation) as context:
        invocation.show_list(
            Project(context).list(),
            columns,
            selected=context.name_of("name"),
            empty="There is no project yet.",
        )


@project.command(example="auger project select churn")
@click.argument("name")
@plan_option
def select(invocation: Invocation, *, name: str, show_only: bool) -> ExitCode:
    """Select an existing project: store its name in auger.yaml."""
    from auger_reconcile.api.project import Project

    return run_one_resource(
        invocation,
        lambda c: Project(c, name).plan_select(),
        show_only=show_only,
        idle="It is selected already.",
    )


@project.command(example="auger project create churn")
@name_argument
@plan_option
@select_option
def create(invocation: Invocation, *, name: str | None, select: bool, show_only: bool) -> ExitCode:
    """Create a project and select it."""
    from auger_reconcile.api.project import Project

    return run_one_resource(
        invocation,
        lambda c: Project(c, name).plan_create(select=select),
        show_only=show_only,
        idle="The project is there already.",
    )


@project.command(example="auger project delete churn")
@name_argument
@plan_option
@yes_option
@select_option
def delete(
    invocation: Invocation, *, name: str | None, select: bool, show_only: bool, yes: bool
) -> ExitCode:
    """Delete a project with all that is in it, and clear its name from auger.yaml."""
    from auger_reconcile.api.project import Project

    return run_one_resource(
        invocation,
        lambda c: Project(c, name).plan_delete(select=select),
        show_only=show_only,
        idle="There is nothing to delete.",
        consent=yes,
    )


@project.command(example="auger project start")
@name_argument
@plan_option
def start(invocation: Invocation, *, name: str | None, show_only: bool) -> ExitCode:
    """Start the project's cluster with the size that auger.yaml declares."""
    from auger_reconcile.api.project import Project

    return run_one_resource(
        invocation,
        lambda c: Project(c, name).plan_start(),
        show_only=show_only,
        idle="The cluster runs already.",
    )


@project.command(example="auger project stop")
@name_argument
@plan_option
def stop(invocation: Invocation, *, name: str | None, show_only: bool) -> ExitCode:
    """Stop the project's cluster."""
    from auger_reconcile.api.project import Project

    return run_one_resource(
        invocation,
        lambda c: Project(c, name).plan_stop(),
        show_only=show_only,
        idle="The cluster does not run.",
    )
