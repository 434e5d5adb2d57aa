"""Define commands of `auger` with the global options and an example in their help.

    @command(example="auger validate --env prod")
    @click.option("--strict", is_flag=True, help="Warnings are errors.")
    def validate(invocation: Invocation, *, strict: bool) -> ExitCode:
        \"\"\"Check the files without asking a hub.\"\"\"

A command returns its exit code, or None when it is done; what it cannot do, it raises. It is
imported when it is run: whatever is slow to import is imported inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

import click
from click.core import ParameterSource

_REMEMBERED = "auger.global_options"


def _remember(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    """Join what is said before and after the command: lists grow, counts add up, the last wins."""
    said: dict[str, Any] = ctx.meta.setdefault(_REMEMBERED, {})
    name = str(option.name)
    if isinstance(value, tuple | int) and name in said:
        said[name] += value
    elif value is not None or name not in said:
        said[name] = value


def said_so_far(ctx: click.Context | None) -> Mapping[str, Any]:
    """Return the global options of the line that have been read; eager ones come first."""
    said: Mapping[str, Any] = ctx.meta.get(_REMEMBERED, {}) if ctx else {}
    return said


def _option(*names: str, **settings: Any) -> click.Option:
    return click.Option(names, expose_value=False, callback=_remember, **settings)


def _complete_environment(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[str]:
    """Return the environments that the folder has overlays of."""
    from pathlib import Path

    from auger_reconcile.api.plans.addresses import list_environments

    folder = Path(said_so_far(ctx).get("folder") or ".")
    return [name for name in list_environments(folder) if name.startswith(incomplete)]


@cache
def _global_options(*, hidden: bool) -> list[click.Option]:
    """Return the options that every command has; they are shown in the help of `auger` alone."""
    folder = click.Path(exists=True, file_okay=False)
    return [
        _option(
            "-C",
            "folder",
            type=folder,
            is_eager=True,  # paths on the line are seen from there
            metavar="DIR",
            hidden=hidden,
            help="Run in DIR.",
        ),
        _option(
            "-f",
            "--file",
            "files",
            multiple=True,
            metavar="FILE|DIR",
            hidden=hidden,
            help="Read this instead of auger.yaml, or every auger.yaml below DIR; repeatable.",
        ),
        _option(
            "--env",
            metavar="E",
            hidden=hidden,
            shell_complete=_complete_environment,
            help="Lay auger.E.yaml over auger.yaml.",
        ),
        _option(
            "--var",
            "variables",
            multiple=True,
            metavar="K=V",
            hidden=hidden,
            help="Set the variable K of the file; repeatable.",
        ),
        _option("--hub", metavar="URL|local", hidden=hidden, help="Use this hub."),
        _option(
            "--json",
            "as_json",
            is_flag=True,
            is_eager=True,  # before `--version`, which prints
            hidden=hidden,
            help="Print JSON on stdout.",
        ),
        _option("--no-color", is_flag=True, hidden=hidden, help="Print no colours."),
        _option("-v", "--verbose", count=True, hidden=hidden, help="Log every request."),
        _option(
            "-q", "--quiet", is_flag=True, hidden=hidden, help="Show no progress and no warnings."
        ),
        _option("--debug", is_flag=True, hidden=hidden, help="Show tracebacks and requests."),
    ]


class WrongUsage(click.UsageError):
    """A line that cannot be understood, with a hint of its own."""

    def __init__(self, message: str, ctx: click.Context, *, hint: str | None) -> None:
        super().__init__(message, ctx)
        self.hint = hint


class _Formatter(click.HelpFormatter):
    """Writes what fits on its line as it is: wrapping costs an import that a help seldom needs."""

    def write_text(self, text: str) -> None:
        """Write a text, wrapped only where it is too long."""
        if "\n" in text or self.current_indent + len(text) > self.width:
            super().write_text(text)
        else:
            self.write(f"{'':{self.current_indent}}{text}\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write a list of terms, wrapped only where one is too long."""
        rows = list(rows)
        longest = max((len(term) for term, _ in rows), default=0)
        first = min(longest, col_max) + col_spacing
        room = self.width - self.current_indent - first
        if longest > col_max or any("\n" in text or len(text) > room for _, text in rows):
            super().write_dl(rows, col_max, col_spacing)
            return
        for term, text in rows:
            self.write(f"{'':{self.current_indent}}{term:{first}}{text}".rstrip() + "\n")


