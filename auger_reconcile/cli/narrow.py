"""The options that narrow what a command looks at, for those that plan nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from auger_reconcile.cli.options import AddressType

F = TypeVar("F", bound=Callable[..., Any])


def narrow_options(function: F) -> F:
    """Add `--target` and `--exclude`, as `plan` has them."""
    for name, variable, text in (
        ("--exclude", "excludes", "Neither this nor what needs it; repeatable."),
        ("--target", "targets", "Only this and what it needs; repeatable."),
    ):
        option = click.option(
            name, variable, multiple=True, type=AddressType(), metavar="ADDRESS", help=text
        )
        function = option(function)
    return function
