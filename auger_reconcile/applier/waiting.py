"""Poll something that takes its time: how long to sleep between two looks, when to give up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from auger_reconcile.errors import Interrupted, StillUnderWay

FIRST_PAUSE = 0.1  # seconds
LONGEST_PAUSE = 5.0
SHARE_OF_WAIT = 0.1  # a pause is at most this part of the time waited: short waits are noticed soon


@dataclass(frozen=True)
class Patience:
    """The clock of all waits of one apply.

    Attributes:
        timeout: seconds that one wait may take; None means for ever.
        stop: set when the user asked to stop.
        clock: monotonic seconds.
    """

    timeout: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    clock: Callable[[], float] = time.monotonic

    def looks(
        self, what: str, *, late: str = "has not come to its end", goes_on: bool = False
    ) -> Iterator[None]:
        """Yield once a look, quickly at first and slower later.

        Args:
            what: is waited for: `run 1f2e`.
            late: what is to be said of it when the time is over.
            goes_on: also after the user asked to stop: a short wait within something begun, which
                would be left half done.

        Raises:
            Interrupted: the user asked to stop.
            StillUnderWay: the time is over.
        """
        began = self.clock()
        while True:
            if self.stop.is_set() and not goes_on:
                raise Interrupted(f"no longer waiting for {what}")
            yield
            waited = self.clock() - began
            if self.timeout is not None and waited >= self.timeout:
                raise StillUnderWay(f"{what} {late} after {waited:.0f} s")
            pause = min(max(FIRST_PAUSE, waited * SHARE_OF_WAIT), LONGEST_PAUSE)
            if self.timeout is not None:
                pause = min(pause, self.timeout - waited)
            if self.stop.wait(pause) and goes_on:
                time.sleep(pause)
