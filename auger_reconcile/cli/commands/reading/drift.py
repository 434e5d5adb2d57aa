"""Run `auger drift`: show where the hub differs from the files. Only reads."""

from __future__ import annotations

from typing import Any

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import refresh_option, scope_options
from auger_reconcile.cli.run import READING, read_files


@command(example="auger drift --json")
@scope_options
@refresh_option
def drift(invocation: Invocation, **given: Any) -> ExitCode:
    """Show what the hub has that the files do not say.

    What was made by hand, changed, stopped, deleted or has failed, in the declared projects. It
    exits 0 when the hub is as declared, and exits 2 when there is drift: `auger plan` shows what
    apply would do about it, `auger pull` writes what is there. A URL that `--refresh-sources`
    cannot compare counts as drift, of which nothing is known.
    """
    return show_drift(invocation, **given)


def show_drift(invocation: Invocation, *, refresh_sources: bool = False, **given: Any) -> ExitCode:
    """Read files and hub and show how they differ in what is asked for."""
    from auger_reconcile.cli.views.plan.drift import drift_to_json, render_drift

    with invocation.workspace(refresh_sources=refresh_sources) as workspace:
        scope = read_files(invocation, workspace, **given).scope
        with invocation.busy_with(READING):
            found = workspace.drift(scope)
    if invocation.as_json:
        invocation.show_json(drift_to_json(found))
    else:
        invocation.show(render_drift(found, color=invocation.color, files=invocation.files_label))
    return ExitCode.DONE if found.is_empty else ExitCode.PENDING
