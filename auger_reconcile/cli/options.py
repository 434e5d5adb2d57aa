"""Define the options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from auger_reconcile.cli.command import said_so_far

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_BYTES = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_MOST_BYTES = 2**63 - 1
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*((?:[kKMGT][bB])?)")
F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_PARALLELISM = 10  # of the applier, which is not imported for a help text
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class AddressType(click.ParamType[Any]):
    """`kind.name`, or `project/kind.name`."""

    name = "address"

    def __init__(self, kind: str | None = None) -> None:
        self.kind = kind  # whose addresses are offered; those of all kinds without one

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read an address."""
        from auger_reconcile.address import Address

        try:
            return Address.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """Offer the declared resources."""
        from click.shell_completion import CompletionItem

        from auger_reconcile.api.plans.addresses import list_declared

        said = said_so_far(ctx)
        folder = Path(said.get("folder") or ".")
        files = [folder / path for path in said.get("files") or ["auger.yaml"]]
        found = list_declared(files, said.get("env"))
        fits = (f"{self.kind}." if self.kind else "", incomplete)
        return [CompletionItem(one) for one in found if all(map(one.startswith, fits))]


def complete_by(*kinds: str) -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """Return what completes an argument by what the hub has; by nothing where it does not answer.

    Args:
        kinds: `project`, `dataset`, `experiment`, `run`, `model` or `trial`.
    """

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        from auger_reconcile.api.context import Context
        from auger_reconcile.api.hubs.offers import Offered, list_offers

        said = said_so_far(ctx)
        file = Path(said.get("folder") or ".") / (said.get("files") or ["auger.yaml"])[0]
        variables = dict(text.split("=", 1) for text in said.get("variables") or () if "=" in text)
        if not file.parent.is_dir():  # there is nothing to complete by
            return []
        with Context(
            file if file.exists() else file.parent,
            hub=said.get("hub"),
            env=said.get("env"),
            variables=variables,
            on_note=lambda _: None,
            is_hasty=True,
        ) as context:
            found = list_offers(context, *(Offered[kind.upper()] for kind in kinds))
        return [
            CompletionItem(text, help=about) for text, about in found if text.startswith(incomplete)
        ]

    return complete


class Size(click.ParamType[int]):
    """Bytes, as `50GB` or `500 MB`."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a size."""
        matched = _SIZE.fullmatch(str(value))
        if matched is None:
            self.fail(f"`{value}` is no size such as 50GB or 500MB", param, ctx)
        size = round(float(matched[1]) * _BYTES[matched[2].upper()])
        if size > _MOST_BYTES:
            self.fail(f"`{value}` is more than {_MOST_BYTES} bytes", param, ctx)
        return size


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


plan_option = click.option("--plan", "show_only", is_flag=True, help="Show the plan, do nothing.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
wait_option = click.option("--wait", is_flag=True, help="Wait for the end, with live progress.")
select_option = click.option(
    "--select/--no-select", default=True, help="Store the name in auger.yaml, or leave the file."
)
timeout_option = click.option(
    "--timeout", type=Duration(), metavar="TIME", help="Give up a wait after TIME: 90s, 10m, 2h."
)


def scope_options(function: F) -> F:
    """Add the options that narrow what a command is about."""
    for name, variable, text in (
        ("--exclude", "excludes", "Neither this nor what needs it; repeatable."),
        ("--target", "targets", "Only this and what it needs; repeatable."),
    ):
        function = click.option(
            name, variable, multiple=True, type=AddressType(), metavar="ADDRESS", help=text
        )(function)
    return function


refresh_option = click.option(
    "--refresh-sources",
    is_flag=True,
    help="Read URLs of data sets again, and compare their content with what the hub has read; one "
    "that cannot be compared is an error.",
)


def delete_options(function: F) -> F:
    """Add the options that narrow a plan and limit what it deletes."""
    return scope_options(
        click.option(
            "--max-deletes",
            type=click.IntRange(min=0),
            metavar="N",
            help="Allow up to N deletes, also where they are more than 30 % of a project.",
        )(function)
    )


def plan_options(function: F) -> F:
    """Add the options that say what to plan."""
    function = delete_options(function)
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
        timeout_option,
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
        click.option(
            "--approve",
            "approved",
            multiple=True,
            metavar="POLICY",
            help="Give the approval that this policy requires; repeatable.",
        ),
        click.option("--auto-approve", is_flag=True, help="Do not ask."),
    ):
        function = option(function)
    return function
