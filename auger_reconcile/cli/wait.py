"""`auger wait`: follow what is under way until it is done. Only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.narrow import narrow_options
from auger_reconcile.cli.options import AddressType, Duration

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
@narrow_options
def wait(
    invocation: Invocation, *, address: Address | None, timeout: float | None, **said: Any
) -> ExitCode:
    """Follow what is running until it is done.

    Runs, data sets that are read, clusters and models on their way, of everything the files
    declare, of ADDRESS alone, or of what is narrowed down to. It exits 1 when something ended
    badly, or has done so already.
    """
    from auger_reconcile.api.narrowed import choose
    from auger_reconcile.api.survey import survey
    from auger_reconcile.api.wait import Watch, wait_for
    from auger_reconcile.applier.waiting import Patience
    from auger_reconcile.cli.options import find_declared
    from auger_reconcile.cli.planning import read_files
    from auger_reconcile.cli.views.wait import endings_to_json, open_wait_view, render_endings

    with invocation.workspace() as workspace:
        options = read_files(invocation, workspace, **said)
        only = find_declared(address, workspace.desired.resources) if address else None
        with invocation.busy_with("Reading the hub"):
            found = survey(workspace)
        left = choose(found, targets=options.targets, excludes=options.excludes)
        wanted = [one for one in left if only in (None, one)]
        with open_wait_view(invocation) as view:
            watch = Watch(view.progress, view.end, Patience(timeout))
            endings = wait_for(workspace, found, wanted, watch)
    if invocation.as_json:
        invocation.show_json(endings_to_json(endings))
    else:
        invocation.show(render_endings(endings, color=invocation.color))
    return ExitCode.FAILED if any(one.error for one in endings) else ExitCode.DONE
