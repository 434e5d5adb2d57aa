"""Run `auger policy`: test rules over plans with cases, and list them. Asks no hub."""

from __future__ import annotations

from pathlib import Path

import click

from auger_reconcile.cli.command import group
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation

_folder = click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)


@group(example="auger policy test")
def policy() -> None:
    """Test and list the rules over plans.

    Rules stand in folders `policies` beside auger.yaml and above it, up to the repository's own
    folder, and in those that AUGER_POLICIES names. `plan` and `apply` ask all of them.
    """


@policy.command("list", example="auger policy list")
@_folder
def list_(invocation: Invocation, *, folder: Path | None) -> None:
    """List the rules: what they do, and where they stand."""
    from auger_reconcile.api.plans.policies import find_rules
    from auger_reconcile.cli.views.policy import rule_to_json
    from auger_reconcile.cli.views.table import Column, member

    rules = find_rules(folder or _here(invocation), is_exact=folder is not None)
    columns = (
        Column("Policy", member("name")),
        Column("Effect", member("effect")),
        Column("Place", member("place")),
    )
    invocation.show_list(map(rule_to_json, rules), columns, empty="There are no policies.")


@policy.command(example="auger policy test")
@_folder
def test(invocation: Invocation, *, folder: Path | None) -> ExitCode:
    """Judge the plans of `policies/cases/*.yaml`, and compare with what is expected.

    A case has a sentence in `case`, a `plan` or the path of a saved one, and in `expect` the
    policies that have to object to it, each with its effect; besides `resources`, `env` and `now`.
    """
    from auger_reconcile.api.plans.policies import try_cases
    from auger_reconcile.cli.views.policy import render_cases, tried_to_json

    rules, tried = try_cases(folder or _here(invocation), is_exact=folder is not None)
    if invocation.as_json:
        invocation.show_json([tried_to_json(one) for one in tried])
    else:
        invocation.show(render_cases(tried, rules, color=invocation.color))
    return ExitCode.DONE if all(one.is_good for one in tried) else ExitCode.FAILED


def _here(invocation: Invocation) -> Path:
    """Return the folder of auger.yaml."""
    first = invocation.files[0]
    return first if first.is_dir() else first.parent
