"""Run `auger wait`: follow running work until it is done. Only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import AddressType, Duration, scope_options
from auger_reconcile.cli.run import READING, read_files

if TYPE_CHECKING:
    from auger_reconcile.address import Address


@command(example="auger wait experiment.baseline --timeout 2h")
@click.argument("address", required=False, type=AddressType())
@click.option(
    "--timeout",
    type=Duration(),
    metavar="TIME",
    help="Give up after TIME, and exit 1: 90s, 10m, 2h.",
)
@scope_options
def wait(
    invocation: Invocation, *, address: Address | None, timeout: float | None, **given: Any
) -> ExitCode:
    """Follow what is running until it is done.

    Runs, data sets that are read, clusters and models on their way, of everything the files
    declare, of ADDRESS alone, or of what is narrowed down to. It exits 1 when something ended
    badly, or has done so already.
    """
    from auger_reconcile.api.plans.addresses import find_declared
    from auger_reconcile.api.plans.observation import observe_declared
    from auger_reconcile.api.plans.wait import Watch, wait_for
    from auger_reconcile.applier.waiting import Patience
    from auger_reconcile.cli.views.apply.wait import endings_to_json, open_wait_view, render_endings

    with invocation.workspace() as workspace:
        options = read_files(invocation, workspace, **given)
        only = find_declared(address, workspace.desired.resources) if address else None
        with invocation.busy_with(READING):
            found = observe_declared(workspace)
        wanted = [one for one in found.within(options.scope) if only in (None, one)]
        with open_wait_view(invocation) as view:
            watch = Watch(view.progress, view.end, Patience(timeout))
            endings = wait_for(workspace, found, wanted, watch)
    if invocation.as_json:
        invocation.show_json(endings_to_json(endings))
    else:
        invocation.show(render_endings(endings, color=invocation.color))
    return ExitCode.FAILED if any(one.error for one in endings) else ExitCode.DONE
