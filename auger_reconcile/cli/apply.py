"""`auger apply`: plan, ask, carry out."""

from __future__ import annotations

from typing import Any

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import apply_options, plan_options


@command(example="auger apply --auto-approve --wait")
@plan_options
@apply_options
def apply(invocation: Invocation, **said: Any) -> ExitCode:
    """Make the hub what the files say.

    Shows the plan, asks, and carries out exactly that plan. What fails takes only what depends on
    it along; running the command again finishes the rest.
    """
    from auger_reconcile.cli.applying import plan_and_apply

    return plan_and_apply(invocation, **said)
