"""Render errors: one sentence, the facts below it, a hint. The one place of their wording."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from auger_reconcile.cli.command import WrongUsage
from auger_reconcile.cli.views.diagnostic import render_diagnostics
from auger_reconcile.cli.views.harmless import make_safe
from auger_reconcile.cli.views.typed import as_typed
from auger_reconcile.errors import AugerError, ConfigError, HubError, PlanRefused

PACKAGE = Path(__file__).parents[2]


def render_error(error: BaseException, *, color: bool) -> str:
    """Return what a person reads about an error."""
    if isinstance(error, ConfigError | PlanRefused):
        return render_diagnostics(error.diagnostics, color=color)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return "interrupted\n"
    if isinstance(error, NoArgsIsHelpError):
        return error.format_message() + "\n"
    label = click.style("error", fg="red", bold=True) if color else "error"
    summary, *rest = make_lines(summary_of(error))
    lines = [f"{label}: {summary}", *(f"  {line}" for line in rest)]
    return "\n".join([*lines, *render_facts(error, color=color)]) + "\n"


def render_facts(error: BaseException, *, color: bool) -> Iterator[str]:
    """Yield what is known beyond the sentence, a fact a line."""
    equals = click.style("=", fg="blue", bold=True) if color else "="
    if isinstance(error, HubError):
        told = not error.status or str(error.status) in str(error)
        status = "" if told else f" answered {error.status}"
        if error.request:
            yield f"   {equals} request: {make_safe(error.request)}{status}"
        for detail in error.details:
            if detail not in str(error):
                yield f"   {equals} the hub said: {make_safe(detail)}"
    hint = _hint(error)
    if hint:
        first, *commands = make_lines(hint)
        if first.startswith("auger "):
            first, commands = "", [first, *commands]
        yield f"   {equals} hint: {first}".rstrip()
        yield from (f"       {line}" for line in commands)


def error_to_json(error: BaseException) -> dict[str, Any]:
    """Return the members of an error, those that do not apply left out."""
    members: dict[str, Any] = {"kind": _kind(error), "message": summary_of(error)}
    if isinstance(error, ConfigError | PlanRefused):
        members["diagnostics"] = [item.to_json() for item in error.diagnostics]
    if isinstance(error, HubError):
        members |= {"request": error.request, "status": error.status}
        members["details"] = list(error.details)
    members["hint"] = _hint(error)
    return {key: value for key, value in members.items() if value not in (None, "", [])}


def make_lines(text: str) -> list[str]:
    """Return a text line by line, each harmless in a terminal."""
    return [make_safe(line) for line in text.splitlines()] or [""]


def _kind(error: BaseException) -> str:
    match error:
        case click.UsageError():
            return "UsageError"
        case click.Abort() | KeyboardInterrupt():
            return "Interrupted"
        case AugerError() | OSError():
            return type(error).__name__
        case _:
            return "Bug"


def summary_of(error: BaseException) -> str:  # noqa: PLR0911 - one for each kind of error
    """Return an error in one sentence."""
    match error:
        case ConfigError() | PlanRefused():
            return error.summary
        case AugerError():
            return str(error)
        case NoArgsIsHelpError():
            return "a command is missing"
        case click.ClickException():
            text = error.format_message().strip().rstrip(".")
            return text[:1].lower() + text[1:]
        case click.Abort() | KeyboardInterrupt():
            return "interrupted"
        case OSError():
            place = f"`{error.filename}`: " if error.filename else ""
            return f"{place}{error.strerror or type(error).__name__}"
        case _:
            return f"{type(error).__name__}{_place(error)}: this is a bug in auger_reconcile"


def _hint(error: BaseException) -> str | None:
    match error:
        case AugerError():
            return as_typed(error.hint) if error.hint else None
        case WrongUsage(hint=str() as hint):
            return hint.strip()
        case click.UsageError(ctx=click.Context() as ctx):
            return f"{ctx.command_path} --help"
        case click.ClickException() | click.Abort() | KeyboardInterrupt() | OSError():
            return None
        case _:
            return "`--debug` shows how it came about"


def _place(error: BaseException) -> str:
    """Say where in this package an unexpected error came up; its own words may hold anything."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if PACKAGE in path.parents:
            return f" in {path.relative_to(PACKAGE.parent).as_posix()}, line {frame.lineno}"
    return ""
