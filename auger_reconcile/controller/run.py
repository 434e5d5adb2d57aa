"""Run a controller: look at every target at each interval, never two controllers in one home."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from pathlib import Path

from auger_reconcile.controller.alert_watch import AlertWatch
from auger_reconcile.controller.commit_watch import CommitWatch
from auger_reconcile.controller.hub_report import HubReport
from auger_reconcile.controller.hubs import Hubs
from auger_reconcile.controller.look import Looker
from auger_reconcile.controller.settings import Settings, Target
from auger_reconcile.controller.status import Book, TargetStatus
from auger_reconcile.errors import AugerError

_LOCK = "lock"
_TICK = 1.0  # seconds after which an end or a commit is noticed at the latest


class Controller:
    """Looks at targets until it is told to stop.

    Args:
        settings: what to watch.
        environ: environment variables, with the credentials.
        user_home: where credentials are looked for besides.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str], user_home: Path) -> None:
        self.settings = settings
        self.stop = threading.Event()
        self.book = Book(settings.home)
        hubs = Hubs()
        self._alerts = AlertWatch(hubs)
        self._report = HubReport(hubs, settings.name, settings.alerts)
        self._looker = Looker(settings, self.book, environ, user_home, self.stop, hubs)

    def once(self) -> list[TargetStatus]:
        """Look at every target once; return how they stand."""
        with lock_home(self.settings.home), ThreadPoolExecutor(self.settings.workers) as pool:
            self._begin()
            found = list(pool.map(self._looker.look, self.settings.targets))
            self._report.send(self.book.statuses)
            return found

    def run(self) -> None:
        """Look at every target at each interval, until `stop` is set."""
        commits = CommitWatch(self.settings.targets, self.settings.commits)
        with (
            lock_home(self.settings.home),
            ThreadPoolExecutor(self.settings.workers) as pool,
            closing(commits),
        ):
            self._begin()
            due = dict.fromkeys(self.settings.targets, 0.0)
            asked, again = time.monotonic(), set[Target]()
            running: dict[Future[TargetStatus], Target] = {}
            while not self.stop.is_set():
                now = time.monotonic()
                heard = commits.hear(self.book.statuses)
                if now - asked >= self.settings.alerts:
                    asked = now
                    heard |= self._alerts.hear()
                    self._report.send(self.book.statuses)
                if heard:
                    again |= {target for target in due if target.name in heard}
                    due |= dict.fromkeys(again, now)
                for target in set(due) - set(running.values()):
                    if due[target] <= now:
                        running[pool.submit(self._looker.look, target)] = target
                        again.discard(target)
                if running:
                    done, _ = wait(running, timeout=_TICK, return_when=FIRST_COMPLETED)
                    for future in done:
                        looked_at = running.pop(future)
                        pause = 0.0 if looked_at in again else self.settings.interval
                        due[looked_at] = time.monotonic() + pause
                else:
                    come = min(*due.values(), asked + self.settings.alerts, now + _TICK)
                    self.stop.wait(max(0.0, come - now))

    def _begin(self) -> None:
        self.book.forget_others({target.name for target in self.settings.targets})


@contextmanager
def lock_home(home: Path) -> Iterator[None]:
    """Be the only controller of a home; the lock of a killed one is free again.

    Raises:
        AugerError: another one runs.
    """
    home.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _try_lock(descriptor):
            raise AugerError(
                f"another controller runs in `{home}`",
                hint="auger controller status",
            )
        yield
    finally:
        os.close(descriptor)


def is_running(home: Path) -> bool:
    """Say whether a controller holds a home."""
    try:
        descriptor = os.open(home / _LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    """Take the lock of an open file, which ends with the process."""
    import fcntl  # noqa: PLC0415 - not on Windows, where controllers do not run

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
