"""The type of an argument that names one file: what can be no file is wrong usage."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from auger_reconcile.cli.command import said_so_far


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
        place = Path(said_so_far(ctx).get("folder") or "") / path
        if place.is_dir():
            self.fail(f"`{path}` is a folder, not a file", param, ctx)
        if self.exists and not place.exists():
            self.fail(f"there is no file `{path}`", param, ctx)
        return path
