"""docs/commands/: one page a command, made of the very `--help` that a terminal shows."""

from __future__ import annotations

from collections.abc import Iterator

import click

from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.main import SECTIONS, auger

WIDTH = 90  # of the help texts
MEANINGS = {
    ExitCode.DONE: "done; with `plan --detailed-exitcode`: no changes",
    ExitCode.FAILED: "failed: a bad file, a refused plan, the hub, or an action",
    ExitCode.PENDING: "`plan --detailed-exitcode` and `drift` alone: changes are pending",
    ExitCode.STALE: (
        "files or hub have changed since the plan was saved, or while the question was open"
    ),
    ExitCode.NOT_AUTHENTICATED: (
        "not logged in, or the hub refused the credentials; what it does not let their user do is 1"
    ),
    ExitCode.DECLINED: "the question was not answered with `yes`",
    ExitCode.USAGE: "wrong usage: an unknown option, a missing argument",
    ExitCode.INTERRUPTED: "interrupted",
}
INDEX = """\
# The commands

{help}

The options above may stand anywhere on the line: `auger plan --json` is `auger --json plan`.
Results go to stdout; warnings, errors, questions and progress to stderr.

{sections}

## Exit codes

| code | meaning |
|---:|---|
{codes}
"""


def render_commands() -> dict[str, str]:
    """Return the pages by file name: an index, and one for each command of `auger`."""
    root = _context(auger, "auger", None)
    pages = {"README.md": _render_index(root)}
    for name in auger.list_commands(root):
        command = auger.get_command(root, name)
        assert command is not None, name
        blocks = (_render_command(ctx) for ctx in _walk(_context(command, name, root)))
        pages[f"{name}.md"] = "\n".join(blocks)
    return pages


def _render_index(root: click.Context) -> str:
    sections = (
        f"## {heading}\n\n"
        + "\n".join(f"- [`auger {name}`]({name}.md): {text}" for name, text in commands.items())
        for heading, commands in SECTIONS.items()
    )
    return INDEX.format(
        help=_fence(root.get_help()),
        sections="\n\n".join(sections),
        codes="\n".join(f"| {code.value} | {MEANINGS[code]} |" for code in ExitCode),
    )


def _render_command(ctx: click.Context) -> str:
    level = ctx.command_path.count(" ")
    return f"{'#' * level} {ctx.command_path}\n\n{_fence(ctx.get_help())}\n"


def _walk(ctx: click.Context) -> Iterator[click.Context]:
    """Yield a command and all that is below it."""
    yield ctx
    if isinstance(ctx.command, click.Group):
        for name in ctx.command.list_commands(ctx):
            command = ctx.command.get_command(ctx, name)
            assert command is not None, name
            yield from _walk(_context(command, name, ctx))


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=WIDTH,
        help_option_names=["-h", "--help"],
    )


def _fence(text: str) -> str:
    lines = (line.rstrip() for line in text.strip().splitlines())
    return "```text\n" + "\n".join(lines) + "\n```"
