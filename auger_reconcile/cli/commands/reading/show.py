"""Run `auger show`: show a saved plan, or what the hub has. Only reads."""

from __future__ import annotations

from pathlib import Path

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.path import FilePath
from auger_reconcile.cli.run import READING, read_files, show_plan


@command(example="auger show --json")
@click.argument("planfile", required=False, type=FilePath(exists=True))
def show(invocation: Invocation, *, planfile: Path | None) -> ExitCode:
    """Show what the hub has, or a saved plan.

    Without PLANFILE: each declared project with its cluster, data sets, experiments and models;
    `*` marks what a declared resource stands for. With PLANFILE, which `auger plan --out` saved:
    that plan as it was made, whether or not it still fits; no hub is asked.
    """
    if planfile:
        _show_saved(invocation, planfile)
    else:
        _show_observed(invocation)
    return ExitCode.DONE


def _show_saved(invocation: Invocation, path: Path) -> None:
    from auger_reconcile.api.plans.saved_plan import read_plan

    saved = read_plan(path)
    if invocation.as_json:
        invocation.show_json(saved.shown)
        return
    show_plan(invocation, saved.plan)
    if saved.document["refused"]:
        invocation.tell("\nA guard refuses this plan: it cannot be carried out.")


def _show_observed(invocation: Invocation) -> None:
    from auger_reconcile.api.plans.observation import observe_declared
    from auger_reconcile.cli.views.observed import observed_to_json, render_observed

    with invocation.workspace() as workspace:
        read_files(invocation, workspace)
        with invocation.busy_with(READING):
            found = observe_declared(workspace)
    if invocation.as_json:
        invocation.show_json(observed_to_json(found))
    else:
        invocation.show(render_observed(found))
