"""Make the commands that projects, data sets and experiments have alike: list, select, delete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import click

from auger_reconcile.cli.command import Group
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import complete_by, plan_option, select_option, yes_option
from auger_reconcile.cli.run import open_context, run_one_resource

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.cli.views.table import Column
    from auger_reconcile.planner.plan import Plan


class Named(Protocol):
    """What the commands need of a class of the Python interface."""

    def list(self) -> Iterator[dict[str, Any]]:
        """Yield the properties of all."""

    def selected_name(self) -> str | None:
        """Return the name of the one that auger.yaml stands for."""

    def plan_select(self) -> Plan:
        """Plan to store the name in auger.yaml."""

    def plan_delete(self, *, select: bool = True) -> Plan:
        """Plan to delete it."""


@dataclass(frozen=True)
class Objects:
    """One kind of objects.

    Attributes:
        open: returns the one of a name, or the one in auger.yaml; imports its class.
        columns: returns what a list shows between name and id; imports the class of columns.
        listed: all of them, in words.
        deleted: one of them and what goes with it, in words.
        none_yet: a sentence for an empty list.
        example: a name.
    """

    noun: str
    open: Callable[[Context, str | None], Named]
    columns: Callable[[], Sequence[Column]]
    listed: str
    deleted: str
    none_yet: str
    example: str


def add_commands(section: Group, objects: Objects) -> None:
    """Add `list`, `select` and `delete` to a section."""
    _add_list(section, objects)
    _add_select(section, objects)
    _add_delete(section, objects)


def _add_list(section: Group, objects: Objects) -> None:
    @section.command(
        "list", example=f"auger {section.name} list", help=f"List all {objects.listed}."
    )
    def _(invocation: Invocation) -> None:
        from auger_reconcile.cli.views.table import Column, member, moment

        first, last = (
            Column("Name", member("name")),
            Column("Created", moment("created_at"), is_spare=True),
        )
        columns = (first, *objects.columns(), Column("Id", member("id")), last)
        with open_context(invocation) as context:
            found = objects.open(context, None)
            invocation.show_list(
                found.list(), columns, selected=found.selected_name(), empty=objects.none_yet
            )


def _add_select(section: Group, objects: Objects) -> None:
    @section.command(
        "select",
        example=f"auger {section.name} select {objects.example}",
        help=f"Select an existing {objects.noun}: store its name in auger.yaml.",
    )
    @click.argument("name", shell_complete=complete_by(str(section.name)))
    @plan_option
    def _(invocation: Invocation, *, name: str, show_only: bool) -> ExitCode:
        return run_one_resource(
            invocation,
            lambda c: objects.open(c, name).plan_select(),
            show_only=show_only,
            idle="It is selected already.",
        )


def _add_delete(section: Group, objects: Objects) -> None:
    @section.command(
        "delete",
        example=f"auger {section.name} delete {objects.example}",
        help=f"Delete {objects.deleted}, and clear its name from auger.yaml.",
    )
    @click.argument("name", required=False, shell_complete=complete_by(str(section.name)))
    @plan_option
    @yes_option
    @select_option
    def _(
        invocation: Invocation, *, name: str | None, select: bool, show_only: bool, yes: bool
    ) -> ExitCode:
        return run_one_resource(
            invocation,
            lambda c: objects.open(c, name).plan_delete(select=select),
            show_only=show_only,
            idle="There is nothing to delete.",
            consent=yes,
        )