class _Context(click.Context):
    formatter_class = _Formatter


class Command(click.Command):
    """A command that takes the global options too and ends its help with an example."""

    context_class = _Context
    hides_global_options = True

    def __init__(self, *args: Any, example: str, **settings: Any) -> None:
        self.example = example
        super().__init__(*args, **settings)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Add the global options, except where the command has an option of the same name."""
        own = super().get_params(ctx)
        taken = {name for param in own for name in param.opts}
        common = _global_options(hidden=self.hides_global_options)
        return [*own, *(option for option in common if not taken.intersection(option.opts))]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse empty texts: `project delete "$NAME"` with nothing in NAME means no project.

        Raises:
            click.BadParameter: an argument or the value of an option is empty.
        """
        given = list(args)
        self._refuse_swallowed(ctx, given)
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            self._refuse_habit(ctx, given)
            for word in given:  # one dash and several letters: click tells the first letter alone
                name = word.partition("=")[0]
                if len(name) > 2 and name[0] == "-" != name[1] and name[1] in error.option_name:
                    hint = f"{ctx.command_path} --help"
                    raise WrongUsage(f"no such option '{name}'", ctx, hint=hint) from None
            raise
        except click.UsageError as error:
            # of too many arguments, or of the first, which is none: `show model production`
            if type(error) in {click.UsageError, click.BadParameter}:
                from auger_reconcile.cli.habits import hint_for_arguments

                if meant := hint_for_arguments(ctx.command_path, given):
                    raise WrongUsage(error.format_message(), ctx, hint=meant) from None
            raise
        for param in self.params:
            name = str(param.name)
            is_said = ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
            if is_said and ctx.params.get(name) == "":
                raise click.BadParameter(
                    "it is empty; is a variable of the shell unset?", ctx, param
                )
        return rest

    def _refuse_habit(self, ctx: click.Context, given: Iterable[str]) -> None:
        """Refuse the first option that another tool has, with what is meant by it."""
        from auger_reconcile.cli.habits import find_habit

        known = [name for param in self.get_params(ctx) for name in param.opts]
        if habit := find_habit(given, known):
            told = f"no such option '{habit.typed}'"
            raise WrongUsage(told, ctx, hint=habit.hint) from None

    def _refuse_swallowed(self, ctx: click.Context, given: Sequence[str]) -> None:
        """Refuse `-format` and `-force`, which would be `-f` with the file `ormat` and `orce`."""
        params = self.get_params(ctx)
        known = {name for param in params for name in param.opts}
        takers = {
            name
            for param in params
            if isinstance(param, click.Option) and not (param.is_flag or param.count)
            for name in param.opts
        }
        for word in given:
            if word == "--" or (isinstance(self, click.Group) and not word.startswith("-")):
                return
            name = word.partition("=")[0]
            if len(name) > 2 and name[0] == "-" != name[1] and name[:2] in takers:
                from auger_reconcile.cli.habits import NEEDLESS, OPTIONS

                if f"-{name}" in {*known, *OPTIONS, *NEEDLESS}:
                    self._refuse_habit(ctx, [word])
                    hint = f"{ctx.command_path} --help"
                    raise WrongUsage(f"no such option '{name}'", ctx, hint=hint)

    def invoke(self, ctx: click.Context) -> Any:
        """Run, with the global options gathered as `invocation`."""
        from auger_reconcile.cli.invocation import Invocation

        ctx.params["invocation"] = invocation = Invocation.from_options(said_so_far(ctx))
        if invocation.as_json:
            self._check_form(ctx)
        return super().invoke(ctx)

    def _check_form(self, ctx: click.Context) -> None:
        """Refuse a form of output that `--json` is not.

        Raises:
            click.UsageError: both are asked for.
        """
        is_said = ctx.get_parameter_source("form") is ParameterSource.COMMANDLINE
        for param in self.params if is_said else ():
            choices = getattr(param.type, "choices", ())
            is_of_output = param.name == "form" and not {"json", "mermaid"}.isdisjoint(choices)
            if is_of_output and (form := ctx.params["form"]) != "json":
                told = f"`--json` prints JSON, and `--format {form}` another form: one of them"
                raise click.UsageError(told, ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the example."""
        with formatter.section("Example"):
            formatter.write_text(self.example)


class Group(Command, click.Group):
    """Commands under one name: `auger hub start`."""

    command_class = Command
    group_class = type

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse an option of a command that stands before it: `-format=json plan`."""
        commands = self.list_commands(ctx)
        name = next((word for word in args if word in commands), "")
        before = args[: args.index(name)] if name else ()
        for word in (word for word in before if word.startswith("-")):
            typed, *value = word.split("=", 1)
            option = f"--{typed.lstrip('-')}"
            own = {option for param in self.get_params(ctx) for option in param.opts}
            if len(typed) < 3 or option in own:
                continue
            command = self.get_command(ctx, name)
            params = command.get_params(ctx) if command else ()
            if any(option in param.opts for param in params):
                hint = " ".join([f"\n{ctx.command_path} {name} {option}", *value])
                raise WrongUsage(f"no such option '{typed}' before '{name}'", ctx, hint=hint)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or offer those that are near."""
        known, name = self.list_commands(ctx), args[0]
        if name not in known and not (name.startswith("-") or ctx.resilient_parsing):
            from difflib import get_close_matches

            near = ", ".join(f"'{one}'" for one in get_close_matches(name, known))
            offer = f" (did you mean {near}?)" if near else ""
            from auger_reconcile.cli.habits import hint_for_command

            hint = hint_for_command(ctx.command_path, args)
            raise WrongUsage(f"no such command '{name}'{'' if hint else offer}", ctx, hint=hint)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Leave it to the command."""
        return click.Group.invoke(self, ctx)


class OutputClosed(Exception):
    """Nobody reads the output; click would end the process without a word."""


@contextmanager
def _noticing_a_closed_output() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise OutputClosed from None


class LazyGroup(Group):
    """The command `auger` itself: imports a command when it is run, and none for its help.

    Args:
        package: where each section has a folder, and each command a module with its name.
        sections: heading to command to its short help.
        folders: heading to the folder of its commands.
    """

    hides_global_options = False

    def __init__(
        self,
        *args: Any,
        package: str,
        sections: Mapping[str, Mapping[str, str]],
        folders: Mapping[str, str],
        **settings: Any,
    ) -> None:
        self.sections = sections
        self._modules = {
            name: f"{package}.{folders[heading]}.{name}"
            for heading, commands in sections.items()
            for name in commands
        }
        super().__init__(*args, **settings)

    def make_context(self, *args: Any, **settings: Any) -> click.Context:
        """Parse the line; a help text or a version may be printed on the way."""
        with _noticing_a_closed_output():
            return super().make_context(*args, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _noticing_a_closed_output():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the names of the table."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import one command."""
        if cmd_name not in self._modules:
            return None
        found: click.Command = getattr(import_module(self._modules[cmd_name]), cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the table."""
        for heading, commands in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl(list(commands.items()))


def command(
    name: str | None = None, *, example: str, **settings: Any
) -> Callable[[Callable[..., Any]], Command]:
    """Make a function a command; its first argument is the invocation."""
    return click.command(name, cls=Command, example=example, **settings)


def group(*, example: str, **settings: Any) -> Callable[[Callable[..., Any]], Group]:
    """Make a function a group of commands."""
    return click.group(cls=Group, example=example, **settings)
