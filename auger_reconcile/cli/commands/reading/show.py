"""Run `auger show`: show what the hub has, a saved plan, or an apply. Only reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from auger_reconcile.cli.command import command, said_so_far
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.path import FilePath
from auger_reconcile.cli.run import READING, open_context, read_files, show_plan

_MOST_DIGITS = 18  # no hub has given a longer number


class PlanOrApply(FilePath):
    """A saved plan, or the number of an apply where there is no file of that name."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """Return a path, or the number."""
        text = os.fspath(value)
        place = Path(said_so_far(ctx).get("folder") or "") / text
        if text.isascii() and text.isdigit() and not place.exists():
            return int(text[:_MOST_DIGITS])
        return super().convert(value, param, ctx)


@command(example="auger show --json")
@click.argument("what", required=False, type=PlanOrApply(exists=True), metavar="[PLANFILE|APPLY]")
def show(invocation: Invocation, *, what: Path | int | None) -> ExitCode:
    """Show what the hub has, a saved plan, or a plan that was applied.

    Without an argument: each declared project with its cluster, data sets, experiments and models;
    `*` marks what a declared resource stands for. With PLANFILE, which `auger plan --out` saved:
    that plan as it was made, whether or not it still fits; no hub is asked. With APPLY, a number of
    `auger history`: that apply with what came of each action.
    """
    if isinstance(what, int):
        _show_apply(invocation, what)
    elif what:
        _show_saved(invocation, what)
    else:
        _show_observed(invocation)
    return ExitCode.DONE


def _show_apply(invocation: Invocation, number: int) -> None:
    from auger_reconcile.cli.views.history import record_to_json, render_record

    with open_context(invocation) as context:
        record = context.applied(number)
    if invocation.as_json:
        invocation.show_json(record_to_json(record))
    else:
        invocation.show(render_record(record))


def _show_saved(invocation: Invocation, path: Path) -> None:
    from auger_reconcile.api.plans.saved_plan import read_plan

    saved = read_plan(path)
    if invocation.as_json:
        invocation.show_json(saved.shown)
        return
    show_plan(invocation, saved.plan)
    if saved.document["refused"]:
        invocation.tell("\nA guard refuses this plan: it cannot be carried out.")


def _show_observed(invocation: Invocation) -> None:
    from auger_reconcile.api.plans.observation import observe_declared
    from auger_reconcile.cli.views.observed import observed_to_json, render_observed

    with invocation.workspace() as workspace:
        read_files(invocation, workspace)
        with invocation.busy_with(READING):
            found = observe_declared(workspace)
    if invocation.as_json:
        invocation.show_json(observed_to_json(found))
    else:
        invocation.show(render_observed(found))
