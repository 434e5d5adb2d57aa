"""`auger drift`: where the hub is not as the files say. Only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.narrow import narrow_options

if TYPE_CHECKING:
    from auger_reconcile.planner.drift import Drift


@command(example="auger drift --json")
@narrow_options
def drift(invocation: Invocation, **said: Any) -> ExitCode:
    """Show what the hub has that the files do not say.

    What was made by hand, changed, stopped, deleted or has failed, in the declared projects. It
    exits 0 when the hub is as declared, and exits 2 when there is drift: `auger plan` shows what
    apply would do about it, `auger pull` writes what is there.
    """
    found = find_drift(invocation, **said)
    show_drift(invocation, found)
    return ExitCode.DONE if found.is_empty else ExitCode.PENDING


def find_drift(invocation: Invocation, **said: Any) -> Drift:
    """Read the files and the hub, and return how they differ in what is asked for."""
    from auger_reconcile.api import narrowed
    from auger_reconcile.cli.planning import read_files

    with invocation.workspace() as workspace:
        options = read_files(invocation, workspace, **said)
        with invocation.busy_with("Reading the hub"):
            return narrowed.find_drift(
                workspace, targets=options.targets, excludes=options.excludes
            )


def show_drift(invocation: Invocation, found: Drift) -> None:
    """Show drift as a result."""
    from auger_reconcile.cli.views.drift import drift_to_json, render_drift

    if invocation.as_json:
        invocation.show_json(drift_to_json(found))
    else:
        invocation.show(render_drift(found, color=invocation.color))
