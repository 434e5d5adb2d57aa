"""Parse the command line and run one command. Imports nothing but click until it runs."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext

import click

from auger_reconcile import __version__
from auger_reconcile.cli.command import LazyGroup, said_so_far
from auger_reconcile.cli.interrupt import interrupted_by_signals
from auger_reconcile.cli.views.typed import remember_options

OBJECTS_BETWEEN_COLLECTIONS = 50_000  # nearly all that a short command makes stays to its end
NARROWEST, NO_TERMINAL, WIDEST = 50, 80, 100  # columns of a help text

# Every command is a module of its section's folder and a function in it, named like the command.
SECTIONS = {
    "From auger.yaml": {
        "validate": "Check the files without asking a hub.",
        "plan": "Show what apply would do; nothing is changed.",
        "apply": "Make the hub what the files say.",
        "destroy": "Delete everything the files declare.",
        "rollback": "Deploy the trial of a model that was live before.",
    },
    "What is there": {
        "show": "Show what the hub has, a saved plan, or a plan that was applied.",
        "history": "List the plans that were applied, newest first.",
        "lineage": "Show what a prediction or a model comes from.",
        "drift": "Show what the hub has that the files do not say.",
        "explain": "Show why something would be created, started or replaced, or why not.",
        "graph": "Draw the plan: every resource with what happens to it, and what needs what.",
        "pull": "Write an auger.yaml that describes what the hub has.",
        "wait": "Follow what is running until it is done.",
    },
    "One thing at a time": {
        "auth": "Log in, log out, show who is logged in.",
        "new": "Make a folder with a commented auger.yaml to begin with.",
        "project": "List, select, create, delete, start and stop projects.",
        "dataset": "List, show, check, select, create, delete and download data sets.",
        "experiment": "Start and stop runs; show leaderboard and history.",
        "model": "Deploy, undeploy, predict and score.",
        "hub": "Run a hub of your own on this machine.",
    },
    "For your tools": {
        "controller": "Watch repositories, plan their commits, apply what is allowed.",
        "policy": "Test and list the rules over plans.",
        "fmt": "Lay auger.yaml out: keys in their order, comments kept.",
        "schema": "Print the JSON Schema of auger.yaml, for completion in editors.",
        "completion": "Print what makes a shell complete commands.",
    },
}
FOLDERS = dict(zip(SECTIONS, ("declared", "reading", "objects", "tools"), strict=True))


def _show_version(ctx: click.Context, _param: click.Parameter, is_asked: bool) -> None:  # noqa: FBT001 - click's
    if not is_asked or ctx.resilient_parsing:
        return
    if said_so_far(ctx).get("as_json"):
        click.echo(f'{{"version": "{__version__}"}}')
    else:
        click.echo(f"auger {__version__}")
    ctx.exit()


@click.group(
    cls=LazyGroup,
    package="auger_reconcile.cli.commands",
    sections=SECTIONS,
    folders=FOLDERS,
    example="auger plan --env prod",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def auger() -> None:
    """Make machine-learning projects what auger.yaml says."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; return its exit code.

    Args:
        arguments: without the name of the program; by default those of the process.
    """
    if arguments is None:  # the process is ours
        gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
        # else pydantic looks through every installed package for plugins of its own
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _open_closed_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    remember_options({})
    with interrupted_by_signals() if arguments is None else nullcontext():
        return _run(given)


def _run(given: list[str]) -> int:
    try:
        width = _width_of_help()
        done = auger.main(given, prog_name="auger", standalone_mode=False, terminal_width=width)
        return int(done or 0)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last resort of every error
        from auger_reconcile.cli.failure import report_failure

        return report_failure(error, given)


def _open_closed_streams() -> None:
    """Lead closed standard streams nowhere: a daemon may start a command without them.

    In their order, so that each gets its own number back, and no file that is opened later.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDONLY if mode == "r" else os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, mode, encoding="utf-8"))


def _width_of_help() -> int:
    """Return what click would find out by `shutil`, whose import takes longer than a help text."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        width = int(columns)
    else:
        try:
            width = os.get_terminal_size().columns or NO_TERMINAL
        except OSError:
            width = NO_TERMINAL
    return max(NARROWEST, min(width, WIDEST) - 2)
