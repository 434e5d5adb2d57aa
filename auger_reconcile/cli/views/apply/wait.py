"""Render a wait: a line each that is drawn over in a terminal, or lines as things happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from auger_reconcile.address import Address
from auger_reconcile.cli.views.error import make_lines
from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.words import count_of

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from auger_reconcile.api.plans.wait import Ending
    from auger_reconcile.cli.invocation import Invocation

FORMAT_VERSION = "1.0"
NOTHING = "Nothing is under way.\n"


@contextmanager
def open_wait_view(invocation: Invocation) -> Iterator[LineView | LiveView]:
    """Yield what shows progress: live in a terminal, line by line elsewhere, nothing if quiet."""
    if not invocation.has_live_terminal:
        yield LineView((lambda _: None) if invocation.is_quiet else invocation.tell)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, no_color=not invocation.error_color)
    text = TextColumn("{task.description}", markup=False)
    with Progress(SpinnerColumn(), text, TimeElapsedColumn(), console=console) as progress:
        yield LiveView(progress)


class LineView:
    """Tells every change on a line of its own."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def progress(self, address: Address, text: str) -> None:
        """Show how far something is."""
        self._tell(f"{plain(str(address))}: {plain(text)}")

    def end(self, ending: Ending) -> None:
        """Show how something ended."""
        self._tell(_line(ending))


class LiveView:
    """Keeps one line for each thing that is waited for."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[Address, TaskID] = {}

    def progress(self, address: Address, text: str) -> None:
        """Show how far something is."""
        told = f"{plain(str(address))}: {plain(text)}"
        if address not in self._tasks:
            self._tasks[address] = self._progress.add_task(told, total=None)
        self._progress.update(self._tasks[address], description=told)

    def end(self, ending: Ending) -> None:
        """Take the line away; the summary tells how it ended."""
        task = self._tasks.pop(ending.address, None)
        if task is not None:
            self._progress.remove_task(task)


def render_endings(endings: Sequence[Ending], *, color: bool) -> str:
    """Return how everything ended, and the count of what ended badly."""
    if not endings:
        return NOTHING
    lines = []
    for ending in endings:
        line = _line(ending)
        lines.append(click.style(line, fg="red" if ending.error else "green") if color else line)
    failed = sum(ending.error is not None for ending in endings)
    done = f"{count_of(len(endings) - failed, 'wait')} ended well"
    return "\n".join([*lines, f"{done}, {failed} badly." if failed else f"{done}."]) + "\n"


def _line(ending: Ending) -> str:
    told = make_lines(str(ending.error))[0] if ending.error else "done"
    return f"{plain(str(ending.address))}: {told}"


def endings_to_json(endings: Sequence[Ending]) -> dict[str, Any]:
    """Return the JSON document."""
    return {
        "format_version": FORMAT_VERSION,
        "endings": [
            {
                "address": str(ending.address),
                "project": ending.address.project,
                "outcome": "failed" if ending.error else "done",
                "error": make_lines(str(ending.error))[0] if ending.error else None,
            }
            for ending in endings
        ],
    }
