"""Run `auger destroy`: plan and carry out the deletion of everything declared."""

from __future__ import annotations

from typing import Any

from auger_reconcile.cli.command import command
from auger_reconcile.cli.commands.declared.apply import plan_and_apply
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import apply_options, delete_options


@command(example="auger destroy --target model.production")
@delete_options
@apply_options
def destroy(invocation: Invocation, **given: Any) -> ExitCode:
    """Delete everything the files declare.

    Shows the plan and asks first, as `auger apply --destroy` does.
    """
    return plan_and_apply(invocation, destroy=True, **given)
