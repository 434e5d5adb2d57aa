"""Run `auger plan`: show what apply would do. Only reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.commands.reading.drift import show_drift
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import plan_options, refresh_option
from auger_reconcile.cli.path import STANDARD, FilePath, quote_path
from auger_reconcile.cli.run import FORMATS, READING, find_exit_code, read_files, show_plan
from auger_reconcile.cli.views.typed import as_typed

REFUSED = "Saved to be looked at: a plan that is refused is not carried out."


@command(example="auger plan --detailed-exitcode")
@plan_options
@refresh_option
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit 2 when there is something to do or to protect, 0 when not.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to print the plan.",
)
@click.option(
    "--refresh-only",
    is_flag=True,
    help="Show how the hub differs from the files, as `auger drift` does, and plan nothing.",
)
@click.option(
    "--out",
    type=FilePath(),
    metavar="FILE",
    help="Save the plan; `auger apply FILE` carries out that and nothing else. `-` is stdout.",
)
def plan(  # noqa: PLR0913 - keyword-only, the options of the command
    invocation: Invocation,
    *,
    detailed_exitcode: bool,
    form: str,
    out: Path | None,
    refresh_only: bool,
    refresh_sources: bool,
    **given: Any,
) -> ExitCode:
    """Show what apply would do; nothing is changed."""
    if refresh_only:
        scope = {name: given.pop(name) for name in ("targets", "excludes")}
        if out or form not in ("text", "json") or any(given.values()):
            raise click.UsageError("`--refresh-only` plans nothing, and takes no options of a plan")
        shown = replace(invocation, as_json=invocation.as_json or form == "json")
        code = show_drift(shown, refresh_sources=refresh_sources, **scope)
        return code if detailed_exitcode else ExitCode.DONE
    if out == STANDARD and form not in ("text", "json"):
        told = f"`--out -` writes the saved plan to stdout, and `--format {form}` another form"
        raise click.UsageError(told)
    with invocation.workspace(refresh_sources=refresh_sources) as workspace:
        options = read_files(invocation, workspace, **given)
        with invocation.busy_with(READING):
            made = workspace.plan(options)
        if out:
            from auger_reconcile.api.plans.saved_plan import save_plan
            from auger_reconcile.cli.views.plan.plan_text import render_plan

            save_plan(out, made, workspace, options)
    if out == STANDARD:
        invocation.note(render_plan(made, color=invocation.error_color))
        return find_exit_code(made)
    show_plan(invocation, made, form=form)
    if out:
        command = as_typed(f"Saved. To carry it out:\nauger apply {quote_path(out)}")
        invocation.note(f"\n{REFUSED if made.refusals else command}")
    code = find_exit_code(made)
    if code is ExitCode.DONE and detailed_exitcode and not made.is_empty:
        return ExitCode.PENDING
    return code
