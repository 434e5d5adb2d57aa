"""What the commands about one resource share: a context, a plan of one resource, consent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.cli.views.table import Column
    from auger_reconcile.planner.plan import Plan

plan_option = click.option("--plan", "show_only", is_flag=True, help="Show the plan, do nothing.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
wait_option = click.option("--wait", is_flag=True, help="Wait for the end, with live progress.")


@contextmanager
def open_context(invocation: Invocation) -> Iterator[Context]:
    """Open the context of the command line, and close its connection afterwards."""
    from auger_reconcile.api.context import Context

    with Context(
        invocation.files[0],
        hub=invocation.hub,
        env=invocation.env,
        variables=invocation.variables,
        on_exchange=invocation.tell_exchange if invocation.is_verbose else None,
    ) as context:
        yield context


def run_plan(  # noqa: PLR0913 - keyword-only beyond the first two
    invocation: Invocation,
    make: Callable[[Context], Plan],
    *,
    show_only: bool,
    idle: str,
    consent: bool = True,
    wait: bool = False,
) -> ExitCode:
    """Make a plan of one resource; show it, or carry it out.

    Args:
        invocation: where to show it.
        make: makes the plan in the context.
        show_only: nothing is carried out.
        idle: the sentence for a plan that has nothing to do.
        consent: the user's yes is given, because the command asks for nothing that loses anything
            or `--yes` was said.
        wait: for the end of what is started.
    """
    from auger_reconcile.applier.apply import ApplyOptions
    from auger_reconcile.cli.applying import Consent, carry_out
    from auger_reconcile.cli.planning import find_exit_code, show_plan

    with open_context(invocation) as context:
        with invocation.busy_with("Reading the hub"):
            plan = make(context)
        if plan.is_empty and not (invocation.as_json or plan.refusals or plan.diagnostics):
            invocation.show(idle)
            return ExitCode.DONE
        if show_only:
            show_plan(invocation, plan, form="json" if invocation.as_json else "text")
            return find_exit_code(plan)
        return carry_out(
            invocation,
            plan,
            context.apply,
            options=ApplyOptions(wait=wait),
            consent=Consent(consent, option="--yes"),
        )


def show_list(
    invocation: Invocation,
    items: Iterable[dict[str, Any]],
    columns: Iterable[Column],
    *,
    selected: str | None = None,
    empty: str,
) -> None:
    """Show a list as it arrives: a table, or a JSON array of the hub's own objects.

    Args:
        invocation: where to show it.
        items: the rows.
        columns: of the table.
        selected: name of the row to mark, the one that auger.yaml names.
        empty: the sentence for no rows.
    """
    import json

    from auger_reconcile.cli.views.harmless import without_secrets
    from auger_reconcile.cli.views.table import render_table
    from auger_reconcile.resources._revisions import is_named

    if invocation.as_json:
        separator = "["
        for item in items:
            invocation.show(f"{separator}\n{json.dumps(without_secrets(item), ensure_ascii=False)}")
            separator = ","
        invocation.show("[]" if separator == "[" else "]")
        return

    def is_selected(row: Mapping[str, Any]) -> bool:
        return selected is not None and is_named(str(row.get("name")), selected)

    is_empty = True
    for line in render_table(columns, items, is_selected=is_selected):
        invocation.show(line)
        is_empty = False
    if is_empty:
        invocation.tell(empty)
