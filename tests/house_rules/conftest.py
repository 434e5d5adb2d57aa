"""The tree and the command line that the rules are about."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click
import pytest

from auger_reconcile.cli.main import auger

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "auger_reconcile"
MADE_BY_TOOLS = {"__pycache__", "dist", "htmlcov"}


def find_files(folder: Path, pattern: str) -> list[Path]:
    """Return the files below a folder that were written by people, hidden ones left out."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if one[0] != "." and one not in MADE_BY_TOOLS]
        found += [Path(place, name).relative_to(folder) for name in names if fnmatch(name, pattern)]
    return sorted(found)


def for_each(cases: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Make of a rule about one thing one test, which tells everything that breaks the rule."""

    def decorate(rule: Callable[..., None]) -> Callable[[], None]:
        def test() -> None:
            broken = {}
            for case in cases:
                try:
                    rule(*case) if isinstance(case, tuple) else rule(case)
                except Exception as error:  # noqa: BLE001, PERF203 - whatever it is, it is told
                    broken[getattr(case, "command_path", str(case))] = (
                        f"{type(error).__name__}: {error}"
                    )
            told = [f"{case}: {text}" for case, text in broken.items()]
            assert not told, "\n".join(told)

        # Its module decides whose fixtures and marks it gets; its parameters are no fixtures.
        names = ("__name__", "__qualname__", "__doc__", "__module__")
        update_wrapper(test, rule, assigned=names).__dict__.pop("__wrapped__")
        return test

    return decorate


def parse_command(line: str) -> click.Context:
    """Return the command that a line types, its arguments parsed, not run.

    Raises:
        click.UsageError: there is no such command, option or argument.
    """
    program, *words = shlex.split(line, comments=True)
    assert program == "auger", line
    ctx = auger.make_context("auger", words)
    while isinstance(ctx.command, click.Group):
        rest = [*ctx._protected_args, *ctx.args]
        name, command, rest = ctx.command.resolve_command(ctx, rest)
        assert command is not None, line
        ctx = command.make_context(name, rest, parent=ctx)
    return ctx


@pytest.fixture
def folder_of_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the file that examples of commands name."""
    (tmp_path / "plan.json").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path
