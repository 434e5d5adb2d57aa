"""Run `auger rollback`: deploy the trial that was live before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import AddressType, plan_option, timeout_option
from auger_reconcile.cli.run import (
    READING,
    Consent,
    find_exit_code,
    read_files,
    run_plan,
    show_plan,
)

if TYPE_CHECKING:
    from auger_reconcile.address import Address
    from auger_reconcile.api.plans.rollback import Rollback
    from auger_reconcile.api.workspace import Workspace


@command(example="auger rollback model.production")
@click.argument("address", type=AddressType("model"))
@plan_option
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option(
    "--edit/--no-edit",
    default=True,
    help="Write the trial into auger.yaml, so that the next apply does not move forward again.",
)
@timeout_option
def rollback(  # noqa: PLR0913 - keyword-only, the options of the command
    invocation: Invocation,
    *,
    address: Address,
    show_only: bool,
    auto_approve: bool,
    edit: bool,
    timeout: float | None,
) -> ExitCode:
    """Deploy the trial of a model that was live before.

    ADDRESS is a declared model, such as model.production. The trial is deployed first; what is live
    goes when that has succeeded. In auger.yaml its `trial` is changed and nothing else.
    """
    from auger_reconcile.api.plans.addresses import find_declared
    from auger_reconcile.api.plans.answered import check_files
    from auger_reconcile.api.plans.observation import observe_declared
    from auger_reconcile.api.plans.rollback import plan_rollback
    from auger_reconcile.applier.apply import ApplyOptions
    from auger_reconcile.applier.waiting import Patience

    with invocation.workspace() as workspace:
        read_files(invocation, workspace)
        wanted = find_declared(address, workspace.desired.resources)
        read = workspace.loaded

        def make(now: Workspace) -> Rollback:
            return plan_rollback(now, observe_declared(now), wanted, edit=edit)

        with invocation.busy_with(READING):
            planned = make(workspace)
        if show_only:
            show_plan(invocation, planned.plan)
            return find_exit_code(planned.plan)
        code = run_plan(
            invocation,
            planned.plan,
            planned.apply,
            options=ApplyOptions(patience=Patience(timeout)),
            consent=Consent(
                auto_approve,
                lambda: check_files(planned.plan, read, workspace, lambda now: make(now).plan),
            ),
        )
    if code is ExitCode.DONE and not edit:
        invocation.tell(
            f"\nThe next apply moves forward again, unless {planned.file} says for {wanted}:\n"
            f"trial: {planned.trial}"
        )
    return code
