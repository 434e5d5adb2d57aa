"""Run `auger fmt`: format auger.yaml. Asks no hub."""

from __future__ import annotations

from pathlib import Path

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.path import STANDARD


@command(example="auger fmt --check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when a file would change.")
def fmt(invocation: Invocation, *, paths: tuple[Path, ...], check: bool) -> ExitCode:
    """Lay auger.yaml out: keys in their order, comments kept.

    PATHS are files or folders, auger.yaml by default, each with the overlays beside it. Quotes,
    lists and texts stay as they are written, and what the files mean stays what it was. The names
    of changed files are printed. With `-`, stdin is laid out to stdout.
    """
    from auger_reconcile.api.files.layout import lay_out_files

    files = lay_out_files(paths or invocation.files, write=not check)
    changed = [file for file in files if file.is_changed]
    if invocation.as_json:
        told = [{"path": str(file.path), "changed": file.is_changed} for file in files]
        invocation.show_json({"format_version": "1.0", "files": told})
    for file in () if invocation.as_json else files:
        if file.path == STANDARD and not check:
            invocation.show(file.text.removesuffix("\n"))
        elif file.is_changed:
            invocation.show(str(file.path))
    return ExitCode.FAILED if check and changed else ExitCode.DONE
