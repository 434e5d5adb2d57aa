"""Options that several commands share, and what they mean to planner and applier."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from auger_reconcile.address import Address
    from auger_reconcile.planner.build import PlanOptions
    from auger_reconcile.state import DesiredState

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_PARALLELISM = 10  # of the applier, which is not imported for a help text
_MOST_NAMED = 10  # addresses in a hint
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class AddressType(click.ParamType[Any]):
    """`kind.name`, or `project/kind.name`."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read an address."""
        from auger_reconcile.address import Address

        try:
            return Address.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Duration(click.ParamType[float]):
    """Seconds, or a number with `s`, `m` or `h` behind it: `90`, `10m`, `1.5h`."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read a duration in seconds."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", str(value))
        if not found:
            self.fail(f"`{value}` is no duration: write 90s, 10m or 2h", param, ctx)
        return float(found[1]) * _SECONDS[found[2] or "s"]


def scope_options(function: F) -> F:
    """Add the options that narrow a plan."""
    for option in (
        click.option(
            "--max-deletes",
            type=click.IntRange(min=0),
            metavar="N",
            help="Allow up to N deletes, also where they are more than 30 % of a project.",
        ),
        click.option(
            "--exclude",
            "excludes",
            multiple=True,
            type=AddressType(),
            metavar="ADDRESS",
            help="Neither this nor what needs it; repeatable.",
        ),
        click.option(
            "--target",
            "targets",
            multiple=True,
            type=AddressType(),
            metavar="ADDRESS",
            help="Only this and what it needs; repeatable.",
        ),
    ):
        function = option(function)
    return function


def plan_options(function: F) -> F:
    """Add the options that say what to plan."""
    function = scope_options(function)
    function = click.option(
        "--replace",
        "repeats",
        multiple=True,
        type=AddressType(),
        metavar="ADDRESS",
        help="Start or make this again, although what is there satisfies; repeatable.",
    )(function)
    function = click.option(
        "--prune", is_flag=True, help="Also delete what the files do not declare."
    )(function)
    return click.option("--destroy", is_flag=True, help="Delete what the files declare.")(function)


def apply_options(function: F) -> F:
    """Add the options that say how to apply."""
    for option in (
        click.option(
            "--timeout",
            type=Duration(),
            metavar="TIME",
            help="Give up a wait after TIME: 90s, 10m, 2h.",
        ),
        click.option(
            "--parallelism",
            type=click.IntRange(min=1),
            default=DEFAULT_PARALLELISM,
            show_default=True,
            metavar="N",
            help="Carry out up to N actions at the same time.",
        ),
        click.option(
            "--wait/--no-wait", default=False, help="Wait for runs that nothing depends on."
        ),
        click.option("--auto-approve", is_flag=True, help="Do not ask."),
    ):
        function = option(function)
    return function


def to_plan_options(desired: DesiredState, **said: Any) -> PlanOptions:
    """Return the options of the planner.

    Raises:
        AugerError: an address is not declared; it would silently mean nothing.
    """
    from auger_reconcile.planner.build import PlanOptions

    for option in ("targets", "excludes", "repeats"):
        for address in said.get(option, ()):
            check_declared(address, desired.resources)
    return PlanOptions(**said)


def check_declared(address: Address, declared: Iterable[Address]) -> None:
    """Check that an address means something that the files declare.

    Raises:
        AugerError: it does not; the hint offers what is near.
    """
    from auger_reconcile.errors import AugerError

    known = list(declared)
    if any(one.matches(address) for one in known):
        return
    written = address.qualified if address.project else str(address)
    spelled = [one.qualified if address.project else str(one) for one in known]
    near = difflib.get_close_matches(written, spelled, n=1)
    some = ", ".join(spelled[:_MOST_NAMED]) + (", …" if len(spelled) > _MOST_NAMED else "")
    hint = f"`{near[0]}` is declared" if near else f"declared are {some}"
    raise AugerError(f"`{written}` is not declared", hint=hint)


def find_declared(address: Address, declared: Iterable[Address]) -> Address:
    """Return the one declared resource that an address means.

    Raises:
        AugerError: there is none, or several projects have one.
    """
    from auger_reconcile.errors import AugerError

    known = list(declared)
    check_declared(address, known)
    meant = [one for one in known if one.matches(address)]
    if len(meant) > 1:
        spelled = ", ".join(f"`{one.qualified}`" for one in meant)
        raise AugerError(f"`{address}` is declared in several projects", hint=f"write {spelled}")
    return meant[0]
