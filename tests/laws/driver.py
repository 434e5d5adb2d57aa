"""Plan and apply against a world, with a clock that stands still."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auger_reconcile.applier.apply import ApplyOptions, apply_plan
from auger_reconcile.applier.result import ApplyResult, Event
from auger_reconcile.applier.waiting import Patience
from auger_reconcile.client.refresh import refresh
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.plan import Plan
from auger_reconcile.state import DesiredState

from .wire import Wire


class ShortPause(threading.Event):
    """A stop signal that nobody has to wait for: each pause only moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return self.is_set()


def impatient(timeout: float | None = 600.0) -> Patience:
    """Return a patience whose waits take no time; a wait without an end fails."""
    stop = ShortPause()
    return Patience(timeout=timeout, stop=stop, clock=lambda: stop.now)


@dataclass
class Driver:
    """A user of one folder on one hub."""

    wire: Wire
    folder: Path
    options: PlanOptions = field(default_factory=PlanOptions)

    def plan(self, desired: DesiredState) -> Plan:
        """Refresh and plan."""
        observed = refresh(self.wire, desired.projects, "acme", folder=self.folder)  # type: ignore[arg-type]
        return build_plan(desired, observed, self.options)

    def apply(
        self,
        plan: Plan,
        *,
        wait: bool = True,
        parallelism: int = 1,
        on_event: Callable[[Event], Any] = lambda _: None,
    ) -> ApplyResult:
        """Apply a plan; one action at a time, so that every example can be repeated."""
        options = ApplyOptions(
            parallelism=parallelism, wait=wait, patience=impatient(), on_event=on_event
        )
        return apply_plan(plan, self.wire, self.folder, options)  # type: ignore[arg-type]
