"""Define the exit codes, and map errors to them."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auger_reconcile.applier.result import ApplyResult


class ExitCode(IntEnum):
    """The meaning of each exit code, the same for every command."""

    DONE = 0
    FAILED = 1
    PENDING = 2  # `plan --detailed-exitcode` and `drift` alone: changes are pending
    STALE = 3
    NOT_AUTHENTICATED = 4
    DECLINED = 5
    USAGE = 64
    INTERRUPTED = 130


def exit_code_of(error: BaseException) -> ExitCode:
    """Return the exit code of a command that ended with an error."""
    import click

    from auger_reconcile.errors import Interrupted, NotAuthenticated, StalePlan

    match error:
        case KeyboardInterrupt() | click.Abort() | Interrupted():
            return ExitCode.INTERRUPTED
        case click.UsageError():
            return ExitCode.USAGE
        case NotAuthenticated():
            return ExitCode.NOT_AUTHENTICATED
        case StalePlan():
            return ExitCode.STALE
        case _:
            return ExitCode.FAILED


def exit_code_of_apply(result: ApplyResult) -> ExitCode:
    """Return the exit code of a command that has applied a plan, whatever part of it."""
    from auger_reconcile.errors import NotAuthenticated

    if result.interrupted:
        return ExitCode.INTERRUPTED
    if result.is_complete:
        return ExitCode.DONE
    if any(isinstance(outcome.error, NotAuthenticated) for outcome in result.outcomes):
        return ExitCode.NOT_AUTHENTICATED
    return ExitCode.FAILED
