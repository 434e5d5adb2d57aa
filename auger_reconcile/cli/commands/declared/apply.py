"""Run `auger apply`: plan, ask and carry out, or carry out a saved plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import apply_options, plan_options, refresh_option
from auger_reconcile.cli.path import FilePath
from auger_reconcile.cli.run import READING, Consent, read_files, run_plan


@command(example="auger apply --auto-approve --wait")
@click.argument("planfile", required=False, type=FilePath())
@plan_options
@refresh_option
@apply_options
def apply(invocation: Invocation, *, planfile: Path | None, **given: Any) -> ExitCode:
    """Make the hub what the files say.

    Shows the plan, asks, and carries out exactly that plan. What fails takes only what depends on
    it along; running the command again finishes the rest.

    With PLANFILE, which `auger plan --out` saved, it carries out that plan without asking, unless
    files or hub have changed since, or the files are not here.
    """
    return plan_and_apply(invocation, planfile, **given)


def plan_and_apply(  # noqa: PLR0913 - keyword-only beyond the first two, the options of apply
    invocation: Invocation,
    saved: Path | None = None,
    *,
    auto_approve: bool,
    wait: bool,
    parallelism: int,
    timeout: float | None,
    approved: tuple[str, ...] = (),
    refresh_sources: bool = False,
    **given: Any,
) -> ExitCode:
    """Make a plan as the options say, or take the saved one, and carry it out.

    That a plan was saved is the consent to it.

    Raises:
        StalePlan: the saved plan no longer fits the files or the hub.
    """
    from auger_reconcile.api.plans.answered import check_files
    from auger_reconcile.api.plans.saved_plan import read_plan, refresh_plan
    from auger_reconcile.applier.apply import ApplyOptions
    from auger_reconcile.applier.waiting import Patience

    if saved and (refresh_sources or any(given.values())):
        raise click.UsageError("a saved plan takes no options of planning: it is carried out as is")
    document = read_plan(saved) if saved else None
    with invocation.workspace(approved=approved, refresh_sources=refresh_sources) as files:
        workspace = files
        options = None if document else read_files(invocation, files, **given)
        read = files.loaded if options else None
        with invocation.busy_with(READING):
            if document:
                plan, workspace = refresh_plan(document, files)
            else:
                plan = files.plan(options)

        def check() -> None:
            if read is not None:  # of a saved plan nobody is asked
                check_files(plan, read, files, lambda again: again.plan(options))

        try:
            return run_plan(
                invocation,
                plan,
                workspace.apply,
                options=ApplyOptions(parallelism, wait=wait, patience=Patience(timeout)),
                consent=Consent(auto_approve or bool(saved), check),
            )
        finally:
            workspace.close()
