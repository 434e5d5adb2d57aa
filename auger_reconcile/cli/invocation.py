"""Hold the global options of a command line, and write to stdout and stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from auger_reconcile.cli.views.typed import remember_options

if TYPE_CHECKING:
    from auger_reconcile.api.workspace import Workspace
    from auger_reconcile.cli.views.table import Column

DEFAULT_FILE = Path("auger.yaml")
CLEAR_LINE = "\r\x1b[K"


@dataclass(frozen=True)
class Invocation:
    """The global options.

    Results are shown on stdout, diagnostics and progress told on stderr.
    """

    files: tuple[Path, ...] = (DEFAULT_FILE,)
    env: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    hub: str | None = None
    as_json: bool = False
    no_color: bool = False
    is_verbose: bool = False
    is_quiet: bool = False
    has_default_file: bool = True

    @classmethod
    def from_options(cls, said: Mapping[str, Any]) -> Invocation:
        """Gather the options; the working directory becomes that of `-C`."""
        remember_options(said)
        if said.get("folder"):
            os.chdir(said["folder"])
        if "" in (said.get("files") or ()):  # it would mean every file below this folder
            raise click.BadParameter("an empty text names no file", param_hint="--file")
        return cls(
            files=tuple(map(Path, said.get("files") or (DEFAULT_FILE,))),
            has_default_file=not said.get("files"),
            env=said.get("env"),
            variables=dict(_split_variable(text) for text in said.get("variables") or ()),
            hub=_checked_hub(said.get("hub")),
            as_json=bool(said.get("as_json")),
            no_color=bool(said.get("no_color")),
            is_verbose=bool(said.get("verbose") or said.get("debug")),
            is_quiet=bool(said.get("quiet")),
        )

    @contextmanager
    def workspace(
        self,
        *,
        needs_sources: bool = False,
        refresh_sources: bool = False,
        approved: Iterable[str] = (),
    ) -> Iterator[Workspace]:
        """Open the workspace of the files, and close its connection afterwards."""
        from auger_reconcile.api.workspace import Workspace

        self._warn_of_readable_credentials()
        opened = Workspace(
            files=self.found_files(),
            env=self.env,
            variables=self.variables,
            hub=self.hub,
            on_exchange=self.tell_exchange if self.is_verbose else None,
            needs_sources=needs_sources,
            refresh_sources=refresh_sources,
            origin="command",
            approved=frozenset(approved),
        )
        try:
            yield opened
        finally:
            opened.close()

    def _warn_of_readable_credentials(self) -> None:
        import shlex

        from auger_reconcile.api.hubs.session import Surroundings, find_readable_credentials

        path = find_readable_credentials(Surroundings(os.environ, Path.home()))
        if path is not None:
            told = f"warning: other users can read `{path}`, which holds a token"
            self.tell(f"{told}\nchmod 600 {shlex.quote(str(path))}")

    def found_files(self) -> tuple[Path, ...]:
        """Return the files; without any named or here, that of the nearest folder above.

        A repository's own folder is the last that is looked at.
        """
        if not self.has_default_file or DEFAULT_FILE.exists():
            return self.files
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / DEFAULT_FILE).is_file():
                found = Path(os.path.relpath(folder / DEFAULT_FILE))
                self.note(f"Using {found}.")
                return (found,)
            if (folder / ".git").exists():
                break
        return self.files

    @property
    def files_label(self) -> str:
        """The files that are read, in words: `auger.yaml with auger.prod.yaml`."""
        names = [
            "the standard input" if path.name == "-" else path.name or str(path)
            for path in self.files
        ]
        label = names[0] if len(names) == 1 else f"{len(names)} files"
        return f"{label} with auger.{self.env}.yaml" if self.env else label

    @property
    def color(self) -> bool:
        """Whether stdout is to be coloured."""
        return wants_color(sys.stdout, refused=self.no_color)

    @property
    def error_color(self) -> bool:
        """Whether stderr is to be coloured."""
        return wants_color(sys.stderr, refused=self.no_color)

    @property
    def width(self) -> int | None:
        """The columns of the terminal that results are shown in; None where there is none."""
        from auger_reconcile.cli.views.table import terminal_width

        return terminal_width()

    def show(self, text: str) -> None:
        """Print a result, which ends with a new line."""
        click.echo(text, nl=not text.endswith("\n"), color=self.color)

    def show_json(self, value: Any) -> None:
        """Print a result as one JSON document."""
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))

    def show_list(
        self,
        items: Iterable[dict[str, Any]],
        columns: Iterable[Column],
        *,
        selected: str | None = None,
        empty: str,
    ) -> None:
        """Show a list as it arrives: a table, or a JSON array of the hub's own objects.

        Args:
            items: the rows.
            columns: of the table.
            selected: name of the row to mark, the one that auger.yaml names.
            empty: the sentence for no rows.
        """
        from auger_reconcile.cli.views.table import render_json_list, render_table
        from auger_reconcile.resources.names.revisions import is_named

        def is_selected(row: Mapping[str, Any]) -> bool:
            return selected is not None and is_named(str(row.get("name")), selected)

        is_empty = True
        lines = render_json_list(items) if self.as_json else None
        for line in lines or render_table(
            columns, items, is_selected=is_selected, width=self.width
        ):
            self.show(line)
            is_empty = False
        if is_empty:
            self.tell(empty)

    def tell(self, text: str) -> None:
        """Print what is no result; nothing when there is nothing to say."""
        if not text:
            return
        click.echo(text, nl=not text.endswith("\n"), err=True, color=self.error_color)

    def note(self, text: str) -> None:
        """Print what is no result, unless the command is to be quiet."""
        if not self.is_quiet:
            self.tell(text)

    def tell_exchange(self, exchange: Any) -> None:
        """Print one request and its answer's status."""
        status = exchange.status or "no answer"
        again = f", attempt {exchange.attempt}" if exchange.attempt > 1 else ""
        took = f"{exchange.seconds * 1000:.0f} ms"
        self.tell(f"{exchange.method} {exchange.path}: {status} after {took}{again}")

    @property
    def has_live_terminal(self) -> bool:
        """Whether progress can be drawn over itself on stderr."""
        dumb = os.environ.get("TERM", "") in ("dumb", "")
        return sys.stderr.isatty() and not (dumb or self.is_verbose or self.is_quiet)

    @contextmanager
    def busy_with(self, what: str) -> Iterator[None]:
        """Show what is being waited for, in a terminal, until it is over."""
        if not self.has_live_terminal:
            yield
            return
        click.echo(f"{what} ...", nl=False, err=True)
        try:
            yield
        finally:
            click.echo(CLEAR_LINE, nl=False, err=True, color=True)


def wants_color(stream: TextIO | None, *, refused: bool) -> bool:
    """Say whether a stream takes colours (https://no-color.org, https://force-color.org)."""
    if refused or os.environ.get("NO_COLOR") or stream is None:
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("0", ""):
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def _checked_hub(hub: str | None) -> str | None:
    if hub is None or hub == "local":
        return hub
    from auger_reconcile.web_url import is_web_url

    if not is_web_url(hub):
        told = f"{hub!r} is neither `local` nor a URL such as https://app.auger.ai"
        raise click.BadParameter(told, param_hint="--hub")
    return hub


def _split_variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r} is not of the form K=V", param_hint="--var")
    return name, value
