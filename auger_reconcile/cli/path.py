"""Parse paths of a command line, and quote them for a shell."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

import click

from auger_reconcile.cli.command import said_so_far

STANDARD = Path("-")  # the standard input or output


def quote_path(path: Path) -> str:
    """Return a path as a shell takes it for a path, and not for an option."""
    text = str(path)
    return shlex.quote(f".{os.sep}{text}" if text.startswith("-") else text)


class FilePath(click.Path):
    """A path of a file, seen from the folder of `-C`: neither empty nor a folder."""

    def __init__(self, *, exists: bool = False) -> None:
        super().__init__(exists=exists, dir_okay=False, path_type=Path)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """Return the path as it was written."""
        path = Path(value)
        if not os.fspath(value):
            self.fail("an empty text names no file", param, ctx)
        if path == STANDARD:
            return path
        place = Path(said_so_far(ctx).get("folder") or "") / path
        if place.is_dir():
            self.fail(f"`{path}` is a folder, not a file", param, ctx)
        if self.exists and not place.exists():
            self.fail(f"there is no file `{path}`", param, ctx)
        return path
