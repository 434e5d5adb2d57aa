"""`auger plan`: what apply would do. Only reads."""

from __future__ import annotations

from typing import Any

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import plan_options

FORMATS = ("text", "json")


@command(example="auger plan --detailed-exitcode")
@plan_options
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit 2 when there is something to do, 0 when not."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to print the plan.",
)
def plan(invocation: Invocation, *, detailed_exitcode: bool, form: str, **said: Any) -> ExitCode:
    """Show what apply would do; nothing is changed."""
    from auger_reconcile.cli.planning import find_exit_code, make_plan, show_plan

    with invocation.workspace() as workspace:
        made = make_plan(invocation, workspace, **said)
    show_plan(invocation, made, form="json" if invocation.as_json else form)
    code = find_exit_code(made)
    if code is ExitCode.DONE and detailed_exitcode and not made.is_empty:
        return ExitCode.PENDING
    return code
