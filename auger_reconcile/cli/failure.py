"""The end of a command that could not do what it was asked to: one report, one exit code."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence

import click

from auger_reconcile.cli.exit_code import ExitCode, exit_code_of
from auger_reconcile.cli.invocation import wants_color
from auger_reconcile.cli.views.error import error_to_json, render_error


def report_failure(error: BaseException, arguments: Sequence[str]) -> ExitCode:
    """Say on stderr what went wrong, and with --json on stdout too; return the exit code.

    Args:
        error: whatever ended the command.
        arguments: of the command line, which may be too broken to be parsed.
    """
    if isinstance(error, BrokenPipeError):
        return _close_quietly()
    if "--debug" in arguments:
        traceback.print_exception(error)
    try:
        if "--json" in arguments:
            click.echo(json.dumps({"error": error_to_json(error)}))
        else:
            color = wants_color(sys.stderr, refused="--no-color" in arguments)
            click.echo(render_error(error, color=color), err=True, nl=False, color=color)
    except BrokenPipeError:
        return _close_quietly()
    return exit_code_of(error)


def _close_quietly() -> ExitCode:
    """Nobody reads any more; keep the interpreter from complaining about it on its way out."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    return ExitCode.FAILED
