"""Render an apply in a terminal: running actions below the lines of what has ended."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from auger_reconcile.applier.result import Event, Finished, Progressed, Started, Status
from auger_reconcile.cli.views.apply.apply_text import render_outcome
from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.plan.plan_text import Labels
from auger_reconcile.cli.views.words import duration, size
from auger_reconcile.planner.plan import Plan
from auger_reconcile.resources._base import Verb

PRESENT = {
    Verb.CREATE: "creating",
    Verb.START: "starting",
    Verb.STOP: "stopping",
    Verb.DELETE: "deleting",
    Verb.SELECT: "selecting",
}
MARKS = {
    Status.APPLIED: ("✓", "green"),
    Status.FAILED: ("✗", "red"),
    Status.SKIPPED: ("-", "yellow"),
}
BAR_WIDTH = 24


class LiveProgress:
    """Shows events with spinners, bars of transfers and a clock; use it in a `with`."""

    def __init__(self, plan: Plan, *, color: bool) -> None:
        self._labels = Labels(plan)
        self._console = Console(
            stderr=True, no_color=not color, highlight=False, markup=False, emoji=False
        )
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}:", markup=False),
            _HowFar(),
            _Clock(),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> LiveProgress:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        match event:
            case Started(action):
                self._tasks[action.id] = self._progress.add_task(
                    self._labels.of(action),
                    total=None,
                    text=PRESENT[action.verb],
                    is_moving=False,
                )
            case Progressed(action, text, done, total):
                self._progress.update(
                    self._tasks[action.id],
                    completed=done,
                    total=total,
                    text=plain(text),
                    is_moving=done is not None,
                )
            case Finished(outcome):
                task = self._tasks.pop(outcome.action.id, None)
                if task is not None:
                    self._progress.remove_task(task)
                mark, color = MARKS[outcome.status]
                line = Text.assemble((mark, color), " ", render_outcome(outcome, self._labels))
                self._console.print(line, soft_wrap=True)

    def note(self, text: str) -> None:
        """Show a line above the running actions."""
        self._console.print(text, soft_wrap=True)


class _HowFar(ProgressColumn):
    """What is being done, with a bar, amount and speed where bytes are moved."""

    def render(self, task: Task) -> Table | Text:
        text = Text(str(task.fields["text"]))
        if not (task.fields["is_moving"] and task.total):
            return text
        speed = f", {size(task.speed)}/s" if task.speed else ""
        amount = f"{size(task.completed)} of {size(task.total)}{speed}"
        row = Table.grid(padding=(0, 1))
        bar = ProgressBar(task.total, task.completed, BAR_WIDTH, complete_style="cyan")
        row.add_row(text, bar, amount)
        return row


class _Clock(ProgressColumn):
    """How long it has been going on."""

    def render(self, task: Task) -> Text:
        return Text(duration(task.elapsed or 0.0), style="dim")
