"""`auger destroy`: `auger apply --destroy`."""

from __future__ import annotations

from typing import Any

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import apply_options, scope_options


@command(example="auger destroy --target model.production")
@scope_options
@apply_options
def destroy(invocation: Invocation, **said: Any) -> ExitCode:
    """Delete everything the files declare.

    Shows the plan and asks first, as `auger apply --destroy` does.
    """
    from auger_reconcile.cli.applying import plan_and_apply

    return plan_and_apply(invocation, destroy=True, **said)
