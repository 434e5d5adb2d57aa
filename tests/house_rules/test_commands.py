"""Every command helps: what it does, what each option means, and an example that can be typed."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from auger_reconcile.cli.main import SECTIONS, auger
from house_rules.conftest import for_each, parse_command

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


@for_each(COMMANDS.values())
def test_a_command_says_what_it_does_in_a_sentence(ctx):
    first = ctx.command.help.strip().partition("\n\n")[0]
    assert first[0].isupper()
    assert first.endswith(".")


@for_each(COMMANDS.values())
def test_the_help_ends_with_the_example(ctx):
    assert ctx.get_help().endswith(f"Example:\n  {ctx.command.example}")


@for_each(COMMANDS)
def test_the_example_is_of_the_command(path):
    assert f"{COMMANDS[path].command.example} ".startswith(f"{path} ")


@pytest.mark.usefixtures("folder_of_examples")
@for_each(COMMANDS.values())
def test_the_example_can_be_typed(ctx):
    assert parse_command(ctx.command.example).command.callback is not None


@for_each(OPTIONS)
def test_an_option_says_what_it_means(name):
    assert OPTIONS[name].help


@for_each(SHORT_HELPS)
def test_the_table_of_commands_says_what_the_command_says(name):
    assert SHORT_HELPS[name] == auger.get_command(ROOT_CONTEXT, name).get_short_help_str(limit=200)
