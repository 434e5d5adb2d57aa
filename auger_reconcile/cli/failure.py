"""Report the error that ended a command, and return its exit code."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from typing import TextIO

import click

from auger_reconcile.cli.command import OutputClosed
from auger_reconcile.cli.exit_code import ExitCode, exit_code_of
from auger_reconcile.cli.invocation import wants_color
from auger_reconcile.cli.views.error import error_to_json, render_error

CLOSED = "error: the output was closed before everything was written to it\n"


def report_failure(error: BaseException, arguments: Sequence[str]) -> ExitCode:
    """Say on stderr what went wrong, and with --json on stdout too; return the exit code.

    Args:
        error: whatever ended the command.
        arguments: of the command line, which may be too broken to be parsed.
    """
    if isinstance(error, BrokenPipeError | OutputClosed):  # of `| head`, perhaps; or of stderr
        _drop(sys.stdout)
        _prints(CLOSED, sys.stderr)
        return ExitCode.FAILED
    if "--debug" in arguments:
        traceback.print_exception(error)
    is_open = _prints("", sys.stdout)  # what the command had to say before goes out first
    if not ("--json" in arguments and is_open and _prints(_as_json(error), sys.stdout)):
        color = wants_color(sys.stderr, refused="--no-color" in arguments)
        _prints(render_error(error, color=color), sys.stderr, color=color)
    return exit_code_of(error)


def _as_json(error: BaseException) -> str:
    return json.dumps({"error": error_to_json(error)}) + "\n"


def _prints(text: str, stream: TextIO, *, color: bool | None = None) -> bool:
    """Whether the text could be printed; not on a full disk, nor when nobody reads."""
    try:
        click.echo(text, file=stream, nl=False, color=color)
    except OSError:
        _drop(stream)
        return False
    return True


def _drop(*streams: TextIO) -> None:
    """Throw the rest away, or the interpreter complains and exits with a code of its own."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(nowhere, stream.fileno())
