"""Run `auger project`: manage the projects of the organization and their clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from auger_reconcile.cli.command import group
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.objects import Objects, add_commands
from auger_reconcile.cli.options import complete_by, plan_option, select_option
from auger_reconcile.cli.run import run_one_resource

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.api.project import Project
    from auger_reconcile.cli.views.table import Column

name_argument = click.argument("name", required=False, shell_complete=complete_by("project"))


@group(example="auger project list")
def project() -> None:
    """List, select, create, delete, start and stop projects.

    NAME is by default the one in auger.yaml.
    """


def _open(context: Context, name: str | None) -> Project:
    from auger_reconcile.api.project import Project

    return Project(context, name)


def _columns() -> list[Column]:
    from auger_reconcile.cli.views.table import Column, member

    return [Column("Status", member("status"))]


add_commands(
    project,
    Objects(
        "project",
        _open,
        _columns,
        listed="projects of the organization",
        deleted="a project with all that is in it",
        none_yet="There is no project yet.",
        example="churn",
    ),
)


@project.command(example="auger project create churn")
@name_argument
@plan_option
@select_option
def create(invocation: Invocation, *, name: str | None, select: bool, show_only: bool) -> ExitCode:
    """Create a project and select it."""
    return run_one_resource(
        invocation,
        lambda c: _open(c, name).plan_create(select=select),
        show_only=show_only,
        idle="The project is there already.",
    )


@project.command(example="auger project start")
@name_argument
@plan_option
def start(invocation: Invocation, *, name: str | None, show_only: bool) -> ExitCode:
    """Start the project's cluster with the size that auger.yaml declares."""
    return run_one_resource(
        invocation,
        lambda c: _open(c, name).plan_start(),
        show_only=show_only,
        idle="The cluster runs already.",
    )


@project.command(example="auger project stop")
@name_argument
@plan_option
def stop(invocation: Invocation, *, name: str | None, show_only: bool) -> ExitCode:
    """Stop the project's cluster."""
    return run_one_resource(
        invocation,
        lambda c: _open(c, name).plan_stop(),
        show_only=show_only,
        idle="The cluster does not run.",
    )
