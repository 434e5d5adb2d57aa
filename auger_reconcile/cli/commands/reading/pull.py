"""Run `auger pull`: write what the hub has as an auger.yaml. Changes nothing on the hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import complete_by
from auger_reconcile.cli.path import FilePath

if TYPE_CHECKING:
    from auger_reconcile.api.files.pull import Pulled

STDOUT = Path("-")


@command(example="auger pull churn --out auger.yaml")
@click.argument("project", required=False, shell_complete=complete_by("project"))
@click.option(
    "--out",
    type=FilePath(),
    metavar="FILE",
    help="Write this instead of auger.yaml; `-` is stdout.",
)
@click.option("--all", "everything", is_flag=True, help="Older revisions too.")
@click.option("--force", is_flag=True, help="Replace the file when it is there.")
def pull(
    invocation: Invocation, *, project: str | None, out: Path | None, everything: bool, force: bool
) -> ExitCode:
    """Write an auger.yaml that describes what the hub has.

    Its plan is empty. Data sets stand under their names, because where their files lie no hub can
    tell; remote ones have their URL. In an auger.yaml of the same project only what differs is
    changed: settings and lists, what is new or gone; comments and layout of the rest stay. One that
    is written anew keeps `lifecycle` and `moved` of what it declares, which no hub knows. With
    `--env` all of that is written into the overlay. PROJECT is the one that auger.yaml names.
    """
    from auger_reconcile.api.context import require
    from auger_reconcile.api.files import pull as api
    from auger_reconcile.cli.run import READING, open_context

    # A project that is named is written here, where there may be no file of it yet.
    with open_context(invocation, above=project is None) as context:
        name = require(project or context.name_of("name"), "project", ("name",))
        file = out or context.file
        with invocation.busy_with(READING):
            if file != STDOUT and file.exists() and not force:
                done = api.pull_into(context, file, name, everything=everything)
            else:
                replaced = file if file != STDOUT and file.exists() else None
                done = api.pull(context, name, everything=everything, replaced=replaced)
                done = api.write(file, done) if file != STDOUT else done
    _show(invocation, file, done)
    return ExitCode.DONE


def _show(invocation: Invocation, file: Path, done: Pulled) -> None:
    from auger_reconcile.cli.views.harmless import plain

    if invocation.as_json:
        invocation.show_json(
            {
                "format_version": "1.0",
                "project": done.project,
                "file": None if file == STDOUT else str(file),
                "written": done.is_written,
                "left_out": list(done.left_out),
                "differs": list(done.differs),
                "text": done.text,
            }
        )
        return
    if file == STDOUT:
        invocation.show(done.text)
    elif done.is_written:
        invocation.show("\n".join(f"Written: {path}" for path in done.changed))
    else:
        invocation.show(f"Nothing to change in {file}.")
    notes = {"Left out:": done.left_out, "Still otherwise than on the hub:": done.differs}
    for heading, lines in notes.items():
        if lines and not invocation.is_quiet:
            invocation.tell("\n".join([heading, *(f"  {plain(line)}" for line in lines)]))
