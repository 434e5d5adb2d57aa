"""Run `auger controller`: watch repositories, plan their commits, apply what is allowed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auger_reconcile.cli.command import group
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.path import FilePath

if TYPE_CHECKING:
    from auger_reconcile.controller.settings import Settings

_config = click.option(
    "--config",
    type=FilePath(),
    default="controller.yaml",
    show_default=True,
    metavar="FILE",
    help="What to watch, and what may be done alone.",
)


@group(example="auger controller run --once")
def controller() -> None:
    """Watch repositories, plan their commits, apply what is allowed."""


@controller.command(example="auger controller run --once")
@_config
@click.option("--once", is_flag=True, help="Look at everything once and end, for a CI job.")
def run(invocation: Invocation, *, config: Path, once: bool) -> ExitCode:
    """Look at every target at each interval, until it is told to stop.

    SIGTERM and Ctrl-C end it; what is under way at a hub goes on there, and the next look goes on
    from it. With `--once` it exits 0 when everything is in sync, and 1 when not.
    """
    from auger_reconcile.cli.interrupt import stopping_on_signal
    from auger_reconcile.cli.views.controller import render_statuses, statuses_to_json
    from auger_reconcile.controller.pages import serving
    from auger_reconcile.controller.run import Controller
    from auger_reconcile.controller.status import Condition

    settings = _read(config)
    found = Controller(settings, os.environ, Path.home())
    with stopping_on_signal(found.stop, invocation.tell):
        if not once:
            with serving(found.book, settings.listen) as address:
                shown = f", status on {address}" if address else ""
                invocation.note(f"Watching {len(settings.targets)} target(s){shown}.")
                found.run()
            return ExitCode.DONE
        statuses = found.once()
    if invocation.as_json:
        invocation.show_json(statuses_to_json(statuses))
    else:
        invocation.show(render_statuses(statuses))
    is_good = all(one.condition is Condition.IN_SYNC for one in statuses)
    return ExitCode.DONE if is_good else ExitCode.FAILED


@controller.command(example="auger controller status --json")
@_config
def status(invocation: Invocation, *, config: Path) -> None:
    """Show of each target: in sync, out of sync or degraded, since when, and why."""
    from auger_reconcile.cli.views.controller import render_statuses, statuses_to_json
    from auger_reconcile.controller.run import is_running
    from auger_reconcile.controller.status import Condition, TargetStatus, read_statuses

    settings = _read(config)
    known = read_statuses(settings.home)
    blank = TargetStatus("", Condition.UNKNOWN, "", why=("it was not looked at yet",))
    statuses = [
        known.get(target.name) or replace(blank, name=target.name) for target in settings.targets
    ]
    is_kept = is_running(settings.home)
    if invocation.as_json:
        invocation.show_json(statuses_to_json(statuses, is_running=is_kept))
    else:
        invocation.show(render_statuses(statuses))
    if not is_kept:
        invocation.note("No controller runs: this is how it last was.")


@controller.command(example="auger controller approve churn 3f2a9c01be77")
@_config
@click.argument("target")
@click.argument("plan")
def approve(invocation: Invocation, *, config: Path, target: str, plan: str) -> None:
    """Approve the plan that waits for TARGET; the next look carries out that plan and no other.

    PLAN is the beginning of its digest, which `auger controller status` shows.
    """
    from auger_reconcile.controller.status import approve as keep
    from auger_reconcile.controller.status import read_statuses
    from auger_reconcile.errors import AugerError

    settings = _read(config)
    waiting = read_statuses(settings.home).get(target)
    if waiting is None or waiting.plan is None:
        raise AugerError(f"no plan of `{target}` waits", hint="auger controller status")
    if len(plan) < _LEAST_LETTERS or not waiting.plan.startswith(plan):
        raise AugerError(
            f"the plan that waits for `{target}` is {waiting.plan[:12]}",
            hint="it may have changed since you looked at it\nauger controller status",
        )
    keep(settings.home, target, waiting.plan)
    invocation.show(f"Approved: the next look applies plan {waiting.plan[:12]} of {target}.")


_LEAST_LETTERS = 8  # of a digest that is typed


def _read(config: Path) -> Settings:
    from auger_reconcile.controller.settings import read_settings

    return read_settings(config, default_home=Path.home() / ".augerai" / "controller")
