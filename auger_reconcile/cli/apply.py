"""`auger apply`: plan, ask, carry out; or carry out a saved plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import apply_options, plan_options
from auger_reconcile.cli.path import FilePath


@command(example="auger apply --auto-approve --wait")
@click.argument("planfile", required=False, type=FilePath())
@plan_options
@apply_options
def apply(invocation: Invocation, *, planfile: Path | None, **said: Any) -> ExitCode:
    """Make the hub what the files say.

    Shows the plan, asks, and carries out exactly that plan. What fails takes only what depends on
    it along; running the command again finishes the rest.

    With PLANFILE, which `auger plan --out` saved, it carries out that plan without asking, unless
    files or hub have changed since.
    """
    from auger_reconcile.cli.applying import apply_saved, plan_and_apply

    if planfile is None:
        return plan_and_apply(invocation, **said)
    said.pop("auto_approve")
    kept = {name: said.pop(name) for name in ("wait", "parallelism", "timeout")}
    if any(said.values()):
        raise click.UsageError("a saved plan takes no options of planning: it is carried out as is")
    return apply_saved(invocation, planfile, **kept)
