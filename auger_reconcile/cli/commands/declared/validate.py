"""Run `auger validate`: report every problem of every file, without a hub."""

from __future__ import annotations

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation


@command(example="auger validate --env prod")
def validate(invocation: Invocation) -> ExitCode:
    """Check the files without asking a hub.

    Reports all problems of all files in one run, each with its place.
    """
    from auger_reconcile.cli.views.diagnostic import render_diagnostics
    from auger_reconcile.cli.views.validation import render_valid, validation_to_json
    from auger_reconcile.errors import ConfigError

    with invocation.workspace(needs_sources=True) as workspace:
        try:
            loaded, _ = workspace.loaded, workspace.rules
        except ConfigError as error:
            if not invocation.as_json:
                raise
            invocation.show_json(validation_to_json(None, error.diagnostics))
            return ExitCode.FAILED
    if invocation.as_json:
        invocation.show_json(validation_to_json(loaded.state, loaded.warnings))
        return ExitCode.DONE
    if not invocation.is_quiet:
        invocation.tell(render_diagnostics(loaded.warnings, color=invocation.error_color))
    invocation.show(render_valid(loaded.state, loaded.warnings))
    return ExitCode.DONE
