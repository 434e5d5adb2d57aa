"""Run `auger explain`: show why the plan changes a resource. Only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import AddressType
from auger_reconcile.cli.run import READING, read_files

if TYPE_CHECKING:
    from auger_reconcile.address import Address


@command(example="auger explain model.production")
@click.argument("address", type=AddressType())
def explain(invocation: Invocation, *, address: Address) -> ExitCode:
    """Show why something would be created, started or replaced, or why not.

    From the line of the file to the hub: for ADDRESS and everything it needs, where it is declared,
    which content, data set, run and trial it stands for, and what the plan does to it.
    """
    from auger_reconcile.api.plans.addresses import find_declared
    from auger_reconcile.cli.views.plan.explain import explanation_to_json, render_explanation

    with invocation.workspace() as workspace:
        read_files(invocation, workspace)
        wanted = find_declared(address, workspace.desired.resources)
        with invocation.busy_with(READING):
            explanation = workspace.explain(wanted)
    if invocation.as_json:
        invocation.show_json(explanation_to_json(explanation))
    else:
        invocation.show(render_explanation(explanation, color=invocation.color))
    return ExitCode.DONE
