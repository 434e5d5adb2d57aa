"""Every command helps: what it does, what each option means, and an example that can be typed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click
import pytest

from auger_reconcile.cli.main import SECTIONS, auger

ROOT_CONTEXT = click.Context(auger, info_name="auger", terminal_width=80)
SHORT_HELPS = {name: text for commands in SECTIONS.values() for name, text in commands.items()}


def walk(ctx: click.Context) -> Iterator[click.Context]:
    yield ctx
    if isinstance(ctx.command, click.Group):
        for name in ctx.command.list_commands(ctx):
            found = ctx.command.get_command(ctx, name)
            yield from walk(click.Context(found, info_name=name, parent=ctx, terminal_width=80))


COMMANDS = {ctx.command_path: ctx for ctx in walk(ROOT_CONTEXT)}
OPTIONS = {
    f"{path} {option.opts[-1]}": option
    for path, ctx in COMMANDS.items()
    for option in ctx.command.get_params(ctx)
    if isinstance(option, click.Option)
}


def parse(ctx: click.Context, words: list[str]) -> click.Context:
    """Return the context of the command that the words name, its arguments parsed, not run."""
    child = ctx.command.make_context(ctx.info_name, words, parent=ctx.parent)
    if not isinstance(child.command, click.Group):
        return child
    name, command, rest = child.command.resolve_command(
        child, [*child._protected_args, *child.args]
    )
    return parse(click.Context(command, info_name=name, parent=child), rest)


@pytest.mark.parametrize("ctx", COMMANDS.values(), ids=COMMANDS)
def test_a_command_says_what_it_does_in_a_sentence(ctx):
    first = ctx.command.help.strip().partition("\n\n")[0]
    assert first[0].isupper()
    assert first.endswith(".")


@pytest.mark.parametrize("ctx", COMMANDS.values(), ids=COMMANDS)
def test_the_help_ends_with_the_example(ctx):
    assert ctx.get_help().endswith(f"Example:\n  {ctx.command.example}")


@pytest.mark.parametrize("path", COMMANDS)
def test_the_example_is_of_the_command(path):
    assert f"{COMMANDS[path].command.example} ".startswith(f"{path} ")


@pytest.mark.parametrize("ctx", COMMANDS.values(), ids=COMMANDS)
def test_the_example_can_be_typed(ctx):
    program, *words = shlex.split(ctx.command.example)
    assert program == "auger"
    assert parse(ROOT_CONTEXT, words).command.callback is not None


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_says_what_it_means(name):
    assert OPTIONS[name].help


@pytest.mark.parametrize("name", SHORT_HELPS)
def test_the_table_of_commands_says_what_the_command_says(name):
    assert SHORT_HELPS[name] == auger.get_command(ROOT_CONTEXT, name).get_short_help_str(limit=200)
