"""Run `auger history`: list the plans that were applied. Only reads."""

from __future__ import annotations

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.run import open_context


@command(example="auger history --limit 5")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="Show the newest N.",
)
@click.option("--all", "everything", is_flag=True, help="Of all projects of the organization.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How to print them.",
)
def history(invocation: Invocation, *, limit: int, everything: bool, form: str) -> None:
    """List the plans that were applied, newest first.

    Of the project in auger.yaml, where there is one. `auger show APPLY` shows one of them with what
    came of each action. An apply that was killed is `interrupted`; `+` behind a commit stands for
    files that differed from it.
    """
    from auger_reconcile.cli.views.history import render_history
    from auger_reconcile.cli.views.table import render_json_list

    with open_context(invocation) as context:
        is_of_all = everything or context.name_of("name") is None
        found = context.history(limit=limit, everything=everything)
    if invocation.as_json or form == "json":
        lines = render_json_list(record.content for record in found)
    else:
        lines = render_history(found, with_projects=is_of_all, width=invocation.width)
    for line in lines:
        invocation.show(line)
    if not found:
        invocation.note("No plan has been applied yet, or none since this hub keeps a history.")
